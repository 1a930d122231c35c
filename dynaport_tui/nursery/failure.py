"""How an error in the project's code is told: a traceback for the log, a line for the engine."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import TYPE_CHECKING

from . import project

if TYPE_CHECKING:
    from .report import Report


class Unusable(Exception):
    """The service cannot be started as it is written; the message says why and what to do."""


def tell(error: BaseException, report: Report) -> None:
    """Report the error, and see that its traceback shows none of our frames."""
    say(error, report)
    hide_us()


def hide_us() -> None:
    """See that none of our frames is in the traceback that ends this process."""
    shown = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, _trace: TracebackType | None) -> None:
        _clean(value)
        shown(kind, value, value.__traceback__)

    sys.excepthook = hook


def say(error: BaseException, report: Report) -> None:
    """Report the error; who writes its traceback into the log is another question."""
    if not isinstance(error, KeyboardInterrupt):  # somebody wanted that
        hopeless = isinstance(error, (Unusable, SyntaxError, ImportError, NameError))
        report.error(_in_a_line(error), *where(error), again=not hopeless)


def _in_a_line(error: BaseException) -> str:
    if isinstance(error, (Unusable, SystemExit)):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    lines = traceback.format_exception_only(type(error), error)
    text = " ".join(lines[-1].split())
    if isinstance(error, ModuleNotFoundError) and error.name and "." not in error.name:
        return f"{text} in {sys.prefix}"
    return text


def where(error: BaseException) -> tuple[str | None, int | None]:
    """File and line of the deepest frame of the project, or of the deepest one that is not ours."""
    if isinstance(error, Unusable) and error.__cause__ is not None:
        return where(error.__cause__)
    if isinstance(error, SyntaxError) and error.filename and not error.filename.startswith("<"):
        return error.filename, error.lineno
    frames = [
        (frame.filename, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if not _ours(frame.filename) and not frame.filename.startswith("<")
    ]
    own = [frame for frame in frames if project.owns(frame[0])]
    found = own or frames
    return found[-1] if found else (None, None)


def _clean(error: BaseException) -> None:
    """Take our frames out of an exception and of all that it is chained to."""
    known: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        part = chain.pop()
        if part is None or id(part) in known:
            continue
        known.add(id(part))
        part.__traceback__ = _without_ours(part.__traceback__)
        chain += [part.__cause__, part.__context__]


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    kept = []
    while trace is not None:
        if not _ours(trace.tb_frame.f_code.co_filename):
            kept.append(trace)
        trace = trace.tb_next
    found: TracebackType | None = None
    for part in reversed(kept):
        found = TracebackType(found, part.tb_frame, part.tb_lasti, part.tb_lineno)
    return found


def _ours(file: str) -> bool:
    return file.startswith(project.HERE)
