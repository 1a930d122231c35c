"""Where dynaport keeps things, and whom it trusts."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from dynaport_tui.ledger.errors import FolderError
from dynaport_tui.ledger.folders import (
    project_key,
    project_runtime,
    project_state,
    runtime_folder,
    state_folder,
)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


@pytest.fixture
def temp(private: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temp directory, and no runtime folder of the system's."""
    folder = private / "temp"
    folder.mkdir()
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_state_and_runtime_are_private_folders_below_the_xdg_ones(private: Path) -> None:
    assert state_folder() == private / "state" / "dynaport"
    assert runtime_folder() == private / "run" / "dynaport"
    assert mode(state_folder()) == mode(runtime_folder()) == 0o700


def test_variables_of_our_own_win_over_the_xdg_ones(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAPORT_STATE_DIR", str(private / "a" / "b"))
    monkeypatch.setenv("DYNAPORT_RUNTIME_DIR", str(private / "c"))
    assert state_folder() == private / "a" / "b"
    assert runtime_folder() == private / "c"
    assert mode(private / "a" / "b") == mode(private / "c") == 0o700


def test_without_variables_the_state_is_below_the_home_folder(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(private))
    assert state_folder().is_relative_to(private)


def test_a_relative_xdg_folder_is_ignored(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(private))
    assert state_folder().is_absolute()
    assert not Path("here").exists()


def test_our_own_folder_that_stands_open_is_closed(private: Path) -> None:
    (private / "state" / "dynaport").mkdir()
    (private / "state" / "dynaport").chmod(0o755)
    assert mode(state_folder()) == 0o700


def test_the_runtime_folder_falls_back_to_a_private_one_in_the_temp_directory(temp: Path) -> None:
    assert runtime_folder() == temp / f"dynaport-{os.geteuid()}"
    assert mode(runtime_folder()) == 0o700


@pytest.mark.parametrize("value", ["/nowhere/at/all", "relative", ""])
def test_an_unusable_xdg_runtime_folder_falls_back_too(
    value: str, temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    assert runtime_folder().parent == temp


def test_a_folder_in_the_temp_directory_that_others_may_enter_is_refused(temp: Path) -> None:
    (temp / f"dynaport-{os.geteuid()}").mkdir(mode=0o700)
    (temp / f"dynaport-{os.geteuid()}").chmod(0o777)
    with pytest.raises(FolderError, match=r"open to other users \(mode 0777\).*DYNAPORT_RUNTIME"):
        runtime_folder()


def test_a_link_in_the_temp_directory_is_refused(temp: Path, private: Path) -> None:
    (temp / f"dynaport-{os.geteuid()}").symlink_to(private / "state")
    with pytest.raises(FolderError, match="is not a folder"):
        runtime_folder()


def test_a_folder_of_somebody_else_is_refused(temp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.geteuid()
    (temp / f"dynaport-{own + 1}").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(FolderError, match=r"belongs to another user \(.+\)\. Remove it, or set"):
        runtime_folder()


def test_a_file_in_the_place_of_a_folder_is_named(private: Path) -> None:
    (private / "state" / "dynaport").write_text("")
    with pytest.raises(FolderError, match="state/dynaport is not a folder"):
        state_folder()


def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DYNAPORT_STATE_DIR", "/proc/dynaport")
    with pytest.raises(FolderError, match=r"/proc/dynaport cannot be used: .* Set DYNAPORT_STATE"):
        state_folder()


def test_a_path_too_long_for_a_socket_is_refused_when_it_was_asked_for(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAPORT_RUNTIME_DIR", str(private / ("long" * 25)))
    with pytest.raises(FolderError, match=r"may have 103 bytes\. Set DYNAPORT_RUNTIME_DIR"):
        runtime_folder()
    assert not (private / ("long" * 25)).exists()


def test_a_path_too_long_for_a_socket_is_avoided_otherwise(
    temp: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / ("long" * 20)).mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private / ("long" * 20)))
    assert runtime_folder().parent == temp


def test_a_project_has_folders_named_by_ten_digits_of_its_resolved_path(private: Path) -> None:
    (private / "shop").mkdir()
    (private / "link").symlink_to(private / "shop")
    file, same = private / "shop" / "services.toml", private / "link" / "services.toml"
    key = project_key(file)
    assert len(key) == 10
    assert int(key, 16) >= 0
    assert project_key(same) == key
    assert project_key(private / "services.toml") != key
    assert project_state(file) == state_folder() / "projects" / key
    assert project_runtime(file) == runtime_folder() / key
    assert len(os.fsencode(project_runtime(file) / "sock")) <= 103
    assert mode(project_runtime(file)) == mode(project_state(file)) == 0o700
