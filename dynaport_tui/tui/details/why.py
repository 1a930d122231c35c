"""Why a service is as it is: the cause, the chain before it, its last traceback, its history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace
from rich.text import Text

from ...model.machine import State
from ...model.relative import relative
from ...model.text import clean, plain
from ...model.wording import seconds, signal_name
from ..cause import in_keys, unanswered
from ..glyphs import DOT, UNICODE, counted, duration, state_mark
from ..lines import Line
from .sheet import INDENT, Sheet, clock, fact, heading, note, one_line, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...model.view import Details, Exit, Moment, ServiceStatus, Traceback
    from ..glyphs import Mark

_BROKEN = (State.FAILED, State.BACKOFF, State.UNHEALTHY)
_LONG = 24
"""Cells of a reason that is worth leaving out where it is said again."""
_REMEDY = "the next save"
_ROOMY = 100
"""Columns from which the history tells how long ago and how long."""
_FRAMES = 12
"""Frames that are shown at most, the deepest."""
_FRAME = re.compile(r'^[\s|]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<where>.+))?')
_INSTALLED = ("site-packages", "dist-packages")
_ELBOW, _BRANCH, _BESIDE = ("└ ", "├ ", "│ ") if UNICODE else ("` ", "| ", "| ")
_ARROW = "→" if UNICODE else "->"


class Frame(NamedTuple):
    """A place of the project that a traceback went through."""

    file: str
    line: int
    where: str
    code: str


def lines(
    sheet: Sheet,
    status: ServiceStatus,
    details: Details | None,
    traceback: Traceback | None,
    root: str,
) -> list[Line]:
    """All of the tab."""
    causes = details.causes if details else []
    return [
        *_cause(sheet, status),
        *_chain(sheet, status, causes),
        *_facts(sheet, status),
        *(_traceback(sheet, status, traceback, root) if traceback else ()),
        *(_history(sheet, status, details.history) if details else ()),
    ]


def _cause(sheet: Sheet, status: ServiceStatus) -> list[Line]:
    mark = state_mark(status)
    lead = Text(" " * INDENT)
    lead.append(f"{mark.glyph} {mark.word}", sheet.ink(mark))
    lead.append("  ")
    why = one_line(status.why)
    if why in ("", mark.word) and (owed := unanswered(status)):
        why = f"{owed}; PORT tells it that number"
    why = why or "nothing has happened to it yet"
    return [
        Line("cause:before", Text()),
        *wrapped(sheet, "cause", lead, Text(in_keys(why, status.id), sheet.bold), why),
    ]


def _chain(sheet: Sheet, status: ServiceStatus, causes: Sequence[str]) -> Iterator[Line]:
    if len(causes) < 2:
        return
    yield from heading(sheet, "because")
    for number, (guides, cause) in enumerate(_nested([one_line(cause) for cause in causes], sheet)):
        lead = Text(" " * INDENT).append(guides, sheet.colours.dim)
        yield from wrapped(sheet, f"cause:{number}", lead, _told(sheet, status, cause), cause)


def _nested(causes: Sequence[str], sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Every cause below the first one whose service depends on its own, with the lines before it.

    One that none depends on is taken for the reason of the one before it.
    """
    below: dict[int, list[int]] = {}
    for number, cause in enumerate(causes[1:], 1):
        waits = (n for n in range(number) if _who(cause) in _needs(causes[n], sheet))
        below.setdefault(next(waits, number - 1), []).append(number)
    pending = [("", "", 0)]
    while pending:
        before, elbow, number = pending.pop()
        yield before + elbow, causes[number]
        inner = before + (_BESIDE if elbow == _BRANCH else "  " if elbow else "")
        under = [(inner, _BRANCH, n) for n in below.get(number, ())]
        pending += [*((i, _ELBOW, n) for i, _, n in under[-1:]), *reversed(under[:-1])]


def _who(cause: str) -> str:
    return cause.partition(" ")[0].rstrip(":,")


def _needs(cause: str, sheet: Sheet) -> Sequence[str]:
    status = sheet.services.get(_who(cause))
    return status.depends_on if status else ()


def _told(sheet: Sheet, status: ServiceStatus, cause: str) -> Text:
    """A cause with the services that it names in their colours, behind the first one's state."""
    first = _who(cause)
    who = sheet.services.get(first, status if status.id == first else None)
    text = Text()
    if who is not None:
        mark = state_mark(who)
        text.append(f"{mark.glyph} ", sheet.ink(mark))
    for word in re.split(r"([\s,:;]+)", cause):
        if word in sheet.services:
            text.append_text(sheet.name(word))
        else:
            text.append(word, sheet.colours.text)
    return text


def _facts(sheet: Sheet, status: ServiceStatus) -> Iterator[Line]:
    rows: list[tuple[str, Text]] = []
    colours = sheet.colours
    if status.stale:
        text = Text(one_line(status.stale), colours.warn)
        rows.append(("stale", text.append("  r applies it", colours.dim)))
    if status.uptime_s is not None:
        rows.append(("up", Text(duration(status.uptime_s), colours.text)))
    times = [counted(n, noun) for n, noun in _times(status) if n]
    if times:
        rows.append(("so far", Text(", ".join(times), colours.text)))
    if status.exit is not None:
        rows.append(("last exit", Text(_ended(status.exit), colours.text)))
    if rows:
        yield Line("facts:before", Text())
    for label, value in rows:
        yield from fact(sheet, label, value)


def _times(status: ServiceStatus) -> tuple[tuple[int, str], ...]:
    return (
        (status.restarts, "restart"),
        (status.reloads, "reload"),
        (status.log_errors, "error"),
    )


def _ended(exit_: Exit) -> str:
    if exit_.error is not None:
        return f"could not be started: {one_line(exit_.error)}"
    if exit_.signal is not None:
        return f"ended by {signal_name(exit_.signal)}"
    return f"exit {exit_.code}"


# ---- the traceback


def frames(traceback: Traceback, root: str) -> list[Frame]:
    """The places of the project in it, the deepest last."""
    said = [plain(clean(line)) for line in traceback.data.splitlines()]
    found = []
    for line, following in zip(said, [*said[1:], ""], strict=False):
        place = _FRAME.match(line)
        if place is None or any(folder in place["file"] for folder in _INSTALLED):
            continue
        file = relative(place["file"], root)
        if file.startswith(("/", "<")):
            continue
        code = "" if _FRAME.match(following) else following.strip(" |")
        found.append(Frame(file, int(place["line"]), place["where"] or "", code))
    return found


def _traceback(
    sheet: Sheet, status: ServiceStatus, traceback: Traceback, root: str
) -> Iterator[Line]:
    colours = sheet.colours
    yield from heading(
        sheet, "last traceback", f"{sheet.ago(traceback.at)} {DOT} t copies, E opens"
    )
    error, place = one_line(traceback.error), _place(traceback, root)
    value = Text(error, colours.bad if status.state in _BROKEN else colours.text)
    if place:
        value.append("  ").append(place, colours.accent)
    copied = f"{error}  {place}" if place else error
    yield from wrapped(sheet, "traceback", Text(" " * INDENT), value, copied)
    if status.state not in _BROKEN:
        return
    for number, frame in enumerate(frames(traceback, root)[-_FRAMES:]):
        yield from _frame(sheet, f"frame:{number}", frame)


def _place(traceback: Traceback, root: str) -> str:
    if traceback.file is None:
        return ""
    line = "" if traceback.line is None else f":{traceback.line}"
    return f"{relative(traceback.file, root)}{line}"


def _frame(sheet: Sheet, key: str, frame: Frame) -> Iterator[Line]:
    place = f"{frame.file}:{frame.line}"
    text = Text(f"{' ' * INDENT}  {place}", sheet.colours.text)
    if frame.where:
        text.append(f"  in {frame.where}", sheet.colours.dim)
    yield Line(key, text, place)
    if frame.code:
        code = Text(f"{' ' * INDENT}      {frame.code}", sheet.colours.dim)
        yield Line(f"{key}/code", code)


# ---- what was before


def _history(sheet: Sheet, status: ServiceStatus, history: Sequence[Moment]) -> Iterator[Line]:
    if not history:
        yield from heading(sheet, "history")
        yield from note(sheet, "history:none", "Each change of its state will be listed here.")
        return
    since = sheet.ago(history[-1].at).removesuffix(" ago")
    yield from heading(sheet, "history", f"as it is for {since}" if since != "now" else "")
    words = max(len(_mark(status, moment).word) for moment in history) + 2
    times = max(len(clock(moment.at, sheet.now)) for moment in history)
    newest = history[::-1]
    reasons = once([moment.why for moment in newest])
    for moment, earlier, why in zip(newest, [*newest[1:], None], reasons, strict=True):
        yield from _moment(sheet, status, (earlier, moment), why, (times, words))


def once(whys: Sequence[str]) -> Iterator[str]:
    """The same reasons without the remedy; one that stood in a line above is not said again."""
    said = ""
    for why in map(one_line, whys):
        reason, _, rest = why.rpartition("; ")
        if not reason:
            reason, rest = why, ""
        known, said = reason == said, reason if len(reason) >= _LONG else said
        parts = ["the same" if known else reason, "" if rest.startswith(_REMEDY) else rest]
        yield "; ".join(filter(None, parts))


def _moment(
    sheet: Sheet,
    status: ServiceStatus,
    moments: tuple[Moment | None, Moment],
    why: str,
    wide: tuple[int, int],
) -> list[Line]:
    """One change of state; `wide` are the columns of its time and its new state."""
    colours, roomy = sheet.colours, sheet.width >= _ROOMY
    earlier, moment = moments
    before = replace(moment, new=moment.old, behind=False)
    if earlier is not None and earlier.new is moment.old:
        before = earlier
    old, new = _mark(status, before), _mark(status, moment)
    at = clock(moment.at, sheet.now)
    lasted = "" if earlier is None else f"after {seconds(max(0.0, moment.at - earlier.at))}"
    lead = Text(" " * INDENT)
    lead.append(f"{at:<{wide[0]}}  ", colours.text)
    lead.append(f"{sheet.ago(moment.at):>9}  " if roomy else "", colours.dim)
    lead.append(f"{old.glyph} {_ARROW} " if roomy else "", colours.dim)
    lead.append(f"{new.glyph} {new.word}".ljust(wide[1]), sheet.ink(new))
    lead.append(f"  {lasted:<12}  " if roomy else "  ", colours.dim)
    copied = f"{at} {old.word} {_ARROW} {new.word} {lasted}: {one_line(moment.why)}"
    return wrapped(sheet, f"{moment.at}:{moment.new}", lead, Text(why, colours.text), copied)


def _mark(status: ServiceStatus, moment: Moment) -> Mark:
    """How the service looked after a change."""
    error = moment.why if moment.behind else None
    then = replace(status, state=moment.new, waiting=False, reloading=None, reload_error=error)
    return state_mark(then)
