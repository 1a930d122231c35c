"""What is on disk is what runs, however quickly it is saved."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.nursery_client import Nursery

WRITING = {"PYTHONDONTWRITEBYTECODE": ""}
"""Whatever the shell around the tests says."""

SCRIPT = "import tea\nprint(tea.NAME)\n"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(env=WRITING) as nursery:
        yield nursery


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.py").write_text(SCRIPT)
    return tmp_path


def output(nursery: Nursery, folder: Path, *, fresh: bool) -> str:
    start = nursery.spawn("script", "run.py", cwd=folder, fresh=fresh)
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    return start.stdout.strip()


def bytecode(folder: Path) -> list[Path]:
    return list(folder.rglob("*.pyc"))


def age(path: Path, seconds: float) -> None:
    """Let the file look saved that long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.mark.parametrize("fresh", [False, True])
def test_twenty_saves_of_one_size_in_a_second_are_never_served_stale(
    nursery: Nursery, folder: Path, fresh: bool
) -> None:
    for number in range(10, 30):
        (folder / "tea.py").write_text(f"NAME = {number}\n")
        assert output(nursery, folder, fresh=fresh) == str(number)


def test_bytecode_that_python_wrote_right_after_a_save_is_not_trusted(
    nursery: Nursery, folder: Path
) -> None:
    second = int(time.time()) - 60  # two saves within a second, a minute ago
    for name in ("mint", "sage"):
        (folder / "tea.py").write_text(f"NAME = {name!r}\n")
        os.utime(folder / "tea.py", (second, second))
        if name == "mint":
            env = {**os.environ, **WRITING}
            subprocess.run([sys.executable, "run.py"], cwd=folder, env=env, check=True)
            [written] = bytecode(folder)
            os.utime(written, (second + 0.5, second + 0.5))
    assert output(nursery, folder, fresh=False) == "sage"


def test_a_fresh_load_neither_reads_nor_writes_bytecode(nursery: Nursery, folder: Path) -> None:
    (folder / "tea.py").write_text("NAME = 'mint'\n")
    age(folder / "tea.py", 60)
    assert output(nursery, folder, fresh=True) == "mint"
    assert bytecode(folder) == []


def test_a_module_that_was_just_saved_leaves_no_bytecode(nursery: Nursery, folder: Path) -> None:
    (folder / "tea.py").write_text("NAME = 'mint'\n")
    assert output(nursery, folder, fresh=False) == "mint"
    assert bytecode(folder) == []


def test_old_modules_keep_their_bytecode(nursery: Nursery, folder: Path) -> None:
    (folder / "tea.py").write_text("NAME = 'mint'\n")
    age(folder / "tea.py", 60)
    assert output(nursery, folder, fresh=False) == "mint"
    [written] = bytecode(folder)
    before = written.stat().st_mtime_ns
    assert output(nursery, folder, fresh=False) == "mint"
    assert written.stat().st_mtime_ns == before
