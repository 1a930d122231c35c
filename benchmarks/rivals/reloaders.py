"""Programs that run one Flask application and load it anew when its file is saved."""

from __future__ import annotations

import shlex
import signal
from typing import TYPE_CHECKING

from .kit import PYTHON, WATCHDOG
from .launch import OUTPUT, Launch
from .ours import NAME, dynaport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .kit import Kit
    from .launch import Service

STAT, OBSERVING = "flask (stat)", "flask (watchdog)"
UNWATCHED = f"{NAME} (--no-watch)"
"""The same without watching, which tells what watching costs."""


def flask(kit: Kit, home: str, service: Service, *flags: str) -> tuple[str, ...]:
    """The development server from one of the environments."""
    program = str(kit.folder / home / "bin" / "flask")
    return (program, "--app", "app", "run", "-p", str(service.port), *flags)


def stat(kit: Kit, folder: Path, service: Service) -> Launch:
    """Its reloader where watchdog is not installed: it looks at all files each second."""
    del folder
    return alone(service, flask(kit, PYTHON, service, "--reload"))


def watchdog(kit: Kit, folder: Path, service: Service) -> Launch:
    """Its reloader where watchdog is installed."""
    del folder
    return alone(service, flask(kit, WATCHDOG, service, "--reload"))


def gunicorn(kit: Kit, folder: Path, service: Service) -> Launch:
    """Its master keeps the socket and starts a worker anew."""
    del folder
    bind = ("-b", f"127.0.0.1:{service.port}", "--threads", "4")
    return alone(service, (kit.needed("gunicorn"), "--reload", *bind, service.app))


def watchfiles(kit: Kit, folder: Path, service: Service) -> Launch:
    """Its command line starts the development server anew."""
    del folder
    line = shlex.join(flask(kit, PYTHON, service))
    argv = (kit.needed("watchfiles"), "--filter", "python", line, str(service.folder))
    return alone(service, argv)


def alone(service: Service, argv: tuple[str, ...]) -> Launch:
    """In the folder of the application."""
    line = f"cd {shlex.quote(str(service.folder))} && exec {shlex.join(argv)}"
    return Launch(("sh", "-c", line), service.folder / OUTPUT, stop=signal.SIGTERM)


def ours(kit: Kit, folder: Path, service: Service) -> Launch:
    """dynaport with its usual probes."""
    return dynaport(kit, folder, [service])


def unwatched(kit: Kit, folder: Path, service: Service) -> Launch:
    """dynaport without watching."""
    return dynaport(kit, folder, [service], "--no-watch")


RELOADERS: dict[str, Callable[[Kit, Path, Service], Launch]] = {
    STAT: stat,
    OBSERVING: watchdog,
    "gunicorn": gunicorn,
    "watchfiles": watchfiles,
    NAME: ours,
}
"""By name; the last one is ours."""
