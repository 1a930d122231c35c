"""The page that a browser sees while a service is down.

Whatever a service printed is hostile: every text goes through `escape` or comes from a function
that does so.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from . import python_html, sgr
from .frames import marked, shortened
from .machine import State
from .outage import condensed
from .outage_look import ICON, SCRIPT, STYLE
from .relative import relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .frames import Frame, Part
    from .outage import Excerpt, Outage, Trace

_NOTE = "This page reloads as soon as the service is back."
_LONG = 90
"""Characters of a cause from which on it is set smaller."""
_REST = re.compile(
    r"(?:  \S+:\d+)?(?: \((?:exit|ended by) [^()]*\))?"
    r"(?:; (?:starts again in|the next save|\d).*)?\Z"
)
"""Of a cause line what follows on the error itself: where, how the process ended, and what next."""
_QUOTED = re.compile(r"`([^`]*)`")
_LIBRARIES = 60
"""Frames of one exception that are shown of libraries at most; recursion makes thousands."""
_OWN = 12
"""Frames of the project that come with their source."""
_WIDTH = 500
"""Characters of one line of source or of a log."""


def page(outage: Outage, *, method: str) -> str:
    """The whole page; `method` is that of the request, which a reload must not repeat unless it is
    GET.
    """
    title = f"{outage.service} is {_word(outage.state)}"
    body = "\n".join([
        _head(outage),
        *([] if outage.trace is None else _trace(outage.trace, outage)),
        *_log(outage),
        *_remedies(outage),
    ])  # fmt: skip
    return _document(title, body, tag=outage.tag, method=method)


def bare_page(state: State, *, method: str) -> str:
    """The page for those whom the project's code and output are no concern of."""
    body = (
        f'<p class="who">{_pill(state)}</p>\n<h1>The service is down</h1>\n'
        f'<p class="wait" id="note">{_NOTE}</p>\n'
        '<p class="more">On its own machine, at localhost, it says why.</p>'
    )
    return _document("The service is down", body, tag=bare_tag(state), method=method)


def bare_tag(state: State) -> str:
    """The entity tag of that page."""
    return f'"{state.value}"'


def _document(title: str, body: str, *, tag: str, method: str) -> str:
    again = "GET" if method in ("GET", "HEAD") else "OTHER"
    return (
        f'<!doctype html>\n<html lang="en" data-tag="{escape(tag)}" data-method="{again}">\n'
        '<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<noscript><meta http-equiv="refresh" content="2"></noscript>\n'
        f'<title>{escape(title)}</title>\n<link rel="icon" href="{ICON}">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<main data-note="{_NOTE}">\n{body}\n</main>\n'
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _word(state: State) -> str:
    return {State.FAILED: "broken", State.BACKOFF: "failing"}.get(state, "down")


def _pill(state: State) -> str:
    kind = "state" if state is State.FAILED else "state passing"
    # One that does not run and answers here is wanted: it waits for another.
    name = "WAITING" if state is State.STOPPED else state.value
    return f'<span class="{kind}">{name}</span>'


# ---- head


def _head(outage: Outage) -> str:
    again = ""
    if outage.again is not None:
        again = f'<span class="more" data-again="{outage.again:.3f}"></span>'
    what, rest = _halves(outage.why)
    long = ' class="long"' if len(what) > _LONG else ""
    cause = f'<span class="what">{_commands(what)}</span>'
    if rest:
        cause += f'<span class="rest">{_commands(rest)}</span>'
    return (
        f'<p class="who"><b>{escape(outage.service)}</b>{_pill(outage.state)}'
        f'<span class="more">in {escape(outage.project)}</span>'
        f'<span class="more">since {escape(outage.clock)}</span>'
        f'<span class="more" data-since="{outage.since:.3f}"></span>{again}</p>\n'
        f"<h1{long}>{cause}</h1>\n"
        f'<p class="wait" id="note">{_NOTE}</p>'
    )


def _halves(why: str) -> tuple[str, str]:
    """The cause line, word for word: the error itself, and what follows on it."""
    rest = _REST.search(why)
    at = len(why) if rest is None or rest.start() == 0 else rest.start()
    return why[:at], why[at:]


def _commands(text: str) -> str:
    return _QUOTED.sub(r"<code>\1</code>", escape(text))


# ---- traceback


def _trace(trace: Trace, outage: Outage) -> Iterator[str]:
    yield "<h2>Traceback</h2>"
    grouped = any("of the group" in part.link for part in trace.parts)
    # Of a chain the last exception is the one that ended it; of a group the first holds the others.
    shown = trace.parts if grouped else trace.parts[::-1]
    alone = not any(frame.own for part in shown for frame in part.frames)
    for place, part in enumerate(shown):
        if place > 0:
            link = part.link if grouped else _backwards(shown[place - 1].link)
            yield f'<p class="link">{escape(link)}</p>'
        if place > 0 or part.error not in outage.why:  # or the headline says it already
            yield f'<p class="error"><b>{escape(part.error)}</b></p>'
        yield from _frames(part, trace, outage.root, alone=alone)
    yield _folded("The whole traceback, as printed", f"<pre>{escape(trace.text)}</pre>")


def _backwards(link: str) -> str:
    """What an exception is to the one that follows on it, and that is shown above it."""
    return "It happened while this one was handled:" if "handling" in link else "Its cause:"


def _frames(part: Part, trace: Trace, root: str, *, alone: bool) -> Iterator[str]:
    """The project's frames, the deepest first, then those of libraries."""
    own = [frame for frame in reversed(part.frames) if frame.own]
    for frame in own[:_OWN]:
        yield _own(frame, trace.excerpts.get((frame.file, frame.line)), root)
    if len(own) > _OWN:
        yield f'<p class="link">and {len(own) - _OWN} more frames of the project</p>'
    others = [frame for frame in part.frames if not frame.own]
    if others:
        count = "1 frame" if len(others) == 1 else f"{len(others)} frames"
        calls = "".join(map(_other, others[-_LIBRARIES:]))
        yield _folded(f"{count} in libraries", f"<ol>{calls}</ol>", unfolded=alone)


def _folded(title: str, body: str, *, unfolded: bool = False) -> str:
    """A section that is opened by a click; `title` has nothing to escape."""
    return f"<details{' open' if unfolded else ''}><summary>{title}</summary>{body}</details>"


def _own(frame: Frame, excerpt: Excerpt | None, root: str) -> str:
    hint = ""
    if excerpt is not None and excerpt.changed:
        hint = '<span class="hint">the file was changed since</span>'
    place = f"{relative(frame.file, root)}:{frame.line}"
    where = f' <span class="where">in {escape(frame.where)}</span>' if frame.where else ""
    rows = list(_printed(frame) if excerpt is None else _excerpt(frame, excerpt))
    source = f'<div class="source">{"".join(rows)}</div>' if rows else ""
    return (
        f'<div class="frame"><p>{hint}<code><b>{escape(place)}</b></code>{where}</p>{source}</div>'
    )


def _printed(frame: Frame) -> Iterator[str]:
    """The line as the traceback has it, where no file can be read."""
    if frame.code:
        yield _row(frame.line, _line(frame.code[0], frame, here=True), here=True)


def _excerpt(frame: Frame, excerpt: Excerpt) -> Iterator[str]:
    for number, text in enumerate(excerpt.lines, excerpt.first):
        here = number == frame.line
        marks = here and not excerpt.changed
        yield _row(number, _line(text, frame, here=marks), here=here)


def _row(number: int, html: str, *, here: bool) -> str:
    kind = ' class="here"' if here else ""
    return (
        f'<div{kind}><span class="no">{number}</span><span class="text">{html or " "}</span></div>'
    )


def _line(text: str, frame: Frame, *, here: bool) -> str:
    """One line of source; `here` marks in it what the traceback marked."""
    text = text[:_WIDTH].rstrip()
    paint = python_html.as_html if frame.file.endswith((".py", ".pyw")) else escape
    columns = marked(frame.code) if here else None
    if columns is None:
        return paint(text)
    margin = len(text) - len(text.lstrip())
    start, end = (column + margin for column in columns)
    return f"{paint(text[:start])}<em>{paint(text[start:end])}</em>{paint(text[end:])}"


def _other(frame: Frame) -> str:
    where = f" in {escape(frame.where)}" if frame.where else ""
    call = escape(frame.code[0].strip()[:_WIDTH]) if frame.code else ""
    code = f'<code class="call">{call}</code>' if call else ""
    return f"<li><code>{escape(shortened(frame.file))}:{frame.line}{where}</code>{code}</li>"


# ---- log


def _log(outage: Outage) -> Iterator[str]:
    if outage.waits_for and not outage.log:
        return
    yield f'<h2>Log<span class="more"><code>{escape(outage.log_file)}</code></span></h2>'
    if not outage.log:
        yield '<p class="more">It printed nothing.</p>'
        return
    yield f'<div class="log">{"".join(_rows(outage))}</div>'


def _rows(outage: Outage) -> Iterator[str]:
    for said in condensed(outage.log, outage.root):
        html = sgr.as_html(said.text[:_WIDTH])
        if said.folded:
            above = outage.trace is not None and said.number == outage.trace.first
            note = "the traceback above" if above else f"a traceback of {said.folded} lines"
            html += f' <span class="cut">({note})</span>'
        yield f'<div><time>{escape(said.clock)}</time><span class="text">{html}</span></div>'


def _remedies(outage: Outage) -> Iterator[str]:
    name = escape(outage.service)
    rows = [(f"dynaport why {name}", "the cause of all this in one line")]
    rows += [
        (f"dynaport restart {escape(other)}", "start again what it waits for")
        for other in outage.waits_for
    ]
    if not outage.waits_for:
        again = "start it again now; so does saving one of its files"
        rows.append((f"dynaport restart {name}", again))
    if outage.log:
        rows.append((f"dynaport logs {name}", "all that it printed"))
    yield "<h2>How to get on</h2>"
    found = "".join(f"<dt><code>{command}</code></dt><dd>{does}</dd>" for command, does in rows)
    yield f"<dl>{found}</dl>"
