"""The ports that tests are given."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from dynaport_tui.pytest_plugin import HeldPort, hold
from tests.test_settings import write

pytest_plugins = ("pytester",)

ROOT = Path(__file__).resolve().parents[1]

IP_LOCAL_PORT_RANGE = 51
"""ip(7), Linux 6.3: where this socket's port may be chosen from."""

PICKS = [
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "0.0.0.0"),
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "::"),
]

MANY = """
import json
from dynaport_tui.pytest_plugin import hold
held = [hold() for _ in range(100)]
print(json.dumps([one.port for one in held]), flush=True)
input()
"""


@pytest.fixture
def held(private: Path) -> Iterator[HeldPort]:
    """A held port."""
    found = hold()
    yield found
    found.release()


@pytest.fixture
def port(held: HeldPort) -> int:
    """Its number."""
    return held.port


def only(port: int, chooser: socket.socket) -> bool:
    """Leave the kernel this one port to choose; False where it cannot be told so."""
    wanted = struct.pack("=I", port << 16 | port)
    try:
        chooser.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, wanted)
    except OSError:
        return False
    return True


@pytest.mark.parametrize(("family", "address"), PICKS)
@pytest.mark.parametrize("reuse", [0, 1])
def test_who_lets_the_kernel_choose_is_not_given_a_held_port(
    port: int, family: int, address: str, reuse: int
) -> None:
    with socket.socket(family) as chooser:
        chooser.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        if only(port, chooser):
            with pytest.raises(OSError, match="in use"):
                chooser.bind((address, 0))
        else:
            chooser.bind((address, 0))
            assert chooser.getsockname()[1] != port


def test_who_connects_is_not_given_a_held_port(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        if only(port, client):
            with pytest.raises(OSError, match="assign") as caught:
                client.connect(server.getsockname())
            assert caught.value.errno == errno.EADDRNOTAVAIL
        else:
            client.connect(server.getsockname())
            assert client.getsockname()[1] != port


def test_other_processes_hold_other_ports(private: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MANY],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        theirs = json.loads(process.stdout.readline())
        ours = [hold() for _ in range(100)]
        process.communicate("\n", timeout=5)

    assert len({*theirs, *(held.port for held in ours)}) == 200
    for held in ours:
        held.release()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_werkzeug_serves_on_a_held_port_and_again_after_a_restart(
    held: HeldPort, host: str
) -> None:
    for text in ("first", "second"):
        server = make_server(host, held.port, Response(text))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        with urlopen(held.url, timeout=5) as answer:
            assert answer.read() == text.encode()
        server.shutdown()
        thread.join(5)
        server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_asyncio_serves_on_a_held_port_of_either_family(port: int, host: str) -> None:
    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(greet, host, port):
        reader, writer = await asyncio.open_connection(host, port)
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()


def test_its_socket_is_for_a_server_that_takes_one(held: HeldPort) -> None:
    with closing(held.socket) as given:
        assert given.getsockname() == ("127.0.0.1", held.port)
        given.listen()
        socket.create_connection(given.getsockname(), timeout=5).close()
    given = held.socket
    held.release()
    assert given.fileno() == -1


def test_a_server_without_so_reuseaddr_waits_for_the_release(held: HeldPort) -> None:
    with pytest.raises(OSError, match="in use"), socket.socket() as server:
        server.bind((held.host, held.port))
    held.release()
    with socket.socket() as server:
        server.bind((held.host, held.port))


def test_it_lies_outside_the_range_of_ports_that_are_remembered(held: HeldPort) -> None:
    first = held.port
    write(f"[port_allocator]\nport_range = [{max(first - 2000, 1)}, {min(first + 2000, 65535)}]\n")
    more = [hold() for _ in range(20)]

    assert all(abs(one.port - first) > 2000 for one in more)
    for one in more:
        one.release()


TESTS = """
    import http.server
    import pytest

    def test_one(dynaport_port, dynaport_port_factory):
        http.server.HTTPServer(("127.0.0.1", dynaport_port), None).server_close()
        assert len({dynaport_port, dynaport_port_factory(), dynaport_port_factory()}) == 3

    @pytest.mark.parametrize("number", range(3))
    def test_more(number, dynaport_port, dynaport_held_port):
        assert type(dynaport_port) is int
        assert dynaport_held_port.url == f"http://127.0.0.1:{dynaport_port}"
"""


def test_the_fixtures_work_in_a_project_of_its_own(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(TESTS)
    options = ("-W", "error", "-p", "dynaport_tui.pytest_plugin")

    pytester.runpytest_inprocess(*options).assert_outcomes(passed=4)
    listed = pytester.runpytest_inprocess(*options, "--fixtures").stdout
    listed.fnmatch_lines(["dynaport_port*", "*nobody else is given*"])
