"""What the system tells is asked for often, and never dropped."""

from __future__ import annotations

import errno
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynaport_tui.engine.fileevents import FileEvents, no_watches, open_notify
from tests.fakes import NoWatchesLeft

PATIENCE = 8.0
"""Seconds until a test gives up on an event."""


@pytest.fixture
def wake() -> threading.Event:
    return threading.Event()


@pytest.fixture
def events(wake: threading.Event, tmp_path: Path) -> Iterator[FileEvents]:
    events = FileEvents(open_notify, wake)
    events.watch([str(tmp_path)])
    yield events
    events.close()


def told(events: FileEvents) -> set[str] | None:
    """The next paths that are told."""
    end = time.monotonic() + PATIENCE
    while (found := events.wait(time.monotonic() + 0.01)) == set():
        assert time.monotonic() < end, "nothing was told"
    return found


def test_a_save_is_told_with_its_path(events: FileEvents, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("saved")
    assert told(events) == {str(tmp_path / "a.py")}


def test_only_what_tells_is_imported_of_the_package_and_the_package_works_after_that(
    tmp_path: Path,
) -> None:
    code = (
        "import sys\n"
        "from dynaport_tui.engine.fileevents import open_notify\n"
        f"open_notify([{str(tmp_path)!r}]).close()\n"
        "assert not {'watchfiles', 'anyio', 'multiprocessing'} & set(sys.modules)\n"
        "import watchfiles\n"
        f"open_notify([{str(tmp_path)!r}]).close()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=8)


def test_a_wait_ends_at_its_time(events: FileEvents) -> None:
    assert events.wait(time.monotonic() + 0.01) == set()
    assert events.wait(0.0) == set()


def test_what_came_is_told_also_to_one_that_is_woken(
    events: FileEvents, wake: threading.Event, tmp_path: Path
) -> None:
    wake.set()
    assert events.wait(math.inf) == set()
    (tmp_path / "a.py").write_text("saved")
    assert told(events) == {str(tmp_path / "a.py")}


def test_another_watch_takes_the_place_of_the_old_one(events: FileEvents, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    events.watch([str(other)])
    (tmp_path / "a.py").write_text("saved")
    (other / "b.py").write_text("saved")
    assert told(events) == {str(other / "b.py")}


def test_without_a_folder_nothing_is_watched_and_nothing_is_waited_for(
    events: FileEvents,
) -> None:
    events.watch([])
    assert not events.open
    assert events.wait(math.inf) == set()


def test_a_limit_that_is_reached_is_no_watch(wake: threading.Event, tmp_path: Path) -> None:
    events = FileEvents(NoWatchesLeft(), wake)
    with pytest.raises(OSError, match="limit"):
        events.watch([str(tmp_path)])
    assert not events.open


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(errno.ENOSPC, "no space"), "sudo sysctl fs.inotify.max_user_watches="),
        (OSError("OS file watch limit reached"), "sudo sysctl fs.inotify.max_user_watches="),
        (OSError("Too many open files (os error 24)"), "fs.inotify.max_user_instances="),
        (OSError("something else"), "the system does not tell when files change (something else)"),
    ],
)
def test_what_to_do_about_a_limit_is_named(error: OSError, remedy: str) -> None:
    assert remedy in no_watches(error)
    assert "comparing them twice a second" in no_watches(error)


def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_notify([str(tmp_path), str(tmp_path / "missing")])
