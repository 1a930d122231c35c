"""services.toml, env files and interpreters, as they are on disk."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..ledger.folders import project_runtime, project_state
from ..model.config import ConfigError, Problem, parse
from ..model.environment import Surroundings, Unresolved, launches, outside
from ..model.lines import LineIndex
from ..model.relative import relative
from .interpreters import find_python
from .patterns import is_pattern

if TYPE_CHECKING:
    from ..model.launch import Launch
    from ..model.spec import ProjectSpec, ServiceSpec

Ports = Mapping[str, Mapping[str, int]]


def read_project(file: Path, profiles: Sequence[str] = ()) -> ProjectSpec:
    """The project as services.toml says, its folders and interpreters checked; raises
    ConfigError.
    """
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        hint = "Write it again, or end the services with `dynaport down`."
        raise _unreadable(file, "the file is gone", hint=hint) from None
    except OSError as error:
        raise _unreadable(file, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _unreadable(file, "not UTF-8", line, "Save it as UTF-8.") from None
    project = _at_home(parse(text, file=str(file), profiles=profiles))
    if problems := _Disk(project, text).problems():
        raise ConfigError(tuple(problems))
    return project


def _at_home(project: ProjectSpec) -> ProjectSpec:
    """With the `~` of paths replaced."""
    change = msgspec.structs.replace
    services = {
        service: change(
            spec,
            cwd=_expanded(project.root, spec.cwd),
            env_files=tuple(_expanded(project.root, path) for path in spec.env_files),
        )
        for service, spec in project.services.items()
    }
    env_file = project.env_file and _expanded(project.root, project.env_file)
    return change(project, services=services, env_file=env_file)


def _expanded(root: str, path: str) -> str:
    """A path that begins with `~`, also where the project's folder was put before it."""
    own = path.removeprefix(f"{root}/")
    return str(Path(own).expanduser()) if own.startswith("~") else path


def _unreadable(file: Path, message: str, line: int = 1, hint: str = "") -> ConfigError:
    problem = Problem(file=str(file), line=line, key="", message=message, hint=hint)
    return ConfigError((problem,))


_PATTERN = "Write one such as `**/*.py`; a `!` before it takes files out again."


class _Disk:
    """What services.toml names and the disk does not have, or nobody can read."""

    def __init__(self, project: ProjectSpec, text: str) -> None:
        self._project = project
        self._lines = LineIndex(text)
        self._found: list[Problem] = []

    def problems(self) -> list[Problem]:
        """All of them, in the order of the file."""
        project = self._project
        if project.env_file_required and not _there(project.env_file or "", Path.is_file):
            self._missing(("project", "env_file"), project.env_file or "")
        for spec in project.services.values():
            self._check(spec)
        return sorted(dict.fromkeys(self._found), key=lambda problem: problem.line)

    def _check(self, spec: ServiceSpec) -> None:
        table = ("services", spec.name)
        if not _there(spec.cwd, Path.is_dir):
            hint = "Name an existing one, from services.toml's folder."
            self._note((*table, "cwd"), spec.cwd, "no such folder", hint)
        elif spec.kind == "script":
            self._check_script(spec, table)
        for path in spec.env_files:
            if not _there(path, Path.is_file):
                self._missing((*table, "env_file"), path)
        if spec.python is not None and find_python(self._project, spec) is None:
            hint = f"Make one with `python3 -m venv {spec.python}`, or name one that exists."
            self._note((*table, "python"), spec.python, "no interpreter there", hint)
        self._check_patterns(spec, table)

    def _check_script(self, spec: ServiceSpec, table: tuple[str, str]) -> None:
        program = shlex.split(str(spec.target))[0]
        services = self._project.services
        if any(services[other].task for other in spec.depends_on):
            return  # a task before it may write it
        if not _there(str(Path(spec.cwd, program)), Path.is_file):
            hint = f"Name a program from {spec.cwd}, its cwd."
            self._note((*table, "script"), program, "no such file", hint)

    def _check_patterns(self, spec: ServiceSpec, table: tuple[str, str]) -> None:
        for key, patterns in (("watch", spec.watch or ()), ("ignore", spec.ignore)):
            for pattern in patterns:
                if not is_pattern(pattern):
                    self._note((*table, key), pattern, f"{pattern!r} is no pattern", _PATTERN)

    def _missing(self, keys: tuple[str, ...], path: str) -> None:
        self._note(keys, path, "no such file", "Write it, or take the key away.")

    def _note(self, keys: tuple[str, ...], value: str, message: str, hint: str) -> None:
        self._found.append(
            Problem(
                file=self._project.file,
                line=self._lines.line(keys),
                key=".".join(keys),
                value=value,
                message=message,
                hint=hint,
            )
        )


def _there(path: str, kind: Callable[[Path], bool]) -> bool:
    try:
        return kind(Path(path))
    except OSError:
        return True  # who wants to use it is told why that is not allowed


def check(file: Path, profiles: Sequence[str] = ()) -> ProjectSpec:
    """The project, all of it looked through as for a start; raises ConfigError.

    No port is leased: only a pinned one is known here.
    """
    project = read_project(file, profiles)
    plan(project, {s: _pinned(spec) for s, spec in project.services.items()})
    return project


def _pinned(spec: ServiceSpec) -> dict[str, int]:
    further = dict.fromkeys(spec.ports, 0)
    return {"": spec.port or 0, **further} if spec.listens else further


def socket_path(file: Path) -> Path:
    """Where the control socket of a project is."""
    return project_runtime(file) / "sock"


def learned_file(file: Path) -> Path:
    """Where it is remembered what a project's services import."""
    return project_state(file) / "learned.json"


def log_folder(file: Path) -> Path:
    """Where the logs of a project's services are."""
    return project_state(file) / "logs"


class _EnvFiles:
    """The env files of a project, each read once, and those that cannot be."""

    def __init__(self, project: ProjectSpec) -> None:
        self._project = project
        self._known: dict[str, dict[str, str]] = {}
        self.problems: list[Problem] = []

    def common(self) -> dict[str, str]:
        """What that of the project says."""
        path = self._project.env_file
        return self._read(path, ("project", "env_file")) if path else {}

    def own(self, spec: ServiceSpec) -> dict[str, str]:
        """What those of a service say."""
        found: dict[str, str] = {}
        for path in spec.env_files:
            found |= self._read(path, ("services", spec.name, "env_file"))
        return found

    def _read(self, path: str, keys: tuple[str, ...]) -> dict[str, str]:
        if path not in self._known:
            self._known[path] = {}
            try:
                self._known[path] = _dotenv(path)
            except UnicodeDecodeError as error:
                line = error.object[: error.start].count(b"\n") + 1
                self._note(path, keys, f"is not UTF-8 in line {line}", "Save it as UTF-8.")
            except OSError as error:
                self._note(path, keys, f"cannot be read: {error.strerror or error}")
        return self._known[path]

    def _note(self, path: str, keys: tuple[str, ...], why: str, hint: str = "") -> None:
        message = f"{relative(path, self._project.root)} {why}"
        self.problems.append(_problem(self._project, keys, message, hint))


def _dotenv(path: str) -> dict[str, str]:
    try:
        text = Path(path).read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    from dotenv import dotenv_values

    return {
        k: v for k, v in dotenv_values(stream=StringIO(text, newline=None)).items() if v is not None
    }


def surroundings(project: ProjectSpec, ports: Ports) -> Surroundings:
    """What launches need beside services.toml, read from the disk and our own environment; raises
    ConfigError for an env file that cannot be read.
    """
    files = _EnvFiles(project)
    common = files.common()
    env_files = {s: {**common, **files.own(spec)} for s, spec in project.services.items()}
    if files.problems:
        raise ConfigError(tuple(files.problems))
    return Surroundings(
        shell=dict(os.environ),
        common=common,
        env_files=env_files,
        pythons={
            s: find_python(project, spec) or (sys.executable, None)
            for s, spec in project.services.items()
        },
        ports=ports,
        socket=str(socket_path(Path(project.file))),
    )


def plan(project: ProjectSpec, ports: Ports) -> dict[str, Launch]:
    """What would be executed for every service; raises ConfigError."""
    try:
        return launches(project, surroundings(project, ports))
    except Unresolved as unresolved:
        found = [
            _problem(
                project,
                ("services", project.services[service].name, "env", variable),
                str(error),
            )
            for service, variable, error in unresolved.missing
        ]
        raise ConfigError(tuple(dict.fromkeys(found))) from None


def _problem(project: ProjectSpec, keys: tuple[str, ...], message: str, hint: str = "") -> Problem:
    try:
        line = LineIndex(Path(project.file).read_text(encoding="utf-8")).line(keys)
    except (OSError, UnicodeDecodeError):
        line = 1  # it went while we were reading it
    return Problem(file=project.file, line=line, key=".".join(keys), message=message, hint=hint)


def outside_env(project: ProjectSpec, ports: Ports) -> dict[str, str]:
    """The environment of a program that is no service: the shell's, the project's env file, all
    addresses.
    """
    return outside(project, surroundings(project, ports))
