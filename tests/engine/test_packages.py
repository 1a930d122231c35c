"""Noticing that packages were installed, upgraded or removed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dynaport_tui.engine import packages
from dynaport_tui.engine.packages import Installed, Since, fingerprint, usual_folders
from dynaport_tui.model.packages import changes


def test_nothing_changes_as_long_as_nothing_is_installed(tmp_path: Path) -> None:
    (tmp_path / "requests-2.31.0.dist-info").mkdir()
    installed = Installed(sys.executable, [str(tmp_path)])
    before = installed.now()
    assert len(before) == 2
    assert installed.now() is before
    (tmp_path / "__pycache__").mkdir()  # by an import, and of no interest
    assert installed.now() is before


def test_an_upgrade_is_noticed_at_the_next_look(tmp_path: Path) -> None:
    (tmp_path / "requests-2.31.0.dist-info").mkdir()
    installed = Installed(sys.executable, [str(tmp_path)])
    before = installed.now()
    (tmp_path / "requests-2.31.0.dist-info").rename(tmp_path / "requests-2.32.3.dist-info")
    assert installed.now(age=60) is before
    assert changes(before, installed.now()) == "requests 2.31.0 → 2.32.3"
    assert fingerprint(before) != fingerprint(installed.now())


def test_search_paths_that_are_written_in_place_are_noticed(tmp_path: Path) -> None:
    paths = tmp_path / "paths.pth"
    installed = Installed(sys.executable, [str(tmp_path)])
    installed.now()
    for number in range(3):
        before = installed.now()
        with paths.open("a") as file:
            file.write(f"/somewhere/{number}\n")
        os.utime(paths, ns=(number, number))
        assert changes(before, installed.now()).startswith("paths.pth ")
        before = installed.now()
        assert installed.now() is before


def test_what_is_being_removed_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "~equests-2.31.0.dist-info").mkdir()
    assert list(Installed(sys.executable, [str(tmp_path)]).now()) == [sys.executable]


def test_an_interpreter_whose_folders_nobody_knows_has_none(tmp_path: Path) -> None:
    assert Installed(sys.executable).now() == {}
    assert fingerprint({}) == ""
    gone = Installed(str(tmp_path / "python"), [str(tmp_path / "gone")])
    assert gone.now() is gone.now()


def test_the_folders_of_a_virtual_environment_are_known_by_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "python3.12" / "site-packages"
    folder.mkdir(parents=True)
    assert usual_folders(str(tmp_path / "bin" / "python")) == [str(folder)]


def test_what_changed_since_something_began_is_told_until_it_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "AGE", 0.0)
    installed = Installed(sys.executable)
    since = Since(installed)
    (tmp_path / "requests-2.31.0.dist-info").mkdir()
    installed.folders = [str(tmp_path)]
    assert since.changes() == ""
    (tmp_path / "rich-13.7.0.dist-info").mkdir()
    assert since.changes() == "rich 13.7.0 installed"
    assert Since(installed).changes() == ""
    (tmp_path / "rich-13.7.0.dist-info").rmdir()
    assert since.changes() == ""
