"""The walls between the rooms: what each may import, and what is loaded after it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "dynaport_tui"

HEAVY = frozenset(
    {"aiohttp", "flask", "psutil", "rich", "textual", "uvicorn", "watchfiles", "werkzeug"}
)
"""Slow to import: never at the top of what every command loads."""

SLOW = frozenset({
    "asyncio", "dynaport_tui.engine", "dynaport_tui.model.config", "email", "http.client",
    "sqlite3", "ssl", "subprocess",
})  # fmt: skip
"""What a command that only asks a running engine has no time for."""

VIEWS = frozenset({"flask", "rich", "textual", "click"})

REGISTRY = {
    "ledger", "model.launch", "model.problems", "registry", "service_registry", "settings",
}  # fmt: skip
"""The rooms of what other people's programs ask for services."""

FLASK = {*REGISTRY, "flask_integration", "integration", "model.redaction"}
"""The rooms of what a Flask app imports."""

OURS = {
    "model": {"model"},
    "ledger": {"ledger", "model.spec"},
    "nursery": {"nursery"},
    "engine": {"engine", "model", "ledger", "patience", "settings"},
    "control.protocol": {"control.protocol", "model"},
    "control.client": {"control.protocol", "control.client", "model"},
    "control.async_client": {"control.protocol", "control.client", "control.async_client", "model"},
    "control.feed": {"control", "model"},
    "control.http1": {"control.http1"},
    "control.routes": {"control", "model"},
    "control.server": {"control", "model"},
    "headless": {"headless", "model"},
    "tui": {
        "tui",
        "model",
        "control.protocol",
        "control.client",
        "control.async_client",
        "patience",
    },
    "patience": {"patience"},
    "pytest_plugin": {"pytest_plugin", "settings"},
    "port_allocator": {"ledger", "port_allocator", "settings"},
    "service_registry": REGISTRY,
    "registry": REGISTRY,
    "flask_integration": FLASK,
    "integration": FLASK,
    "settings": {
        "settings",
        "ledger.errors",
        "ledger.folders",
        "model.lines",
        "model.problems",
        "model.setting",
    },
}
"""Room -> what of our own it may import."""

LIBRARIES = {
    "model": {"msgspec"},
    "ledger": {"msgspec", "platformdirs", "psutil"},
    "nursery": set[str](),
    "engine": {"dotenv", "msgspec", "pathspec", "platformdirs", "psutil", "watchfiles"},
    "control.protocol": {"msgspec"},
    "control.client": {"msgspec"},
    "control.async_client": {"msgspec"},
    "control.feed": {"msgspec"},
    "control.http1": set[str](),
    "control.routes": {"msgspec"},
    "control.server": set[str](),
    "headless": {"msgspec", "rich"},
    "tui": {"msgspec", "rich", "textual"},
    "patience": set[str](),
    "pytest_plugin": {"pytest"},
    "port_allocator": set[str](),
    "service_registry": set[str](),
    "registry": {"msgspec"},
    "flask_integration": {"flask"},
    "integration": {"psutil"},
    "settings": set[str](),
}  # fmt: skip
"""Room -> the libraries that it may import beside the standard library."""

FROM_THE_SERVICE = {"flask", "jinja2", "uvicorn", "werkzeug", "gevent", "eventlet", "uvloop"}
"""What a nursery may use where the service's environment has it, so never at the top of a file."""

NOT_LOADED = {
    "dynaport_tui": HEAVY | {"asyncio", "click", "msgspec", "sqlite3"},
    "dynaport_tui.model": HEAVY | {"asyncio", "click", "sqlite3", "socket", "subprocess"},
    "dynaport_tui.ledger": HEAVY | {"asyncio", "click", "dynaport_tui.engine"},
    "dynaport_tui.port_allocator": HEAVY | SLOW - {"email"} | {"click", "msgspec"},
    "dynaport_tui.flask_integration": HEAVY
    | {"asyncio", "click", "msgspec", "platformdirs", "sqlite3", "dynaport_tui.ledger.ledger"},
    "dynaport_tui.service_registry": HEAVY | {"asyncio", "click", "dynaport_tui.engine", "email"},
    "dynaport_tui.engine": VIEWS | {"dynaport_tui.control", "dynaport_tui.cli"},
    "dynaport_tui.engine.engine": HEAVY | {"click", "dynaport_tui.control", "dynaport_tui.cli"},
    "dynaport_tui.control.protocol": HEAVY | {"asyncio", "dynaport_tui.engine"},
    "dynaport_tui.control.client": HEAVY | SLOW | {"click"},
    "dynaport_tui.control.server": HEAVY | {"dynaport_tui.engine"},
    "dynaport_tui.headless": {"textual", "flask", "aiohttp", "dynaport_tui.engine"},
    "dynaport_tui.pytest_plugin": HEAVY | {"asyncio", "click", "msgspec", "sqlite3", "tomllib"},
    "dynaport_tui.settings": HEAVY | SLOW | {"click", "msgspec", "tomllib"},
    "dynaport_tui.cli.main": HEAVY | {"dynaport_tui.engine.engine"},
    "dynaport_tui.cli.dashboard": HEAVY | {"asyncio", "dynaport_tui.engine.engine", "sqlite3"},
}
"""Module, or room with all its modules -> what importing it must not load."""

WHOLE = """
import importlib, pkgutil, sys
name = sys.argv[1]
room = importlib.import_module(name)
parts = [] if name == "dynaport_tui" else getattr(room, "__path__", [])
for found in pkgutil.walk_packages(parts, name + "."):
    if not found.name.endswith(".__main__"):
        importlib.import_module(found.name)
print(*sys.modules)
"""

COMMAND = """
import sys
from dynaport_tui.cli.main import main
main(sys.argv[1:])
print(*sys.modules)
"""

NURSERY_ALONE = """
import importlib, importlib.util, pathlib, sys
folder = pathlib.Path(sys.argv[1])
spec = importlib.util.spec_from_file_location(
    "_alone", folder / "__init__.py", submodule_search_locations=[str(folder)])
sys.modules["_alone"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["_alone"])
for path in sorted(folder.glob("*.py")):
    if path.stem not in ("__init__", "__main__"):
        importlib.import_module("_alone." + path.stem)
print(*sys.modules)
"""


def fresh(*args: str) -> set[str]:
    """The modules that a fresh interpreter has loaded at the end of such a program."""
    finished = subprocess.run(
        [sys.executable, *args],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.split())


def files(room: str) -> list[Path]:
    """The source files of a room."""
    path = PACKAGE.joinpath(*room.split("."))
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imports(path: Path, *, top: bool = False) -> Iterator[str]:
    """The absolute names of what a file imports; `top`: only what stands outside functions."""
    package = ".".join(path.relative_to(PACKAGE.parent).parent.parts)
    for node in walk(ast.parse(path.read_text(encoding="utf-8")), into_functions=not top):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, (base, node.module)))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def walk(node: ast.AST, *, into_functions: bool) -> Iterator[ast.AST]:
    """Every node below `node`."""
    for child in ast.iter_child_nodes(node):
        yield child
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        if into_functions or not function:
            yield from walk(child, into_functions=into_functions)


def is_inside(name: str, places: set[str]) -> bool:
    """Whether a dotted name is one of the places or below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("name", NOT_LOADED)
def test_importing_a_room_loads_nothing_that_it_must_not_know(name: str) -> None:
    loaded = fresh("-c", WHOLE, name)
    assert not sorted(loaded & NOT_LOADED[name])


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["ps"],
        ["why", "users"],
        ["url", "users"],
        ["port", "--help"],
        ["config", "list"],
    ],
)
def test_a_quick_command_loads_nothing_slow(args: list[str]) -> None:
    loaded = fresh("-c", COMMAND, *args)
    assert not sorted(loaded & (HEAVY | SLOW))


@pytest.mark.parametrize("room", OURS)
def test_a_room_imports_only_the_rooms_that_it_may(room: str) -> None:
    may = {"dynaport_tui.__version__"} | {f"dynaport_tui.{name}" for name in OURS[room]}
    strangers = [
        f"{path.name}: {name}"
        for path in files(room)
        for name in imports(path)
        if is_inside(name, {"dynaport_tui"}) and not is_inside(name, may)
    ]
    assert not strangers


@pytest.mark.parametrize("room", LIBRARIES)
def test_a_room_imports_only_the_libraries_that_it_may(room: str) -> None:
    known = LIBRARIES[room] | sys.stdlib_module_names | {"dynaport_tui"}
    strangers = [
        f"{path.name}: {name}"
        for path in files(room)
        for name in imports(path, top=room == "nursery")
        if name.split(".")[0] not in known
    ]
    assert not strangers


def test_the_nursery_uses_only_web_libraries_of_the_service() -> None:
    known = FROM_THE_SERVICE | sys.stdlib_module_names | {"dynaport_tui"}
    used = {name.split(".")[0] for path in files("nursery") for name in imports(path)}
    assert used <= known


@pytest.mark.timeout(60)
def test_the_nursery_loads_from_its_folder_without_any_installed_package() -> None:
    loaded = fresh("-I", "-S", "-c", NURSERY_ALONE, str(PACKAGE / "nursery"))
    roots = {name.split(".")[0] for name in loaded}
    assert roots - sys.stdlib_module_names <= {"__main__", "_alone"}


@pytest.mark.parametrize("path", files("nursery"), ids=lambda path: path.name)
def test_the_nursery_is_written_in_python_3_9(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    if tree.body:
        assert "from __future__ import annotations" in source or not annotated(tree)


def annotated(tree: ast.Module) -> bool:
    """Whether anything has an annotation, which 3.9 would evaluate."""
    return any(
        isinstance(node, ast.AnnAssign)
        or (isinstance(node, ast.arg) and node.annotation is not None)
        or (isinstance(node, ast.FunctionDef) and node.returns is not None)
        for node in ast.walk(tree)
    )
