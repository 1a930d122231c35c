"""Ports of apps that no supervisor runs."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dynaport_tui.ledger.choice import computed_port
from dynaport_tui.ledger.errors import LedgerError, NoFreePort, PortWarning
from dynaport_tui.ledger.ledger import Ledger, Want
from dynaport_tui.ledger.ports import is_free
from dynaport_tui.ledger.supervised import Supervised, supervised
from dynaport_tui.port_allocator import PortAllocator
from tests.real.asking import free_port

RANGE = (20000, 29999)
AS_SERVICE = {"DYNAPORT_SERVICE": "users.2", "DYNAPORT_INSTANCE": "2", "PORT": "20417"}


@pytest.fixture
def ports(private: Path) -> PortAllocator:
    """The allocator of a user who never had one."""
    return PortAllocator()


@contextmanager
def in_use(port: int) -> Iterator[None]:
    """Somebody listens there."""
    with closing(socket.create_server(("127.0.0.1", port))):
        yield


def service_port(root: Path, service: str, pinned: int | None = None) -> int:
    """The port that a project's service gets."""
    want = Want(service=service, instance="1", pinned=pinned)
    with Ledger() as ledger:
        return ledger.lease(str(root), "shop", [want], RANGE)[want.key].port


def test_an_app_has_the_same_port_at_every_call_and_in_every_allocator(
    ports: PortAllocator,
) -> None:
    port = ports.allocate_port("my-app")
    assert ports.allocate_port("my-app") == PortAllocator().allocate_port("my-app") == port
    assert ports.get_port("my-app") == port
    computed = computed_port("", "my-app", "default", "", RANGE)
    assert port == computed or not is_free(computed)


def test_each_instance_has_a_port_of_its_own(ports: PortAllocator) -> None:
    given = {ports.allocate_port("my-app", name) for name in ("default", "instance1", "instance2")}
    assert len(given) == 3


def test_what_was_never_allocated_is_none_and_stays_so(ports: PortAllocator) -> None:
    assert ports.get_port("nobody") is None
    assert not ports.release_port("nobody")
    assert ports.list_allocations() == []


def test_a_released_port_is_not_given_to_the_same_app_again(ports: PortAllocator) -> None:
    before = ports.allocate_port("my-app")
    assert ports.release_port("my-app")
    assert ports.get_port("my-app") is None
    assert ports.allocate_port("my-app") != before


def test_a_preferred_port_that_is_free_is_given_and_remembered(ports: PortAllocator) -> None:
    wish = free_port()
    assert ports.allocate_port("my-app", preferred_port=wish) == wish
    assert ports.allocate_port("my-app") == wish
    with in_use(wish), warnings.catch_warnings():
        warnings.simplefilter("error")  # most likely the app itself is there
        assert ports.allocate_port("my-app", preferred_port=wish) == wish


def test_a_later_wish_moves_the_app_where_that_port_is_free(ports: PortAllocator) -> None:
    before, wish = ports.allocate_port("my-app"), free_port()
    assert ports.allocate_port("my-app", preferred_port=wish) == wish
    assert ports.is_port_available(before)


@pytest.mark.parametrize("had", [True, False])
def test_a_preferred_port_that_is_in_use_is_not_given_and_a_warning_says_so(
    had: bool, ports: PortAllocator
) -> None:
    before = ports.allocate_port("my-app") if had else None
    wish = free_port()
    with in_use(wish), pytest.warns(PortWarning, match=f"{wish}.* is in use .*port check {wish}"):
        port = ports.allocate_port("my-app", preferred_port=wish)
    assert port == before if had else port in range(RANGE[0], RANGE[1] + 1)
    assert ports.allocate_port("my-app") == port


def test_a_preferred_port_of_somebody_else_is_not_given(
    ports: PortAllocator, private: Path
) -> None:
    wish = service_port(private, "users")
    with pytest.warns(PortWarning, match=f"is leased to shop/users in {private}: it has"):
        assert ports.allocate_port("my-app", preferred_port=wish) != wish


def test_a_reserved_port_is_given_to_nobody(ports: PortAllocator, private: Path) -> None:
    low = computed_port("shop", "users", "1", "", RANGE)
    reserved = [port for port in range(low, low + 20) if ports.reserve_port(port)]
    assert not ports.reserve_port(reserved[0])
    assert service_port(private, "users") not in reserved
    assert ports.find_available_port(reserved[0]) not in reserved
    assert not ports.is_port_available(reserved[0])
    with pytest.warns(PortWarning, match="is reserved"):
        assert ports.allocate_port("my-app", preferred_port=reserved[0]) not in reserved
    assert service_port(private, "web", pinned=reserved[0]) == reserved[0]
    assert ports.release_reservation(reserved[1])
    assert not ports.release_reservation(reserved[1])
    assert ports.allocate_port("my-app", preferred_port=reserved[1]) == reserved[1]


def test_a_port_that_somebody_has_cannot_be_reserved(ports: PortAllocator) -> None:
    assert not ports.reserve_port(ports.allocate_port("my-app"))
    port = free_port()
    with in_use(port):
        assert not ports.reserve_port(port)


def test_all_allocations_are_listed_with_whose_they_are(
    ports: PortAllocator, private: Path
) -> None:
    app, service, reserved = ports.allocate_port("my-app"), service_port(private, "users"), 1234
    assert ports.reserve_port(reserved)
    listed = {one.port: one for one in ports.list_allocations()}
    assert list(listed) == sorted([app, service, reserved])
    assert (listed[app].app_id, listed[app].instance_id) == ("my-app", "default")
    assert (listed[app].project, listed[app].root) == (None, None)
    assert (listed[service].app_id, listed[service].instance_id) == ("users", "1")
    assert (listed[service].project, listed[service].root) == ("shop", str(private))
    assert (listed[reserved].app_id, listed[reserved].instance_id) == (None, None)


def test_a_found_port_is_free_and_not_remembered(ports: PortAllocator) -> None:
    port = ports.find_available_port()
    assert ports.is_port_available(port)
    assert ports.find_available_port(port) == port
    with in_use(port):
        assert not ports.is_port_available(port)
        assert ports.find_available_port(port) > port
    assert ports.list_allocations() == []


def test_the_range_of_the_settings_is_where_ports_come_from(
    ports: PortAllocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = free_port()
    monkeypatch.setenv("DYNAPORT_PORT_ALLOCATOR_PORT_RANGE", f"{low}-{low}")
    assert ports.allocate_port("one") == low
    with pytest.raises(NoFreePort, match=rf"no free port in {low}-{low}: 1 leased"):
        ports.allocate_port("two")


def test_a_held_port_is_nobody_elses_until_the_end(ports: PortAllocator) -> None:
    with ports.hold_port("my-app") as held:
        port = held.getsockname()[1]
        assert port == ports.get_port("my-app")
        assert not is_free(port)
        with closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
            held.accept()[0].close()
    assert held.fileno() == -1


def test_the_second_holder_at_the_same_time_gets_the_next_free_port(ports: PortAllocator) -> None:
    with ports.hold_port("my-app") as first:
        own = first.getsockname()[1]
        with (
            pytest.warns(PortWarning, match=f"{own}, the port of app my-app, is in use.*instance"),
            ports.hold_port("my-app") as second,
        ):
            assert second.getsockname()[1] != own
    with ports.hold_port("my-app") as again:
        assert again.getsockname()[1] == own


@pytest.mark.parametrize("port", [0, -1, 65536, True, "8080", 80.5])
def test_what_is_no_port_is_refused_with_what_to_write(ports: PortAllocator, port: int) -> None:
    for method in (ports.reserve_port, ports.is_port_available, ports.find_available_port):
        with pytest.raises(ValueError, match="write a number from 1 to 65535, such as 8080"):
            method(port)
    with pytest.raises(ValueError, match="preferred_port is"):
        ports.allocate_port("my-app", preferred_port=port)


@pytest.mark.parametrize("name", ["", " ", None, 5])
def test_what_is_no_name_is_refused_with_what_to_write(ports: PortAllocator, name: str) -> None:
    for method in (ports.allocate_port, ports.get_port, ports.release_port):
        with pytest.raises(ValueError, match=r"app_id is .*: write a name"):
            method(name)
        with pytest.raises(ValueError, match=r"instance_id is .*: write a name"):
            method("my-app", name)


def test_a_place_that_cannot_be_used_is_named_with_the_remedy(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / "file").write_text("")
    monkeypatch.setenv("DYNAPORT_STATE_DIR", str(private / "file" / "state"))
    with pytest.raises(LedgerError, match=r"cannot be used: Not a directory\. Set DYNAPORT_STATE"):
        PortAllocator().allocate_port("my-app")


def test_the_app_of_a_supervised_service_has_the_supervisors_port(
    ports: PortAllocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in AS_SERVICE.items():
        monkeypatch.setenv(name, value)
    assert ports.allocate_port("users", preferred_port=8080) == 20417
    assert ports.get_port("users", "2") == 20417
    assert ports.get_port("users", "1") is None
    assert ports.get_port("orders") is None
    assert ports.list_allocations() == []


@pytest.mark.parametrize(
    ("variables", "service"),
    [
        ({}, None),
        ({"PORT": "5000"}, None),
        ({"DYNAPORT_SERVICE": "worker"}, None),
        ({"DYNAPORT_SERVICE": "worker", "PORT": "none"}, None),
        ({"DYNAPORT_SERVICE": "users", "PORT": "20417"}, Supervised("users", "1", 20417)),
        (AS_SERVICE, Supervised("users", "2", 20417)),
    ],
)
def test_who_is_supervised_is_told_by_its_variables(
    variables: dict[str, str], service: Supervised | None
) -> None:
    assert supervised(variables) == service


def test_threads_share_one_ledger(ports: PortAllocator) -> None:
    begin = threading.Barrier(8)

    def allocate(number: int) -> list[int]:
        begin.wait(5)
        return [ports.allocate_port(f"app{number}-{each}") for each in range(10)]

    with ThreadPoolExecutor(8) as threads:
        given = [port for some in threads.map(allocate, range(8)) for port in some]
    assert len(set(given)) == 80


FORKS = """
import os, sys, threading
from dynaport_tui.port_allocator import PortAllocator
ports = PortAllocator()
before = ports.allocate_port("before")
stop = threading.Event()
def busy():
    while not stop.is_set():
        ports.allocate_port("busy")
        ports.release_port("busy")
thread = threading.Thread(target=busy)
thread.start()
children = []
for number in range(10):
    pid = os.fork()
    if not pid:
        ports.allocate_port(f"child{number}")
        sys.exit(ports.get_port("before") != before)
    children.append(pid)
codes = [os.waitpid(pid, 0)[1] for pid in children]
stop.set()
thread.join()
listed = [one.port for one in ports.list_allocations() if one.app_id != "busy"]
print(*codes, len(set(listed)))
"""


def test_a_child_of_a_fork_may_allocate_while_its_parent_does(private: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=9,
        check=False,
    )
    assert done.stdout.split() == ["0"] * 10 + ["11"], done.stderr
