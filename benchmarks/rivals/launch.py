"""How a supervisor is started with some services, and how it is told to stop."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .kit import Kit

OUTPUT = "output.txt"
"""What the supervisor itself printed."""
LOGS = "logs"
"""The folder of the services' log files, of those that write such files."""


@dataclass(frozen=True)
class Service:
    """One of the services; each has a folder of its own."""

    name: str
    folder: Path
    argv: tuple[str, ...]
    """What a supervisor has to run, with absolute paths."""
    port: int | None = None
    app: str = ""
    """The WSGI application that `argv` serves, for who can serve it without a command."""

    @property
    def line(self) -> str:
        """The same for a shell, which becomes the program."""
        return f"cd {shlex.quote(str(self.folder))} && exec {shlex.join(self.argv)}"


@dataclass(frozen=True)
class Launch:
    """A command line and what is known of the program that it runs."""

    argv: tuple[str, ...]
    output: Path
    """A file that gets what it prints."""
    env: Mapping[str, str] = field(default_factory=dict)
    terminal: bool = False
    """Whether it needs a terminal, whose output is thrown away then."""
    stop: int | bytes | tuple[str, ...] = signal.SIGINT
    """The signal, the key or the command that stops it in order."""
    heart: str = ""
    """Text in the arguments of the process that supervises; the command itself without it."""
    logs: tuple[Path, str] | None = None
    """The folder and pattern of the files to which it writes the services' lines as they are."""


Recipe = Callable[[Kit, Path, Sequence[Service]], Launch]
"""Writes what the program needs into the folder, and says how it is started."""


def shell(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """The bare floor: everything in the background of one shell."""
    del kit
    lines = [f'({service.line}) &\npids="$pids $!"' for service in services]
    script = folder / "run.sh"
    script.write_text("\n".join(["trap 'kill $pids' INT TERM", *lines, "wait", "wait", ""]))
    return Launch(("sh", str(script)), folder / OUTPUT, stop=signal.SIGTERM)


def honcho(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """A Procfile."""
    argv = (kit.needed("honcho"), "-f", procfile(folder, services), "start")
    return Launch(argv, folder / OUTPUT)


def foreman(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """The same Procfile."""
    argv = (kit.needed("foreman"), "start", "-f", procfile(folder, services))
    return Launch(argv, folder / OUTPUT, env=kit.environment("foreman"))


def procfile(folder: Path, services: Sequence[Service]) -> str:
    """Its path."""
    path = folder / "Procfile"
    path.write_text("".join(f"{service.name}: {service.line}\n" for service in services))
    return str(path)


def supervisord(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """A section for each program."""
    logs = folder / LOGS
    logs.mkdir(exist_ok=True)
    parts = [
        f"[supervisord]\nnodaemon=true\nlogfile={folder / 'own.log'}\npidfile={folder / 'pid'}\n"
    ]
    for service in services:
        parts.append(
            f"[program:{service.name}]\ncommand={shlex.join(service.argv)}\n"
            f"directory={service.folder}\nredirect_stderr=true\n"
            f"stdout_logfile={logs / service.name}.log\n"
        )
    path = folder / "supervisord.conf"
    path.write_text("\n".join(parts).replace("%", "%%"))
    argv = (kit.needed("supervisord"), "-n", "-c", str(path))
    return Launch(argv, folder / OUTPUT, stop=signal.SIGTERM, logs=(logs, "{}.log*"))


def circus(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """A watcher for each, with sockets in the folder instead of its fixed ports."""
    logs = folder / LOGS
    logs.mkdir(exist_ok=True)
    ends = f"endpoint = ipc://{folder}/c\npubsub_endpoint = ipc://{folder}/p\n"
    parts = [f"[circus]\n{ends}"]
    for service in services:
        parts.append(
            f"[watcher:{service.name}]\ncmd = {shlex.join(service.argv)}\n"
            f"working_dir = {service.folder}\ncopy_env = True\n"
            "stdout_stream.class = FileStream\n"
            f"stdout_stream.filename = {logs / service.name}.log\n"
        )
    path = folder / "circus.ini"
    path.write_text("\n".join(parts))
    argv = (kit.needed("circus"), str(path))
    return Launch(argv, folder / OUTPUT, stop=signal.SIGTERM, logs=(logs, "{}.log*"))


def pm2(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """A daemon with a home of its own; the command that starts it ends at once."""
    logs = folder / LOGS
    logs.mkdir(exist_ok=True)
    apps = [
        {
            "name": service.name,
            "script": service.argv[0],
            "args": list(service.argv[1:]),
            "interpreter": "none",
            "cwd": str(service.folder),
            "out_file": str(logs / f"{service.name}.log"),
            "error_file": str(logs / f"{service.name}.err"),
            "merge_logs": True,
        }
        for service in services
    ]
    path = folder / "ecosystem.config.json"
    path.write_text(json.dumps({"apps": apps}))
    program = kit.needed("pm2")
    return Launch(
        (program, "start", str(path)),
        folder / OUTPUT,
        env={"PM2_HOME": str(folder / "pm2")},
        stop=(program, "kill"),
        heart="God Daemon",
        logs=(logs, "{}.log"),
    )


def concurrently(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """Names and commands as arguments."""
    names = ",".join(service.name for service in services)
    lines = (service.line for service in services)
    argv = (kit.needed("concurrently"), "-n", names, *lines)
    return Launch(argv, folder / OUTPUT, stop=signal.SIGTERM)


def mprocs(kit: Kit, folder: Path, services: Sequence[Service]) -> Launch:
    """Its file is YAML, of which JSON is a part; it needs a terminal."""
    procs = {
        service.name: {"cmd": list(service.argv), "cwd": str(service.folder)}
        for service in services
    }
    path = folder / "mprocs.yaml"
    path.write_text(json.dumps({"procs": procs}))
    argv = (kit.needed("mprocs"), "--config", str(path))
    return Launch(argv, folder / OUTPUT, terminal=True, stop=b"q", heart="/mprocs-")


SUPERVISORS: dict[str, Recipe] = {
    "sh": shell,
    "honcho": honcho,
    "foreman": foreman,
    "supervisord": supervisord,
    "circus": circus,
    "pm2": pm2,
    "mprocs": mprocs,
    "concurrently": concurrently,
}
"""All but ours, by name."""
