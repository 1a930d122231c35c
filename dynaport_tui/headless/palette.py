"""The colours that tell services apart."""

from __future__ import annotations

from zlib import crc32

_CODES = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


class Palette:
    """The colour that a name gives, or the next one that nobody else has."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def code(self, name: str) -> str:
        """The number of an SGR sequence, the same for this name from now on."""
        if name not in self._given:
            first = crc32(name.encode()) % len(_CODES)
            order = _CODES[first:] + _CODES[:first]
            free = [code for code in order if code not in self._given.values()]
            self._given[name] = (free or order)[0]
        return str(self._given[name])
