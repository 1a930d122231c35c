"""The cause lines: what a colleague would say of a service, in one line."""

from __future__ import annotations

import re
import signal as _signal
from typing import TYPE_CHECKING

from .machine import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .record import Record
    from .reports import Exited
    from .spec import ServiceSpec
    from .view import Exit


def seconds(value: float) -> str:
    """A duration for people: `80 ms`, `0.8 s`, `12 s`, `3 min`, `2 h`."""
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    if value < 9.95:
        return f"{value:.1f}".removesuffix(".0") + " s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def signal_name(number: int) -> str:
    """`SIGTERM` for 15, the number itself where it has no name."""
    try:
        return _signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_AGAIN = "; starts again in "

_NAMED = 3
"""Processes that are named at most."""

_WANTS_TERMINAL = re.compile(
    r"/dev/tty|not a (tty|terminal)|inappropriate ioctl for device|(tty|terminal) is required",
    re.IGNORECASE,
)
"""How programs say that they refuse to run without a terminal."""


def exited(exit_: Exit, lasted: float, why: str | None, *, tty: bool = True) -> str:
    """How a process ended and, where it is known, what it said; `tty`: it had a terminal."""
    if exit_.error is not None:
        return f"could not be started: {exit_.error}"
    if exit_.signal is not None:
        text = f"ended by {signal_name(exit_.signal)} after {seconds(lasted)}"
    else:
        text = f"exit {exit_.code} after {seconds(lasted)}"
    if not why:
        return text
    hint = "; if it needs a terminal, say tty = true"
    return f"{why} ({text})" + (hint if not tty and _WANTS_TERMINAL.search(why) else "")


def left_behind(text: str, pids: tuple[int, ...]) -> str:
    """A process that ended as if all was well while others of it went on, as a daemon does."""
    went = "went on in the background and " + ("was" if len(pids) == 1 else "were")
    return (
        f"{text}, but {_named(pids)} {went} ended; a service must stay in the foreground: "
        "look for an option such as --foreground or --no-daemon"
    )


def backing_off(text: str, delay: float, streak: int, most: int, *, cold: bool = False) -> str:
    """An exit that is followed by another start; `streak` starts in a row did not last.

    `cold`: that start is in a fresh interpreter, because the libraries imported beforehand may be
    what it failed by.
    """
    count = f", try {streak + 1} of {most}" if streak else ""
    how = " in a fresh interpreter" if cold else ""
    return f"{_going_on(text)}{_AGAIN}{seconds(delay)}{how}{count}"


def set_too_late(service: str, names: Sequence[str]) -> str:
    """A service whose code gives variables another value, after a library that reads them when it
    is imported was imported for it.
    """
    return (
        f"{service} sets {', '.join(names)} after a library that reads it was imported beforehand; "
        f"from its next start on that comes in time: dynaport restart {service}"
    )


def cold_from_now_on(service: str, why: str) -> str:
    """A service that came up in a fresh interpreter alone."""
    return (
        f"{service} comes up only in a fresh interpreter, which takes longer, and starts in one "
        f"from now on; with its libraries imported beforehand: {why}. "
        "To say the same in services.toml: warm = false"
    )


def last_words(why: str) -> str:
    """The cause of a service that will not start again after all, because the run ends with it."""
    return why.partition(_AGAIN)[0]


def failed(text: str, spec: ServiceSpec, report: Exited, streak: int) -> str:
    """An exit that no start follows."""
    if report.left:
        return text
    if report.exit.code == 0 and spec.restart.policy != "always":
        return f"{text}, but a service is meant to stay; if it is meant to end, say task = true"
    return lasted_no_time(text, streak)


def lasted_no_time(text: str, streak: int) -> str:
    """A cause that ended `streak` starts in a row."""
    return f"{_going_on(text)}; {streak} starts in a row did not last" if streak > 1 else text


def _going_on(text: str) -> str:
    """Without the full stop of a sentence that something follows."""
    return text if text.endswith("..") else text.removesuffix(".")


def until_saved(text: str, service: str) -> str:
    """Code that could not be loaded, and that only another code will mend."""
    return f"{_going_on(text)}; the next save, or `dynaport restart {service}`, tries again"


def behind(text: str, *, reload: bool) -> str:
    """A process that was to take over and did not come up; `reload`: because files were saved."""
    return f"{_going_on(text)}; the old {'code' if reload else 'process'} keeps serving"


def not_in_time(seconds_: float) -> str:
    """A process that should have been ready to take over."""
    return f"the new process was not ready after {seconds(seconds_)}"


def unhealthy(why: str, failures: int) -> str:
    """A probe that was lost `failures` times in a row."""
    return f"{_going_on(why)}, {failures} times in a row" if failures > 1 else why


def deadline(spec: ServiceSpec, port: int | None, last: str) -> str:
    """A service that should be ready by now, with the remedy where one is known."""
    after = f"not ready after {seconds(spec.health.start_deadline)}"
    if spec.kind == "command" and spec.health.kind == "tcp" and port is not None:
        return (
            f"{after}: nothing listens on port {port}; let it listen on $PORT, "
            "or say port = false if it needs none"
        )
    return f"{after}: {last}" if last else after


def killed(why: str, spec: ServiceSpec, exit_: Exit | None) -> str:
    """A stop that took more than the stop signal; `exit_`: how its leader ended, if it did."""
    who = "it" if exit_ is None else "something that it had started"
    told = f"within {seconds(spec.stop_grace)} of SIG{spec.stop_signal}"
    return f"{_going_on(why)}; killed, because {who} did not end {told}"


def still_ending(left: list[Record]) -> str:
    """Services that have not ended yet in an orderly stop."""
    names = [record.id for record in left]
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    grace = max(record.spec.stop_grace for record in left)
    return f"waiting for {who} to end, at most {seconds(grace)} each; a second Ctrl-C kills"


def would_not_die(pids: tuple[int, ...]) -> str:
    """A process that outlived KILL."""
    named = _named(pids) or "a process"
    return f"{named} did not end, not even by SIGKILL; it may hang in the kernel"


def _named(pids: tuple[int, ...]) -> str:
    more = ["more"] if len(pids) > _NAMED else []
    return " and ".join([f"pid {pid}" for pid in pids[:_NAMED]] + more)


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


def predicate(record: Record) -> str:
    """What is said of a dependency that is not satisfied: `is broken: exit 1 after 0.2 s`."""
    if not record.wanted:
        return f"is not to run ({record.why})"
    if record.cycle and record.running:
        return f"is to be restarted: {record.cycle}"
    if record.spec.task and record.state in (State.STARTING, State.READY):
        return "is still running"
    if record.state in (State.STARTING, State.STOPPING, State.STOPPED):
        return f"is {_STATE_WORDS[record.state]}"
    return f"is {_STATE_WORDS[record.state]}: {record.why}"
