"""When changed files are whole: at once where they can be, later where they may not be."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from dynaport_tui.engine import settling
from dynaport_tui.engine.settling import AWAY, CHECKOUT, FEW, QUIET, SETTLED, Checkouts, Settling
from dynaport_tui.engine.stamps import Stamp, stamp

FIRST: Stamp = (1, 5, 1)
"""How a file looked before."""


def save(path: Path, text: str = "second") -> Path:
    path.write_text(text)
    return path


def rested(*paths: Path, seconds: float) -> None:
    """Wait until the files are so old: only time makes them so."""
    while any(time.time() - path.stat().st_ctime < seconds for path in paths):
        time.sleep(0.001)


class Batch:
    """A batch of which each file looked like FIRST before."""

    def __init__(self, *careful: Path) -> None:
        self.checkouts = Checkouts()
        self._settling = Settling([str(path) for path in careful], self.checkouts)

    def whole(self, *paths: Path) -> bool:
        """Whether these may be reported now."""
        changed = {str(path): stamp(str(path)) for path in paths}
        return self._settling.pause(changed, lambda _path: FIRST) <= 0

    def took(self, *paths: Path) -> float:
        """Seconds until they may be reported."""
        began = time.monotonic()
        while not self.whole(*paths):
            time.sleep(0.001)
        return time.monotonic() - began


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return tmp_path / "app.py"


def test_a_saved_file_is_whole_after_a_quiet_moment(app: Path) -> None:
    batch = Batch()
    assert not batch.whole(save(app))
    rested(app, seconds=QUIET)
    assert batch.whole(app)


def test_a_file_that_was_saved_before_the_first_look_is_whole_at_it(app: Path) -> None:
    rested(save(app), seconds=QUIET)
    assert Batch().whole(app)


def test_a_file_is_as_old_as_its_last_change_whatever_its_time_says(app: Path) -> None:
    """An archive or rsync sets the time of what it has just written."""
    save(app)
    os.utime(app, (1, 1))
    assert not Batch().whole(app)


def test_a_file_whose_clock_runs_ahead_is_whole_all_the_same(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network drive whose server is ahead of us."""
    monkeypatch.setattr(settling, "since_changed", lambda _path: -3600.0)
    assert Batch().took(save(app)) < SETTLED + 1


def test_settings_are_left_alone_for_longer(app: Path) -> None:
    rested(save(app), seconds=QUIET)
    assert not Batch(app).whole(app)
    rested(app, seconds=SETTLED)
    assert Batch(app).whole(app)


def test_many_files_are_left_alone_for_longer(tmp_path: Path) -> None:
    files = [save(tmp_path / f"m{number}.py") for number in range(FEW + 1)]
    rested(*files, seconds=QUIET)
    assert not Batch().whole(*files)
    assert Batch().whole(*files[1:])


def test_an_emptied_or_removed_file_waits_for_what_follows(app: Path) -> None:
    rested(save(app, ""), seconds=SETTLED)
    batch = Batch()
    assert not batch.whole(app)
    app.unlink()
    assert batch.took(app) >= AWAY
    rested(save(app, "whole again"), seconds=QUIET)
    assert batch.whole(app)


def test_a_checkout_is_waited_for_and_an_old_lock_is_not(app: Path) -> None:
    lock = app.parent / ".git" / "index.lock"
    lock.parent.mkdir()
    rested(save(app), save(lock, ""), seconds=SETTLED)
    batch = Batch()
    assert not batch.whole(app)
    lock.unlink()
    assert batch.whole(app)


def test_a_lock_that_was_left_behind_holds_up_nothing(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = app.parent / ".git" / "index.lock"
    lock.parent.mkdir()
    rested(save(app), save(lock, ""), seconds=QUIET)
    monkeypatch.setattr(settling, "since_changed", lambda _path: CHECKOUT + 1)
    assert Batch().whole(app)


def test_the_lock_of_a_further_working_tree_is_found(app: Path) -> None:
    main = app.parent / "main"
    for command in (
        ["init", "-q", "main"],
        ["-C", "main", "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "--allow-empty",
         "-m", "first"],
        ["-C", "main", "worktree", "add", "-q", "../other"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=app.parent, check=True, timeout=8)
    other = app.parent / "other" / "shop" / "app.py"
    other.parent.mkdir()
    save(other)
    checkouts = Checkouts()
    assert not checkouts.under_way(str(other))
    save(main / ".git" / "worktrees" / "other" / "index.lock", "")
    assert checkouts.under_way(str(other))
    assert not checkouts.under_way(str(main / "app.py"))
