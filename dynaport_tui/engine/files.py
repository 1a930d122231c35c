"""services.toml, env files and interpreters, as they are on disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..ledger.folders import project_runtime, project_state
from ..model.config import ConfigError, Problem, parse
from ..model.environment import Surroundings, Unresolved, launches, outside
from ..model.lines import LineIndex
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
        if project.env_file_required and not Path(project.env_file or "").is_file():
            self._missing(("project", "env_file"), project.env_file or "")
        for spec in project.services.values():
            self._check(spec)
        return sorted(dict.fromkeys(self._found), key=lambda problem: problem.line)

    def _check(self, spec: ServiceSpec) -> None:
        table = ("services", spec.name)
        if not Path(spec.cwd).is_dir():
            hint = "Name an existing one, from services.toml's folder."
            self._note((*table, "cwd"), spec.cwd, "no such folder", hint)
        for path in spec.env_files:
            if not Path(path).is_file():
                self._missing((*table, "env_file"), path)
        if spec.python is not None and find_python(self._project, spec) is None:
            hint = f"Make one with `python3 -m venv {spec.python}`, or name one that exists."
            self._note((*table, "python"), spec.python, "no interpreter there", hint)
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


def socket_path(file: Path) -> Path:
    """Where the control socket of a project is."""
    return project_runtime(file) / "sock"


def log_folder(file: Path) -> Path:
    """Where the logs of a project's services are."""
    return project_state(file) / "logs"


def surroundings(project: ProjectSpec, ports: Ports) -> Surroundings:
    """What launches need beside services.toml, read from the disk and our own environment."""
    common = _dotenv(project.env_file) if project.env_file else {}
    return Surroundings(
        shell=dict(os.environ),
        common=common,
        env_files={s: {**common, **_own_env(spec)} for s, spec in project.services.items()},
        pythons={
            s: find_python(project, spec) or (sys.executable, None)
            for s, spec in project.services.items()
        },
        ports=ports,
        socket=str(socket_path(Path(project.file))),
    )


def _own_env(spec: ServiceSpec) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in spec.env_files:
        found |= _dotenv(path)
    return found


def _dotenv(path: str) -> dict[str, str]:
    if not Path(path).is_file():
        return {}
    from dotenv import dotenv_values

    return {k: v for k, v in dotenv_values(path, encoding="utf-8").items() if v is not None}


def plan(project: ProjectSpec, ports: Ports) -> dict[str, Launch]:
    """What would be executed for every service; raises ConfigError."""
    try:
        return launches(project, surroundings(project, ports))
    except Unresolved as error:
        keys = ("services", project.services[error.service].name, "env", error.variable)
        problem = Problem(
            file=project.file,
            line=_line(project.file, keys),
            key=".".join(keys),
            message=str(error),
        )
        raise ConfigError((problem,)) from None


def _line(file: str, keys: tuple[str, ...]) -> int:
    try:
        return LineIndex(Path(file).read_text(encoding="utf-8")).line(keys)
    except (OSError, UnicodeDecodeError):
        return 1  # it went while we were reading it


def outside_env(project: ProjectSpec, ports: Ports) -> dict[str, str]:
    """The environment of a program that is no service: the shell's, the project's env file, all
    addresses.
    """
    return outside(project, surroundings(project, ports))
