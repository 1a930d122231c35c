"""The nursery that a run is about to need, started before anything else is imported.

It imports Flask on one core while the engine imports itself on another. What it is to be is guessed
from a glance at services.toml; where the guess was wrong it is ended, and nothing but time is lost.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from .interpreters import environment_in, named_python
from .spawning import AT_START, AT_START_NAMES, at_start, spawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .spawning import How, Spawned

FILE = "services.toml"
GIVEN = {"PYTHONUNBUFFERED": "1"}
"""What every service finds in its environment of the variables that are read at the start."""
LARGEST = 1 << 18
"""Bytes of a file that is glanced at."""


class Guess(NamedTuple):
    """Which nursery will be needed."""

    python: str
    env: dict[str, str]
    how: How


class _Waiting(NamedTuple):
    guess: Guess
    spawned: Spawned


_waiting: list[_Waiting] = []


def begin(start: str) -> Spawned | None:
    """Start the nursery for the services.toml `start`, or for the one in that folder or above it.

    Garbage is not looked for until `over` is called: what is imported is not any.
    """
    gc.disable()
    guess = look(start, os.environ)
    if guess is None:
        return None
    try:
        spawned = spawn(guess.python, guess.env, guess.how)
    except OSError:
        return None  # told when it is needed
    _waiting.append(_Waiting(guess, spawned))
    return spawned


def take(python: str, variables: Sequence[tuple[str, str]], how: How) -> Spawned | None:
    """The nursery that was started, if it is such a one."""
    if not _waiting:
        return None
    guess, spawned = _waiting[0]
    if (guess.python, at_start(guess.env), guess.how) != (python, tuple(variables), how):
        return None
    _waiting.clear()
    return spawned


def over() -> None:
    """The run has begun, or will not: end what nobody took, and look for garbage again."""
    while _waiting:
        _, (process, socket) = _waiting.pop()
        socket.close()
        process.kill()
        process.wait()
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def look(start: str, environ: Mapping[str, str]) -> Guess | None:
    """What the services.toml there, or in a folder above, will need; None where that is not seen
    at a glance.
    """
    file = _nearest(os.path.abspath(start))
    if file is None:
        return None
    folder = os.path.dirname(file)
    text = _read(file)
    lines = [line for line in text.splitlines() if "=" in line]
    keys = {line.partition("=")[0].strip() for line in lines}
    if not keys & {"app", "script"}:
        return Guess(sys.executable, dict(environ), "bare") if "command" in keys else None
    told = text + _read(os.path.join(folder, ".env"))
    if any(name in told for name in (*AT_START, *AT_START_NAMES)):
        return None
    named = _first(lines, "python")
    found = environment_in(folder) if named is None else named_python(named, [folder])
    python = sys.executable if found is None else found[0]
    return Guess(python, {**environ, **GIVEN}, "warm")


def _first(lines: Sequence[str], key: str) -> str | None:
    """The first string that a line gives to a key."""
    for line in lines:
        name, _, value = line.partition("=")
        quote = value.strip()[:1]
        if name.strip() == key and quote in ("'", '"'):
            return value.split(quote)[1]
    return None


def _nearest(start: str) -> str | None:
    if os.path.isfile(start):
        return start
    while not os.path.isfile(os.path.join(start, FILE)):
        above = os.path.dirname(start)
        if above == start:
            return None
        start = above
    return os.path.join(start, FILE)


def _read(file: str) -> str:
    """Its text; empty where there is none that could be meant."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read(LARGEST)
    except OSError:
        return ""
