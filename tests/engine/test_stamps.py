"""What is known of watched files stays true when others are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.engine.stamps import Stamps


@pytest.fixture
def stamps() -> Stamps:
    return Stamps()


def write(folder: Path, name: str, text: str = "first") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_file_that_was_not_accepted_before_counts_as_it_is(
    stamps: Stamps, tmp_path: Path
) -> None:
    page = write(tmp_path, "page.html")
    stamps.want([], [str(tmp_path)], lambda path, _: path.endswith(".py"))
    stamps.want([], [str(tmp_path)], lambda path, _: path.endswith((".py", ".html")))
    assert stamps.changed() == {}
    write(tmp_path, "page.html", "second")
    assert list(stamps.changed()) == [page]


def test_a_single_file_counts_as_it_is_although_its_folder_was_watched(
    stamps: Stamps, tmp_path: Path
) -> None:
    module = write(tmp_path, "module.py")
    stamps.want([], [str(tmp_path)], lambda path, _: path.endswith(".html"))
    stamps.want([module], [str(tmp_path)], lambda path, _: path.endswith(".html"))
    assert stamps.changed() == {}


def test_a_save_at_the_moment_of_a_new_wish_is_seen(stamps: Stamps, tmp_path: Path) -> None:
    module = write(tmp_path, "module.py")
    stamps.want([module], [], None)
    write(tmp_path, "module.py", "second")
    stamps.want([module], [str(tmp_path)], None)
    assert list(stamps.changed()) == [module]


def test_a_new_file_at_the_moment_of_a_new_wish_is_seen(stamps: Stamps, tmp_path: Path) -> None:
    stamps.want([], [str(tmp_path)], lambda path, _: path.endswith(".py"))
    module = write(tmp_path, "module.py")
    stamps.want([], [str(tmp_path)], None)
    assert list(stamps.changed()) == [module]


def test_what_lies_in_a_new_folder_is_new_whatever_else_is_wanted_before(
    stamps: Stamps, tmp_path: Path
) -> None:
    folders = [str(tmp_path)]
    stamps.want([], folders, None)
    new = tmp_path / "new"
    new.mkdir()
    stamps.take(stamps.changed())
    module = write(new, "module.py")
    other = write(tmp_path, "other.py")
    stamps.take(stamps.changed())
    stamps.want([other], folders, None)
    stamps.want([other], [*folders, str(new)], None)
    assert list(stamps.changed()) == [module]
