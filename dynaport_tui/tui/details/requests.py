"""The last requests of a service, the newest first."""

from __future__ import annotations

import math
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from ...model.wording import seconds
from ..glyphs import DOT, ELLIPSIS, NOTHING, UNICODE, count
from ..lines import Line
from .sheet import INDENT, Sheet, note, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from ...model.view import Request, Requests, ServiceStatus
    from ..colours import Colours

KEPT = 1000
"""Requests of a service that are kept."""

_BAR = 8
"""Cells of the bar behind a duration."""
_FULL_MS = 10_000.0
"""A duration that fills the bar; each factor of ten below takes a quarter of it away."""
_METHOD, _STATUS, _TIME = 7, 5, 9
_FIXED = INDENT + 10 + _METHOD + 1 + _STATUS + _TIME + 1 + _BAR + 1
"""Cells of a row without the path."""
_LEAST, _USUAL, _STEP = 24, 40, 20
"""Cells of the path: at least, usually, and by how much it grows for longer ones."""


class _Plan(NamedTuple):
    """What has room in a row."""

    path: int
    """Cells."""
    bar: bool


def _plan(sheet: Sheet, kept: Sequence[Request]) -> _Plan:
    """The status stands near the paths, and moves only for one that is longer than all before."""
    longest = max((len(request.path) for request in kept), default=0) + 2
    wanted = max(_USUAL, math.ceil(longest / _STEP) * _STEP)
    room = sheet.width - _FIXED
    if room >= _LEAST:
        return _Plan(min(wanted, room), bar=True)
    return _Plan(max(min(wanted, room + _BAR + 1), _LEAST), bar=False)


def head(sheet: Sheet, answer: Requests | None, kept: Sequence[Request] = ()) -> list[Line]:
    """The line of totals and the headings; they stay while the rest scrolls."""
    if answer is None or not answer.counted or not answer.total:
        return []
    headings = _headings(sheet, _plan(sheet, kept))
    return [Line("head:before", Text()), _totals(sheet, answer), headings]


def lines(sheet: Sheet, answer: Requests | None, kept: Sequence[Request]) -> list[Line]:
    """A row a request, or why there is none; `kept` is oldest first."""
    if answer is None:
        return []
    if not answer.counted:
        return _uncounted(sheet, sheet.services.get(answer.service))
    if not kept:
        return _none_yet(sheet, answer)
    plan = _plan(sheet, kept)
    return [_row(request, sheet.colours, plan) for request in reversed(kept)]


def _totals(sheet: Sheet, answer: Requests) -> Line:
    colours = sheet.colours
    rate = answer.error_rate
    parts = [
        Text.assemble(
            (count(answer.total), colours.accent),
            (" request" if answer.total == 1 else " requests", colours.dim),
        ),
        _figure(sheet, "p50", answer.p50_ms),
        _figure(sheet, "p95", answer.p95_ms),
    ]
    if rate is not None:
        errors = f"{rate:.1%} errors" if rate else "no errors"
        parts.append(Text(errors, colours.bad if rate else colours.dim))
    if answer.total > KEPT:
        parts.append(Text(f"of the last {count(KEPT)}", colours.dim))
    text = Text(" " * INDENT).append_text(Text(f" {DOT} ", colours.dim).join(parts))
    return Line("head:totals", text)


def _figure(sheet: Sheet, name: str, ms: float | None) -> Text:
    value = NOTHING if ms is None else _milliseconds(ms)
    return Text.assemble((f"{name} ", sheet.colours.dim), (value, sheet.colours.text))


def _headings(sheet: Sheet, plan: _Plan) -> Line:
    text = (
        f"{'':{INDENT}}{'time':<10}{'method':<{_METHOD}} {'path':<{plan.path - 1}}"
        f"{'status':>{_STATUS + 1}}{'took':>{_TIME}}"
    )
    return Line("head:columns", Text(text, sheet.colours.dim))


@lru_cache(maxsize=2 * KEPT)
def _row(request: Request, colours: Colours, plan: _Plan) -> Line:
    at = time.strftime("%H:%M:%S", time.localtime(request.at))
    path, method = one_line(request.path), one_line(request.method)
    ink = _ink(request.status, colours)
    took = _milliseconds(request.ms)
    text = Text(" " * INDENT)
    text.append(f"{at}  ", colours.dim)
    text.append(f"{method[:_METHOD]:<{_METHOD}} ", colours.dim)
    text.append_text(_path(path, plan.path, colours))
    text.append(f"{'!' if request.status >= 500 else ' '} ", ink)
    text.append(f"{request.status:>3}", ink)
    text.append(f"{took:>{_TIME}} ", colours.text)
    if plan.bar:
        text.append(_bar(request.ms), colours.warn if request.ms >= 1000 else colours.dim)
    copied = f"{at} {method} {path} {request.status} {took}"
    return Line(str(request.number), text, copied)


def _path(path: str, room: int, colours: Colours) -> Text:
    """The path in `room` cells, its query in quiet."""
    text = Text(path, colours.text)
    query = path.find("?")
    if query >= 0:
        text.stylize(colours.dim, query)
    if text.cell_len > room - 1:
        text.set_length(0) if room < 2 else text.truncate(room - 2)
        text.append(ELLIPSIS, colours.dim)
    text.pad_right(room - text.cell_len)
    return text


def _ink(status: int, colours: Colours) -> Style:
    if status >= 500:
        return colours.bad
    if status >= 400:
        return colours.warn
    return colours.dim if status >= 300 else colours.good


def _milliseconds(ms: float) -> str:
    return f"{ms:.1f} ms" if ms < 9.95 else f"{ms:.0f} ms" if ms < 999.5 else seconds(ms / 1000)


def _bar(ms: float) -> str:
    share = math.log10(max(1.0, ms)) / math.log10(_FULL_MS)
    halves = max(1, round(min(1.0, share) * 2 * _BAR))
    if not UNICODE:
        return "=" * (halves // 2)
    return "━" * (halves // 2) + "╸" * (halves % 2)


def _uncounted(sheet: Sheet, status: ServiceStatus | None) -> list[Line]:
    if status is not None and status.port is None:
        return [
            Line("none:before", Text()),
            *note(sheet, "none", "It listens to nothing, so nobody can send it a request."),
        ]
    return [
        Line("none:before", Text()),
        *note(sheet, "none", "Requests are not counted for this service."),
        Line("none:between", Text()),
        *note(
            sheet,
            "remedy",
            "dynaport counts what its own runner serves: `app` and `script` services, on the "
            "server werkzeug. This one answers with a server of its own; look for its access log "
            "in its output (l).",
        ),
    ]


def _none_yet(sheet: Sheet, answer: Requests) -> list[Line]:
    status = sheet.services.get(answer.service)
    address = f" Open it with o, or ask {status.url}" if status and status.url else ""
    return [
        Line("none:before", Text()),
        *note(sheet, "none", f"No request yet.{address}"),
    ]
