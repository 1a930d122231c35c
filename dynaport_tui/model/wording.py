"""The cause lines: what a colleague would say of a service, in one line."""

from __future__ import annotations

import signal as _signal
from typing import TYPE_CHECKING

from .machine import State

if TYPE_CHECKING:
    from .record import Record
    from .spec import ServiceSpec
    from .view import Exit


def seconds(value: float) -> str:
    """A duration for people: `80 ms`, `0.8 s`, `12 s`, `3 min`, `2 h`."""
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    if value < 9.95:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def signal_name(number: int) -> str:
    """`SIGTERM` for 15, the number itself where it has no name."""
    try:
        return _signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def exited(exit_: Exit, lasted: float, why: str | None) -> str:
    """How a process ended and, where it is known, what it said."""
    if exit_.error is not None:
        return f"could not be started: {exit_.error}"
    if exit_.signal is not None:
        text = f"ended by {signal_name(exit_.signal)} after {seconds(lasted)}"
    else:
        text = f"exit {exit_.code} after {seconds(lasted)}"
    return f"{why} ({text})" if why else text


def backing_off(text: str, delay: float, streak: int, most: int) -> str:
    """An exit that is followed by another start; `streak` starts in a row did not last."""
    count = f", try {streak + 1} of {most}" if streak else ""
    return f"{text}; starts again in {seconds(delay)}{count}"


def failed(text: str, spec: ServiceSpec, exit_: Exit, streak: int) -> str:
    """An exit that no start follows."""
    if exit_.code == 0 and spec.restart.policy != "always":
        return f"{text}, but a service is meant to stay; if it is meant to end, say task = true"
    return lasted_no_time(text, streak)


def lasted_no_time(text: str, streak: int) -> str:
    """A cause that ended `streak` starts in a row."""
    return f"{text}; {streak} starts in a row did not last" if streak > 1 else text


def unhealthy(why: str, failures: int) -> str:
    """A probe that was lost `failures` times in a row."""
    return f"{why}, {failures} times in a row" if failures > 1 else why


def deadline(spec: ServiceSpec, port: int | None, last: str) -> str:
    """A service that should be ready by now, with the remedy where one is known."""
    after = f"not ready after {seconds(spec.health.start_deadline)}"
    if spec.kind == "command" and spec.health.kind == "tcp" and port is not None:
        return (
            f"{after}: nothing listens on port {port}; let it listen on $PORT, "
            "or say port = false if it needs none"
        )
    return f"{after}: {last}" if last else after


def would_not_die(pids: tuple[int, ...]) -> str:
    """A process that outlived KILL."""
    named = " and ".join(f"pid {pid}" for pid in pids) or "a process"
    return f"{named} did not end, not even by SIGKILL; it may hang in the kernel"


_STATE_WORDS = {
    State.STOPPED: "not started",
    State.STARTING: "not ready yet",
    State.READY: "ready",
    State.UNHEALTHY: "unhealthy",
    State.STOPPING: "stopping",
    State.BACKOFF: "failing",
    State.DONE: "done",
    State.FAILED: "broken",
}


def condition(service: str, record: Record) -> str:
    """A dependency that is not satisfied: `db: broken, exit 1 after 0.2 s`."""
    if record.spec.task and record.state in (State.STARTING, State.READY):
        return f"{service}, which is still running"
    if record.state in (State.STARTING, State.STOPPING, State.STOPPED):
        return f"{service}, which is {_STATE_WORDS[record.state]}"
    return f"{service}, which is {_STATE_WORDS[record.state]}: {record.why}"
