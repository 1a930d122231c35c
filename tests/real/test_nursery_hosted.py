"""Servers that are not ours: run as `python -m SERVER` runs them, and overheard."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.nursery_client import MAIN, Nursery, Start, get, held_socket
from tests.real.test_nursery_scripts import write
from tests.real.test_nursery_turnover import ASGI, Clients


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(mode="bare") as nursery:
        yield nursery


@pytest.fixture
def held() -> Iterator[socket.socket]:
    with held_socket() as held:
        yield held


def begin(nursery: Nursery, folder: Path, held: socket.socket, *argv: str, **env: str) -> Start:
    """A server with its arguments, as the engine starts it."""
    start = nursery.spawn(
        "exec",
        nursery.python,
        str(MAIN),
        *argv,
        cwd=folder,
        listen=held,
        hand_down=True,
        listen_names=[],
        reports=True,
        env=env,
    )
    nursery.wait_spawned(start)
    return start


def workers(nursery: Nursery, start: Start, count: int) -> list[dict[str, Any]]:
    """Wait until so many workers serve; what they said."""

    def found() -> list[dict[str, Any]]:
        return [report for report in start.reports if report["report"] == "worker"]

    nursery.until(lambda: len(found()) >= count, f"{count} workers")
    return found()


@pytest.mark.parametrize("count", [1, 2])
def test_each_worker_says_when_it_serves_and_what_it_loads(
    nursery: Nursery, tmp_path: Path, held: socket.socket, count: int
) -> None:
    write(tmp_path, app=ASGI + "\n    import shared", shared="", other="")
    argv = ("uvicorn", "--fd", "3", "--workers", str(count), "app:app")
    old = begin(nursery, tmp_path, held, *argv, TEA="old")
    said = workers(nursery, old, count)
    assert len({report["pid"] for report in said}) == count
    assert {report["scheme"] for report in said} == {"http"}
    assert old.files() == {f"{tmp_path}/app.py", f"{tmp_path}/shared.py"}
    slow: list[str] = []
    client = threading.Thread(target=lambda: slow.append(get(held.getsockname(), "/slow")[1]))
    client.start()
    nursery.wait_output(old, "asked")
    with Clients(held.getsockname(), 4) as clients:
        new = begin(nursery, tmp_path, held, *argv, TEA="new")
        workers(nursery, new, count)
        nursery.signal(old, signal.SIGTERM)
        nursery.wait_end(old)
        assert get(held.getsockname())[1] == "new"
    client.join(20)
    assert (slow, clients.failures) == (["at last"], [])
    assert set(clients.answers) == {(200, "old"), (200, "new")}
    nursery.signal(new, signal.SIGTERM)
    nursery.wait_end(new)


@pytest.mark.parametrize("count", [1, 2])
def test_what_keeps_its_workers_from_serving_is_told_and_ends_it(
    nursery: Nursery, tmp_path: Path, held: socket.socket, count: int
) -> None:
    write(tmp_path, app="import shared\n", shared="x = 1\ny = (\n")
    start = begin(
        nursery, tmp_path, held, "uvicorn", "--fd", "3", "--workers", str(count), "app:app"
    )
    nursery.wait_end(start)
    error = start.report("error")
    assert error is not None
    assert error["why"] == "SyntaxError: '(' was never closed"
    assert (error["file"], error["line"]) == (f"{tmp_path}/shared.py", 2)
    assert "dynaport_tui" not in start.stderr
    assert f'File "{tmp_path}/shared.py", line 2' in start.stderr


def test_a_server_of_unknown_build_runs_as_ever_and_says_that_it_cannot_be_overheard(
    nursery: Nursery, tmp_path: Path, held: socket.socket
) -> None:
    main = "import sys, gunicorn.workers.base; print(__name__, sys.argv, sys.path[0])"
    write(tmp_path, gunicorn__workers__base="")
    (tmp_path / "gunicorn" / "__init__.py").touch()
    (tmp_path / "gunicorn" / "__main__.py").write_text(main)
    start = begin(nursery, tmp_path, held, "gunicorn", "--bind", "fd://3")
    assert nursery.wait_end(start)["code"] == 0
    own = f"{tmp_path}/gunicorn/__main__.py"
    assert start.stdout == f"__main__ ['{own}', '--bind', 'fd://3'] {tmp_path}\n"
    assert start.report("unhooked") is not None


def test_a_server_that_is_not_installed_is_named_with_the_command_that_installs_it(
    nursery: Nursery, tmp_path: Path, held: socket.socket
) -> None:
    start = begin(nursery, tmp_path, held, "nosuchserver", "app:app")
    assert nursery.wait_end(start)["code"] == 1
    error = start.report("error")
    assert error is not None
    assert error["why"].endswith(f"not installed: {nursery.python} -m pip install nosuchserver")
    assert start.stderr == f"dynaport: {error['why']}\n"
