"""One start, as the engine asked for it."""

from __future__ import annotations

from typing import Any, NamedTuple

RELOADER_ONLY = ("WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD", "FLASK_RUN_FROM_CLI")
"""By which Werkzeug and Flask speak to processes of their own; inherited, they mislead."""


class Request(NamedTuple):
    """What to start and how; descriptors are not in it."""

    id: int
    kind: str
    """`exec`, `app` or `script`."""
    argv: list[str]
    cwd: str
    env: dict[str, str]
    """The whole environment."""
    fds: list[str]
    """Names of the descriptors, in the order in which they came."""
    mark: str
    """Equals DYNAPORT_MARK in `env`."""
    name: str
    host: str
    port: int | None
    hand_down: bool
    listen_names: list[str]
    debug: bool
    fresh: bool
    """Project modules are compiled from their source, whatever bytecode there is."""
    cold: bool
    """A fresh interpreter instead of a fork of the warm one."""
    tty: bool
    epoch: int
    waits: bool
    """Another process serves meanwhile: nothing is accepted before the engine says `go`."""

    @property
    def executed(self) -> bool:
        """Whether another program takes the process over: then nothing need be imported first."""
        return self.kind == "exec" or self.cold


_DEFAULTS: dict[str, Any] = {
    "mark": "",
    "name": "",
    "host": "127.0.0.1",
    "port": None,
    "hand_down": False,
    "listen_names": ["listen"],
    "debug": False,
    "fresh": False,
    "cold": False,
    "tty": False,
    "epoch": 0,
    "waits": False,
}


def parse(frame: dict[str, Any]) -> Request:
    """The request in a `spawn` frame; raises KeyError where a field is missing."""
    values = {**_DEFAULTS, **frame}
    fields = {name: values[name] for name in Request._fields}
    fields["env"] = {n: v for n, v in fields["env"].items() if n not in RELOADER_ONLY}
    return Request(**fields)
