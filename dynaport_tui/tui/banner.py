"""What concerns the whole project and stays until it is mended: at most three lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from . import glyphs
from .bar import Bar, Bit
from .pieces import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .colours import Colours
    from .glyphs import Ink

_MOST = 3
_LEAD = 3
_LAST_LEAST = 20
"""Cells of text that are worth standing before the keys where it is cut."""


class Notice(NamedTuple):
    """Something to be seen at the top."""

    text: str
    ink: Ink = "bad"
    keys: tuple[tuple[str, str, str], ...] = ()
    """Key, what it does, and the action for a click."""


class Banner(Bar):
    """Shows the weightiest of the notices."""

    def __init__(self) -> None:
        super().__init__("banner")
        self._notices: dict[str, Notice] = {}

    def put(self, about: str, notice: Notice | None) -> None:
        """Say something about a matter, or no more; the matter that came first is shown."""
        if notice is None:
            self._notices.pop(about, None)
        else:
            self._notices[about] = notice
        self.renew()

    @property
    def notice(self) -> Notice | None:
        """The one that is shown."""
        return next(iter(self._notices.values()), None)

    def rows(self, width: int) -> int:
        """How many lines it needs; 0 when there is nothing to say."""
        notice = self.notice
        return 0 if notice is None else len(_wrapped(notice, width))

    def lines(self, width: int, colours: Colours) -> Sequence[list[Bit]]:
        """A glyph, the text, and the keys that mend it behind its end."""
        notice = self.notice
        if notice is None:
            return []
        ink = getattr(colours, notice.ink)
        texts = _wrapped(notice, width)
        lines = [
            [Bit(f" {glyphs.CROSS if not index else ' '} ", ink), Bit(text, colours.text)]
            for index, text in enumerate(texts)
        ]
        for index, (key, label, action) in enumerate(notice.keys):
            lines[-1] += [
                Bit("  " if index or texts[-1] else "", colours.text),
                Bit(key, colours.accent, action),
                Bit(f" {label}", colours.dim, action),
            ]
        return lines


def _wrapped(notice: Notice, width: int) -> list[str]:
    """Lines, of which the last has room for the keys; of many matters the first, and how many
    follow.
    """
    room = max(width - _LEAD - 1, 10)
    tail = sum(cell_len(key) + cell_len(label) + 3 for key, label, _ in notice.keys)
    matters = [_folded(matter, room) for matter in notice.text.splitlines()] or [[""]]
    lines = [line for matter in matters for line in matter]
    if cell_len(lines[-1]) + tail > room:
        lines.append("")
    if len(lines) <= _MOST:
        return lines
    shown, end = matters[0], ""
    if len(matters) > 1:
        end = f"and {len(matters) - 1} more"
    elif len(shown) >= _MOST and room - tail >= _LAST_LEAST:
        end = fit(" ".join(shown[_MOST - 1 :]), room - tail).rstrip()
    if len(matters) > 1 and len(shown) >= _MOST:
        shown = [*shown[: _MOST - 2], fit(" ".join(shown[_MOST - 2 :]), room)]
    return [*shown[: _MOST - 1], end]


def _folded(text: str, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return [fit(line, room) if cell_len(line) > room else line for line in lines]
