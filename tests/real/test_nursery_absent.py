"""A service tells what it looked for in vain: it would load that if it came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.nursery_client import Nursery


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def told(nursery: Nursery, folder: Path, script: str, **files: str) -> set[str]:
    """What a script tells of, relative to its folder, beside itself."""
    for name, text in {"run.py": script, **files}.items():
        path = folder / name.replace("__in__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    start = nursery.spawn("script", "run.py", cwd=folder)
    assert nursery.wait_end(start)["code"] == 0, start.stderr
    # Where dynaport itself is installed for editing, its folder is looked through as well.
    inside = [path for path in map(Path, start.files()) if path.is_relative_to(folder)]
    return {path.relative_to(folder).as_posix() for path in inside} - {"run.py"}


def test_a_module_that_is_not_there(nursery: Nursery, tmp_path: Path) -> None:
    script = """
try:
    import local_settings
except ImportError:
    pass
try:
    from shop import extras
except ImportError:
    pass
"""
    found = told(nursery, tmp_path, script, **{"shop__in____init__.py": ""})
    assert found == {
        "local_settings", "local_settings.py", "shop/__init__.py", "shop/extras", "shop/extras.py"
    }  # fmt: skip


def test_one_that_is_asked_for_by_its_name(nursery: Nursery, tmp_path: Path) -> None:
    script = """
import importlib, importlib.util
assert importlib.util.find_spec("plugin") is None
try:
    importlib.import_module("settings.local")
except ModuleNotFoundError:
    pass
"""
    assert told(nursery, tmp_path, script) == {"plugin", "plugin.py", "settings", "settings.py"}


def test_what_libraries_try_is_not_told(nursery: Nursery, tmp_path: Path) -> None:
    library = "try:\n    import faster_library\nexcept ImportError:\n    pass\n"
    script = "import sys\nsys.path.append('site-packages')\nimport library\n"
    files = {"site-packages__in__library.py": library}
    assert told(nursery, tmp_path, script, **files) == set()


def test_where_a_template_would_be_taken_from_first(nursery: Nursery, tmp_path: Path) -> None:
    script = """
from jinja2 import Environment, FileSystemLoader, TemplateNotFound
folders = ["own", "theme", "common"]
templates = Environment(loader=FileSystemLoader(folders))
templates.get_template("mail/page.html")
try:
    templates.get_template("nowhere.html")
except TemplateNotFound:
    pass
"""
    (tmp_path / "theme").mkdir()
    files = {"common__in__mail__in__page.html": "hello", "later__in__page.html": ""}
    assert told(nursery, tmp_path, script, **files) == {
        "own", "theme/mail", "common/mail/page.html",
        "theme/nowhere.html", "common/nowhere.html",
    }  # fmt: skip
