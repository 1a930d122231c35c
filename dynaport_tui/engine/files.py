"""services.toml, env files and interpreters, as they are on disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..ledger.folders import project_runtime, project_state
from ..model.config import ConfigError, Problem, parse
from ..model.environment import Surroundings, launches, outside
from ..model.interpolate import InterpolationError

if TYPE_CHECKING:
    from ..model.launch import Launch
    from ..model.spec import ProjectSpec, ServiceSpec

DEFAULT_NAME = "services.toml"
Ports = Mapping[str, Mapping[str, int]]


class ProjectNotFound(Exception):
    """There is no services.toml where one was looked for; the message says what to write or run."""


def find_project(file: str | None, folder: str | None) -> Path:
    """The services.toml to use: `file`, else the nearest one in `folder` or above it; raises
    ProjectNotFound.
    """
    start = Path(folder or ".").absolute()
    if folder and not start.is_dir():
        raise ProjectNotFound(f"{start} is no folder: give -C an existing one")
    if file:
        path = start / file
        path = path / DEFAULT_NAME if path.is_dir() else path
        if not path.is_file():
            raise ProjectNotFound(f"{path} does not exist: give -f an existing services.toml")
        return path.resolve()
    for place in (start, *start.parents):
        if (place / DEFAULT_NAME).is_file():
            return (place / DEFAULT_NAME).resolve()
    raise ProjectNotFound(
        f"no services.toml in {start} or above it. Write one:\n\n"
        '    [services.web]\n    app = "app:app"      # or script = "app.py", or command = "…"\n\n'
        "then run `dynaport up`."
    )


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
    project = parse(text, file=str(file), profiles=profiles)
    problems = [p for spec in project.services.values() for p in _problems(project, spec)]
    problems += _missing_project_env(project)
    if problems:
        raise ConfigError(tuple(dict.fromkeys(problems)))
    return project


def _unreadable(file: Path, message: str, line: int = 1, hint: str = "") -> ConfigError:
    problem = Problem(file=str(file), line=line, key="", message=message, hint=hint)
    return ConfigError((problem,))


def _missing_project_env(project: ProjectSpec) -> list[Problem]:
    if not project.env_file_required or not project.env_file or Path(project.env_file).is_file():
        return []
    return [
        Problem(
            file=project.file,
            line=1,
            key="project.env_file",
            value=project.env_file,
            message="no such file",
            hint="Write it, or take the key away.",
        )
    ]


def _problems(project: ProjectSpec, spec: ServiceSpec) -> list[Problem]:
    """What services.toml names and the disk does not have."""
    found = []

    def problem(key: str, value: str, message: str, hint: str) -> None:
        found.append(
            Problem(
                file=project.file,
                line=spec.line,
                key=f"services.{spec.name}.{key}",
                value=value,
                message=message,
                hint=hint,
            )
        )

    if not Path(spec.cwd).is_dir():
        problem(
            "cwd", spec.cwd, "no such folder", "Name an existing one, from services.toml's folder."
        )
    for path in spec.env_files:
        if not Path(path).is_file():
            problem("env_file", path, "no such file", "Write it, or take the key away.")
    if spec.python is not None and find_python(project, spec) is None:
        problem(
            "python",
            spec.python,
            "no interpreter there",
            f"Make one with `python3 -m venv {spec.python}`, or name one that exists.",
        )
    return found


def find_python(project: ProjectSpec, spec: ServiceSpec) -> tuple[str, str | None] | None:
    """The interpreter of a service, and its virtual environment if it belongs to one.

    None when services.toml names one that does not exist.
    """
    cwd, root = Path(spec.cwd), Path(project.root)
    if spec.python is not None:
        named = Path(spec.python).expanduser()
        return _interpreter(root / named) or _interpreter(cwd / named) or _on_path(spec.python)
    for folder in dict.fromkeys((cwd, root)):
        for name in (".venv", "venv"):
            if found := _interpreter(folder / name):
                return found
    return sys.executable, sys.prefix if sys.prefix != sys.base_prefix else None


def _interpreter(place: Path) -> tuple[str, str | None] | None:
    """An interpreter by its own path, or the one of the virtual environment at `place`.

    Symbolic links are kept: an environment's interpreter is one, and knows itself by its path.
    """
    place = Path(os.path.normpath(place))
    program = place / "bin" / "python" if place.is_dir() else place
    if not program.is_file() or not os.access(program, os.X_OK):
        return None
    venv = program.parent.parent
    return str(program), str(venv) if (venv / "pyvenv.cfg").is_file() else None


def _on_path(name: str) -> tuple[str, str | None] | None:
    if "/" in name:
        return None
    import shutil

    found = shutil.which(name)
    return (found, None) if found else None


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
    except InterpolationError as error:
        problem = Problem(file=project.file, line=1, key="env", value=None, message=str(error))
        raise ConfigError((problem,)) from None


def outside_env(project: ProjectSpec, ports: Ports) -> dict[str, str]:
    """The environment of a program that is no service: the shell's, the project's env file, all
    addresses.
    """
    return outside(project, surroundings(project, ports))
