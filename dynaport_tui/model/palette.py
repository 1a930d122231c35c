"""Which colour tells a service apart: the same in the stream, the table, the logs and the graph."""

from __future__ import annotations

from zlib import crc32

COLOURS = 10
"""How many there are; a view has as many of its own."""


class Palette:
    """The colour that a name gives, or the next one that nobody else has."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def index(self, name: str) -> int:
        """From 0 to below COLOURS, the same for this name from now on."""
        if name not in self._given:
            first = crc32(name.encode()) % COLOURS
            order = [(first + step) % COLOURS for step in range(COLOURS)]
            taken = set(self._given.values())
            self._given[name] = next((index for index in order if index not in taken), first)
        return self._given[name]
