"""When changed files are whole: at once where they can be, later where they may not be."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dynaport_tui.engine.settling import (
    AWAY,
    BATCH,
    CHECKOUT,
    CROWD,
    FEW,
    QUIET,
    SETTLED,
    Checkouts,
    Settling,
    gathered,
)
from dynaport_tui.engine.stamps import Stamp, since_changed


class Batch:
    """A batch of files, and a clock that a test sets."""

    def __init__(self, *careful: str, repository: Path | None = None) -> None:
        self.now = 1000.0
        self.changed: dict[str, Stamp | None] = {}
        self._at: dict[str, float] = {}
        self._ahead = 0.0
        self._repository = repository
        checkouts = Checkouts(self._age)
        self._settling = Settling(careful, checkouts, age=self._age, clock=lambda: self.now)

    def save(self, *paths: str, size: int = 5) -> None:
        """These are written now."""
        for path in paths:
            self.changed[path] = (int(self.now * 1e9), size, 1)
            self._at[path] = self.now

    def remove(self, path: str) -> None:
        """It is gone now."""
        self.changed[path] = None

    def lock(self, ago: float = 0.0) -> None:
        """Git took its lock then."""
        self._at[str(self._repository) + "/.git/index.lock"] = self.now - ago

    def unlock(self) -> None:
        """Git is done."""
        del self._at[str(self._repository) + "/.git/index.lock"]

    def run_ahead(self) -> None:
        """The files are on a network drive whose clock is ahead of ours."""
        self._ahead = 3600.0

    def _age(self, path: str) -> float | None:
        return None if path not in self._at else self.now - self._at[path] - self._ahead

    def pause(self) -> float:
        """Seconds until the next look."""
        return self._settling.pause(self.changed)

    def took(self) -> float:
        """Seconds until all of it may be reported."""
        began = self.now
        while (pause := self.pause()) > 0:
            self.now += pause
        return self.now - began


def about(seconds: float) -> object:
    """To two milliseconds."""
    return pytest.approx(seconds, abs=2e-3)


def test_a_saved_file_is_whole_after_a_quiet_moment() -> None:
    batch = Batch()
    batch.save("a.py")
    assert batch.took() == about(QUIET)


def test_a_file_that_was_saved_before_the_first_look_is_whole_at_it() -> None:
    batch = Batch()
    batch.save("a.py")
    batch.now += QUIET
    assert batch.took() == 0


def test_a_file_that_goes_on_changing_is_reported_all_the_same() -> None:
    batch = Batch()
    began = batch.now
    batch.save("a.py")
    while (pause := batch.pause()) > 0:
        batch.now += pause
        batch.save("a.py")
    assert batch.now - began == about(BATCH)


def test_a_file_whose_clock_runs_ahead_is_whole_all_the_same() -> None:
    batch = Batch()
    batch.run_ahead()
    batch.save("a.py")
    assert batch.took() == about(QUIET)


def test_settings_are_left_alone_for_longer() -> None:
    batch = Batch("services.toml")
    batch.save("services.toml", "a.py")
    assert batch.took() == about(SETTLED)


def test_many_files_are_left_alone_for_longer() -> None:
    batch = Batch()
    files = [f"m{number}.py" for number in range(FEW + 1)]
    batch.save(*files[1:])
    batch.now += QUIET
    assert batch.pause() <= 0
    batch.save(*files)
    assert batch.took() == about(SETTLED)


def test_many_files_that_are_written_one_by_one_are_one_batch() -> None:
    batch = Batch()
    began, number = batch.now, 0
    while batch.now < began + CROWD - SETTLED:
        batch.save(f"m{number}.py", "a.py", "b.py", "c.py")
        number += 1
        assert batch.pause() > 0
        batch.now += QUIET
    assert batch.took() <= SETTLED


@pytest.mark.parametrize("gone", [True, False])
def test_an_emptied_or_removed_file_waits_for_what_follows(gone: bool) -> None:
    batch = Batch()
    if gone:
        batch.remove("a.py")
    else:
        batch.save("a.py", size=0)
    assert 0 < batch.pause() <= QUIET
    batch.now += AWAY / 2
    assert batch.pause() > 0
    batch.save("a.py")
    assert batch.took() == about(QUIET)


def test_settings_that_are_emptied_are_left_alone_for_longer_still() -> None:
    batch = Batch("services.toml")
    batch.save("services.toml", size=0)
    assert batch.took() == about(BATCH)


def test_what_stays_removed_is_reported() -> None:
    batch = Batch()
    batch.remove("a.py")
    assert batch.took() == about(AWAY)


def test_a_checkout_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    batch = Batch(repository=tmp_path)
    batch.save(str(tmp_path / "pkg" / "a.py"))
    batch.lock()
    batch.now += CHECKOUT / 2
    assert batch.pause() > 0
    batch.unlock()
    assert batch.pause() <= 0


def test_a_lock_that_was_left_behind_holds_up_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    batch = Batch(repository=tmp_path)
    batch.lock(ago=CHECKOUT)
    batch.save(str(tmp_path / "a.py"))
    assert batch.took() == about(QUIET)


def test_the_lock_of_a_further_working_tree_is_found(tmp_path: Path) -> None:
    for command in (
        ["init", "-q", "main"],
        ["-C", "main", "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "--allow-empty",
         "-m", "first"],
        ["-C", "main", "worktree", "add", "-q", "../other"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=tmp_path, check=True, timeout=8)
    checkouts = Checkouts()
    other, main = str(tmp_path / "other" / "shop" / "a.py"), str(tmp_path / "main" / "a.py")
    assert not checkouts.under_way([other])
    (tmp_path / "main" / ".git" / "worktrees" / "other" / "index.lock").touch()
    assert checkouts.under_way([other])
    assert not checkouts.under_way([main])


def test_a_file_is_as_old_as_its_last_change_whatever_its_time_says(tmp_path: Path) -> None:
    """An archive or rsync sets the time of what it has just written."""
    path = tmp_path / "a.py"
    path.touch()
    os.utime(path, (1, 1))
    age = since_changed(str(path))
    assert age is not None
    assert age < 1000
    assert since_changed(str(tmp_path / "none")) is None


def test_what_is_saved_behind_the_back_of_a_look_is_gathered_too(tmp_path: Path) -> None:
    first, second = (str(tmp_path / name) for name in ("a.py", "b.py"))
    looks = [{second}, {first, second}]
    for path in (first, second):
        Path(path).write_text("saved")

    def look() -> set[str]:
        return looks.pop(0) if len(looks) > 1 else looks[0]

    assert gathered(look, ()) == {first, second}
    assert gathered(set, ()) == set()
