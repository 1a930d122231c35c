"""What is remembered of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.tui.prefs import NAME, Prefs, load, save


def test_what_was_saved_is_loaded_again(private: Path) -> None:
    prefs = Prefs(layout="side", sort="cpu", reverse=True, theme="nord", tab="why", log={"a": [1]})
    assert save(private / "new", prefs) is None
    assert load(private / "new") == prefs
    assert [path.name for path in (private / "new").iterdir()] == [NAME]


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"layout": "round"}', '{"log": 3}'])
def test_what_makes_no_sense_is_as_if_nothing_was_saved(private: Path, text: str) -> None:
    (private / NAME).write_text(text)
    assert load(private) == Prefs()


def test_what_another_version_saved_beside_is_left_out(private: Path) -> None:
    (private / NAME).write_text('{"sort": "name", "colour_of_the_sky": "blue"}')
    assert load(private) == Prefs(sort="name")


def test_nothing_was_saved_at_first(private: Path) -> None:
    assert load(private / "nowhere") == Prefs()


def test_a_folder_that_cannot_be_written_is_named(private: Path) -> None:
    (private / "file").write_text("")
    assert "file" in (save(private / "file", Prefs()) or "")
