"""dynaport itself: the checkout that these benchmarks belong to."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .launch import OUTPUT, Launch, Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kit import Kit

NAME = "dynaport"
ROOT = Path(__file__).resolve().parents[2]
ENGINE = "dynaport"
COMMAND = (sys.executable, "-P", "-m", "dynaport_tui")


def dynaport(
    kit: Kit,
    folder: Path,
    services: Sequence[Service],
    *flags: str,
    extra: str = "",
    detached: bool = False,
) -> Launch:
    """The plain stream in the foreground, or nothing but the engine; `extra`: TOML for each."""
    path = folder / "services.toml"
    path.write_text("".join(table(kit, service, extra) for service in services))
    return Launch(
        (*COMMAND, "up", "-d" if detached else "--no-tui", *flags),
        folder / OUTPUT,
        env=variables(folder),
        stop=(*COMMAND, "down") if detached else signal.SIGINT,
        heart=ENGINE if detached else "",
        logs=(folder / "s", "**/{}.log"),
    )


def variables(folder: Path) -> dict[str, str]:
    """Those that keep all its files in the folder; its path should be short."""
    return {
        "DYNAPORT_STATE_DIR": str(folder / "s"),
        "DYNAPORT_RUNTIME_DIR": str(folder / "r"),
        "PYTHONPATH": str(ROOT),
    }


def table(kit: Kit, service: Service, extra: str) -> str:
    """A service in services.toml; TOML's strings and lists are written as JSON's.

    An app without a port gets one that dynaport chooses; a command listens to nothing then.
    """
    keys: list[tuple[str, object]] = [("cwd", str(service.folder))]
    if service.app:
        keys += [("app", service.app), ("python", str(kit.python))]
    else:
        keys.append(("command", list(service.argv)))
    if service.port or not service.app:
        keys.append(("port", service.port or False))
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in keys)
    return f"[services.{service.name}]\n{''.join(lines)}{extra}\n"
