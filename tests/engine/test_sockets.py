"""The engine's sockets, and who is in their way."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import NamedTuple

import psutil
import pytest

from dynaport_tui.engine.sockets import (
    HeldSocket,
    Holder,
    PortTaken,
    check_free,
    hold,
    wait_until_free,
    who_holds,
)
from dynaport_tui.ledger.folders import project_runtime
from dynaport_tui.ledger.ledger import Ledger, Want
from tests.project import Project

LISTEN = """
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if ":" in address:
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, "only" in sys.argv)
server.bind((address, port))
server.listen()
print("listening", flush=True)
sys.stdin.read()
"""

Outsider = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def outsider(private: object) -> Iterator[Outsider]:
    """Start a program that listens, and end it with the test."""
    with ExitStack() as started:

        def run(
            address: str, port: int, *more: str, env: Mapping[str, str] | None = None
        ) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", LISTEN, address, str(port), *more],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **(env or {})},
            )
            started.enter_context(process)
            started.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            return process

        yield run


def accept(held: HeldSocket) -> None:
    """Take one connection and close it."""
    assert select.select([held], [], [], 5)[0]
    held.socket.accept()[0].close()


def taken(host: str, port: int) -> PortTaken:
    """The refusal that both ways of asking agree on."""
    with pytest.raises(PortTaken) as caught:
        hold(host, port).close()
    with pytest.raises(PortTaken) as again:
        check_free(port, host)
    assert again.value.holder == caught.value.holder
    return caught.value


def holder(error: PortTaken) -> Holder:
    assert error.holder is not None, str(error)
    return error.holder


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"])
def test_a_held_socket_listens_and_blocks_nobody(host: str, port: int) -> None:
    with closing(hold(host, port)) as held:
        assert (held.host, held.port) == (host, port)
        assert not os.get_blocking(held.fileno())
        assert not os.get_inheritable(held.fileno())
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        with socket.create_connection((reachable, port), timeout=5):
            accept(held)


def test_connections_wait_by_the_hundred_while_nobody_accepts(port: int) -> None:
    hundreds = 3 if sys.platform == "linux" else 1  # macOS keeps 128 at most
    with closing(hold("127.0.0.1", port)), ExitStack() as clients:
        for _ in range(hundreds * 100):
            clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))


def test_all_of_ipv6_serves_ipv4_too(port: int) -> None:
    with closing(hold("::", port)):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        socket.create_connection(("::1", port), timeout=5).close()


def test_a_closed_socket_refuses_and_its_port_can_be_held_again(port: int) -> None:
    held = hold("127.0.0.1", port)
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        accept(held)
        held.close()
        held.close()
        assert held.fileno() == -1
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        hold("127.0.0.1", port).close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "localhost"])
@pytest.mark.parametrize(
    ("address", "more", "family"),
    [
        ("127.0.0.1", (), "IPv4"),
        ("0.0.0.0", (), "IPv4"),
        ("::1", (), "IPv6"),
        ("::", (), "IPv6"),
        ("::", ("only",), "IPv6"),
    ],
)
def test_an_outsider_on_either_family_is_named_with_pid_and_command(
    host: str, address: str, more: tuple[str, ...], family: str, port: int, outsider: Outsider
) -> None:
    process = outsider(address, port, *more)
    error = taken(host, port)
    assert (holder(error).pid, holder(error).family) == (process.pid, family)
    assert holder(error).command.startswith(sys.executable)
    assert len(holder(error).command) <= 80
    assert str(error).startswith(f"port {port} is held by pid {process.pid} (")
    assert f"End it with `kill {process.pid}`" in str(error)


def test_an_outsider_on_an_address_that_localhost_does_not_reach_is_in_nobodys_way(
    port: int, outsider: Outsider
) -> None:
    outsider("127.0.0.2", port)
    with closing(hold("127.0.0.1", port)):
        pass


def test_a_service_of_another_project_is_named(port: int, outsider: Outsider) -> None:
    env = {"DYNAPORT_PROJECT": "blog", "DYNAPORT_SERVICE": "users.2"}
    process = outsider("127.0.0.1", port, env=env)
    error = taken("127.0.0.1", port)
    assert (holder(error).project, holder(error).service) == ("blog", "users.2")
    assert str(error).startswith(
        f"port {port} is held by service users.2 of project blog, pid {process.pid} ("
    )
    assert "`dynaport stop users.2` in the folder of blog" in str(error)


def test_of_two_checkouts_that_pin_one_port_the_right_one_is_named(
    port: int, outsider: Outsider, project: Project
) -> None:
    want = Want(service="users", instance="1", pinned=port)
    other = project.beside("other")
    with Ledger() as ledger:
        for checkout in (project, other):
            ledger.lease(str(checkout.folder), "blog", [want], (20000, 29999))
    env = {"DYNAPORT_PROJECT": "blog", "DYNAPORT_SERVICE": "users"}
    outsider(
        "127.0.0.1",
        port,
        env={**env, "DYNAPORT_SOCKET": str(project_runtime(other.file) / "sock")},
    )
    assert holder(taken("127.0.0.1", port)).root == str(other.folder)


def test_a_port_that_an_engine_holds_is_named_after_its_lease(
    port: int, outsider: Outsider, project: Project
) -> None:
    process = outsider("127.0.0.1", port)
    (project_runtime(project.file) / "lock").write_text(f"{process.pid}\n")
    with Ledger() as ledger:
        want = Want(service="users", instance="2", pinned=port)
        ledger.lease(str(project.folder), "blog", [want], (20000, 29999))
        ledger.lease("/elsewhere", "shop", [want], (20000, 29999))
    found = holder(taken("127.0.0.1", port))
    assert (found.pid, found.project, found.service) == (process.pid, "blog", "users.2")
    assert f"`dynaport -C {project.folder} stop users.2`" in str(taken("127.0.0.1", port))


def test_a_process_of_our_own_that_listens_is_found(port: int) -> None:
    with closing(hold("127.0.0.1", port)):
        found = who_holds(port)
        assert found is not None
        assert found.pid == os.getpid()
    assert who_holds(port) is None


def test_a_connection_from_the_port_is_no_reason_to_kill_anybody(port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), 5, ("127.0.0.1", port)),
    ):
        found = who_holds(port)
        assert found is not None
        assert not found.listening
        message = str(PortTaken(port, "127.0.0.1", found))
        assert f"in use by an outgoing connection of pid {os.getpid()}" in message
        assert "kill" not in message


def test_a_process_that_does_not_listen_is_told_of_without_a_name(port: int) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", port))
        error = taken("127.0.0.1", port)
    assert error.holder is None
    assert "cannot be had: a process keeps it that does not listen" in str(error)


class Address(NamedTuple):
    ip: str
    port: int


class Unnamed(NamedTuple):
    """A row of the kernel's table whose process may not be seen."""

    laddr: Address
    status: str
    family: int = socket.AF_INET
    pid: None = None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("LISTEN", "a process listens on it that cannot be named; it belongs to another user"),
        ("TIME_WAIT", "a connection on it has not quite ended; that takes up to a minute"),
    ],
)
def test_why_nobody_is_named_is_told(
    status: str, reason: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [Unnamed(Address("127.0.0.1", port), status)]
    monkeypatch.setattr(psutil, "net_connections", lambda kind: rows)
    with socket.create_server(("127.0.0.1", port)):
        error = taken("127.0.0.1", port)
    assert error.holder is None
    assert reason in str(error)


def test_own_processes_are_named_where_the_system_shows_no_others(
    port: int, monkeypatch: pytest.MonkeyPatch, outsider: Outsider
) -> None:
    def denied(kind: str) -> None:
        raise psutil.AccessDenied

    process = outsider("::1", port)
    monkeypatch.setattr(psutil, "net_connections", denied)
    assert holder(taken("127.0.0.1", port)).pid == process.pid


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.77", "this machine has no such address"),
        ("no-such-host.invalid", "the host 'no-such-host.invalid' has no address here"),
    ],
)
def test_a_host_that_is_not_here_is_named(host: str, reason: str, port: int) -> None:
    with pytest.raises(PortTaken, match=reason) as caught:
        hold(host, port)
    assert caught.value.holder is None


def test_the_remedy_fits_a_pinned_port_and_a_chosen_one() -> None:
    found = Holder(pid=42, command="python app.py", family="IPv4")
    error = PortTaken(5001, "127.0.0.1", found)
    error.service = "users"
    assert str(error) == (
        "port 5001 of users is held by pid 42 (python app.py). End it with `kill 42`, "
        "or give users another `port` in services.toml."
    )
    error.pinned = False
    assert str(error).endswith("or choose another one with `dynaport release users`.")


async def test_waiting_for_a_port_ends_when_its_process_does(port: int, outsider: Outsider) -> None:
    process = outsider("127.0.0.1", port)
    waiting = asyncio.create_task(wait_until_free(port, "127.0.0.1", 8))
    await asyncio.sleep(0)
    assert not waiting.done()
    process.kill()
    assert await waiting


async def test_waiting_for_a_port_has_an_end(port: int) -> None:
    with closing(hold("::1", port)):
        assert not await wait_until_free(port, "127.0.0.1", 0.05)


async def test_connections_that_only_wait_for_their_end_hold_no_port(port: int) -> None:
    with socket.socket() as server:  # without SO_REUSEADDR
        server.bind(("127.0.0.1", port))
        server.listen()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            server.accept()[0].close()
            assert client.recv(1) == b""
    assert await wait_until_free(port, "127.0.0.1", 1)


def test_a_held_socket_is_the_same_after_the_process_that_shared_it_ended(port: int) -> None:
    with closing(hold("127.0.0.1", port)) as held:
        share(held)
        assert not os.get_blocking(held.fileno())
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            accept(held)


def share(held: HeldSocket) -> None:
    """Hand the socket to a process that closes it."""
    program = "import socket, sys; socket.socket(fileno=int(sys.argv[1])).close()"
    command = [sys.executable, "-c", program, str(held.fileno())]
    subprocess.run(command, pass_fds=[held.fileno()], check=True, timeout=30)
