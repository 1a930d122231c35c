"""The cause line of a service: what a colleague would say, in the room that there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len

from ..model.machine import State
from . import glyphs
from .pieces import Piece, cut, fit, length

if TYPE_CHECKING:
    from ..model.view import ServiceStatus

_SECONDS = re.compile(r"^(answered .+) in [\d.]+ (?:ms|s)$")
_WAITS = re.compile(r"^waits for (\S+?),? which (is .+)$", re.DOTALL)
_DIFFERS = "differs from the files: "
_PLACE = re.compile(r"^(?P<before>.*?) (?P<folder>(?:[^\s:]*/)?)(?P<name>[^\s:/]+\.\w+:\d+)\b")
_BEFORE_LEAST = 8
"""Cells of what happened that are worth showing before its place."""
_TAIL = " (…"
"""Of what follows a place, the least that is worth showing."""
_UNSTARTED = "could not be started: "
_EXPLAINED = re.compile(r"^(?:ModuleNotFoundError|ImportError): ")
"""Errors whose text says what they are."""
_ALIVE = "alive for one second"
_EYES = frozenset({"broken", "unhealthy", "backing off", "waiting", "old code"})


def why(status: ServiceStatus, *, timed: bool) -> list[Piece]:
    """What a colleague would say; never the state again, nor a duration that stands beside it."""
    word = glyphs.state_word(status)
    if status.stale and word not in _EYES:
        found = status.stale.removeprefix(_DIFFERS)
        return [Piece("stale: ", "warn"), Piece(f"{found}; r applies it", "warn")]
    text = in_keys(" ".join(status.why.split()), status.id)
    text = re.sub(rf"^{re.escape(word)}(?:[:,;]\s*|$)", "", text)
    if word in _EYES:
        text = text.removeprefix(_UNSTARTED)
    text = text or unanswered(status)
    if timed:
        text = _SECONDS.sub(r"\1", text)
    if text == _ALIVE and word == "ready":
        text = ""  # what its health says, and better
    if found_wait := _WAITS.match(text):
        return [Piece(f"{glyphs.FROM} "), Piece(f"{found_wait[1]} {found_wait[2]}")]
    return [Piece(text, "text" if word in _EYES else "dim")]


def in_keys(text: str, service: str) -> str:
    """A cause with the key that does what its remedy says, where that key concerns the service."""
    return text.replace(f"`dynaport restart {service}`", "r")


def unanswered(status: ServiceStatus) -> str:
    """What a service that starts owes; empty where nothing was asked of it yet."""
    if status.state is not State.STARTING or status.port is None or not status.health.failures:
        return ""
    return f"nothing answers on port {status.port} yet"


def cause(status: ServiceStatus, width: int, *, timed: bool) -> list[Piece]:
    """The same in exactly so many cells; `timed`: the latency stands beside it."""
    *first, last = why(status, timed=timed)
    room = width - length(first)
    return cut([*first, Piece(shortened(last.text, room, alone=not first), last.ink)], width)


def shortened(text: str, width: int, *, alone: bool = True) -> str:
    """A cause that keeps its file and line where it is too long: first the folders go, then the
    end of what happened, then all of it, if the place may stand `alone`.
    """
    found = _PLACE.match(text)
    if cell_len(text) <= width or found is None:
        return text
    before, name, after = found["before"], found["name"], text[found.end() :]
    for front in (found[0], f"{before} {name}"):
        if cell_len(front) + len(_TAIL) <= width:
            return front + after
        if cell_len(front) <= width:
            return front
    left = width - cell_len(name) - 1
    if left >= _BEFORE_LEAST:
        return f"{fit(_EXPLAINED.sub('', before), left).rstrip()} {name}"
    return name if alone and cell_len(name) <= width else text
