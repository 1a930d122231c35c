"""Exactly what would be executed for a service."""

from __future__ import annotations

import msgspec

from .spec import Kind, Server


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """All that a start of the service depends on. Equal launches need no restart."""

    kind: Kind
    argv: tuple[str, ...]
    """Of an `app` the reference alone, of a `script` the program and its arguments, of a `command`
    what is executed.
    """
    python: str
    """The interpreter, an absolute path."""
    python_named: bool = False
    """Whether services.toml names it, and it was not merely found."""
    venv: str | None = None
    """The folder of the virtual environment that `python` belongs to."""
    cwd: str
    env: dict[str, str]
    """The whole environment without the other services' addresses."""
    peers: dict[str, str] = {}
    """The other services' addresses: `ORDERS_URL` and so on."""
    host: str = "127.0.0.1"
    port: int | None = None
    ports: dict[str, int] = {}
    held: bool = False
    """Whether the engine holds the listening socket."""
    hand_down: bool = False
    """Whether an executed program finds the held socket as descriptor 3, as systemd passes it."""
    server: Server = "werkzeug"
    workers: int = 1
    warm: bool = True
    debug: bool = False
    tty: bool = False

    @property
    def foreign(self) -> bool:
        """Whether another server than our runner serves an app: gunicorn, hypercorn or uvicorn."""
        return self.server != "werkzeug"


_NAMED = {
    "argv": "command",
    "python": "python",
    "cwd": "cwd",
    "host": "host",
    "server": "server",
    "workers": "workers",
    "warm": "warm",
    "debug": "debug",
    "tty": "tty",
    "hand_down": "hand_down",
    "kind": "kind",
}


def differences(old: Launch, new: Launch) -> list[str]:
    """What differs so that a running service must start again, in the words of services.toml.

    The address of a service that came or went does not count: what runs cannot have used it, and
    the next start sees it. An address that moved does.
    """
    drift = _drift(old, new)
    found = [
        word
        for field, word in _NAMED.items()
        if getattr(old, field) != getattr(new, field) and field not in drift
    ]
    if old.port != new.port:
        found.append(f"port {old.port} \u2192 {new.port}")
    if old.ports != new.ports:
        found.append("ports")
    own = OWN | {port_variable(name) for name in old.ports.keys() | new.ports.keys()}
    names = {n for n in old.env.keys() | new.env.keys() if old.env.get(n) != new.env.get(n)}
    found += [f"env {name}" for name in sorted(names - own - drift)]
    moved = {n for n in old.peers.keys() & new.peers.keys() if old.peers[n] != new.peers[n]}
    return found + [f"env {name}" for name in sorted(moved)]


def stale(running: Launch, now: Launch) -> list[str]:
    """What differs between what runs and what the files say, also where no restart follows."""
    found = differences(running, now)
    if _drift(running, now):
        found.append(f"another interpreter, {now.python}")
    return found


def _drift(old: Launch, new: Launch) -> frozenset[str]:
    """What comes of another interpreter that services.toml does not name: somebody made or removed
    an environment, and that alone is no wish for a restart.
    """
    if old.python_named or new.python_named or old.python == new.python:
        return frozenset()
    return frozenset({"python", "PATH", "VIRTUAL_ENV"})


OWN = frozenset(
    {"PORT", "HOST", "FLASK_RUN_PORT", "FLASK_RUN_HOST", "UVICORN_PORT", "UVICORN_HOST"}
    | {"DYNAPORT_URL"}
)
"""Variables that only repeat `host` and `port`."""


def variable(name: str) -> str:
    """What a name becomes in a variable: `orders-api` gives `ORDERS_API`."""
    return name.upper().replace("-", "_").replace(".", "_")


def port_variable(name: str) -> str:
    """The variable of a further named port: `PORT_DEBUG` for `debug`."""
    return f"PORT_{variable(name)}"
