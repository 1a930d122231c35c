"""Which files are opened because a traceback names them, and what is shown of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dynaport_tui.engine.excerpts import excerpts
from dynaport_tui.model.frames import Frame
from dynaport_tui.model.outage import Excerpt
from dynaport_tui.model.text import MASK
from tests.project import Project

SOURCE = "".join(f"line {number}\n" for number in range(1, 21))


def frame(file: str | Path, line: int, code: str = "", *, own: bool = True) -> Frame:
    return Frame(str(file), line, "f", (code,) if code else (), own)


def shown(project: Project, found: Frame) -> Excerpt | None:
    folder = str(project.folder)
    return excerpts([found], folder, folder).get((found.file, found.line))


@pytest.mark.parametrize(
    ("line", "first", "last"), [(10, 5, 15), (1, 1, 6), (20, 15, 20), (3, 1, 8)]
)
def test_five_lines_above_and_below_are_shown(
    project: Project, line: int, first: int, last: int
) -> None:
    project({"users.py": SOURCE})
    lines = tuple(f"line {number}" for number in range(first, last + 1))
    for file in ("users.py", project.folder / "users.py"):
        found = frame(file, line, f"line {line}")
        assert shown(project, found) == Excerpt(first, lines, changed=False)


def test_a_line_that_is_another_one_now_is_known_as_such(project: Project) -> None:
    project({"users.py": SOURCE})
    found = shown(project, frame("users.py", 10, "what it was"))
    assert found is not None
    assert found.changed


def test_a_line_in_which_something_was_hidden_counts_as_the_same(project: Project) -> None:
    project({"users.py": "connect('secret')\n"})
    found = shown(project, frame("users.py", 1, f"connect('{MASK}')"))
    assert found is not None
    assert not found.changed


def test_a_line_that_is_no_more_is_not_shown(project: Project) -> None:
    project({"users.py": "only one\n"})
    assert shown(project, frame("users.py", 2)) is None
    assert shown(project, frame("users.py", 0)) is None
    assert shown(project, frame("gone.py", 1)) is None


@pytest.mark.parametrize(
    "name", [".env", "users.env", "key.pem", ".venv/x.py", "services.toml", "v/site-packages/a.py"]
)
def test_what_is_no_source_of_the_project_is_not_shown(project: Project, name: str) -> None:
    project({name: "SECRET=1\n"})
    assert shown(project, frame(name, 1)) is None


def test_a_file_of_somebody_else_is_not_shown_by_whatever_name(
    project: Project, tmp_path: Path
) -> None:
    other = tmp_path / "other.py"
    other.write_text("secret = 1\n")
    (project.folder / "link.py").symlink_to(other)
    outside = os.path.relpath(other, project.folder)
    for name in (str(other), "link.py", outside, f"{project.folder}/{outside}"):
        assert shown(project, frame(name, 1)) is None


def test_what_is_no_file_holds_nobody_up(project: Project) -> None:
    os.mkfifo(project.folder / "pipe.py")
    (project.folder / "folder.py").mkdir()
    for name in ("pipe.py", "folder.py", "nul\0.py", "x" * 5000 + ".py"):
        assert shown(project, frame(name, 1)) is None


def test_the_frames_of_libraries_are_not_read(project: Project) -> None:
    project({"users.py": SOURCE})
    assert shown(project, frame("users.py", 1, own=False)) is None


def test_a_file_in_a_folder_that_is_reached_by_a_link_is_of_the_project(
    project: Project, tmp_path: Path
) -> None:
    project({"users.py": SOURCE})
    way = tmp_path / "way"
    way.symlink_to(project.folder)
    assert excerpts([frame(way / "users.py", 1)], str(way), str(way))
