"""Tables that remember where each value was written, and how one is laid over another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .problems import Spot


class _Bad:
    """The type of BAD."""

    def __repr__(self) -> str:
        return "BAD"


BAD = _Bad()
"""A value that is written but wrong and was reported: what depends on it is not judged."""


class Found(NamedTuple):
    """A converted value, or BAD, and where it was written."""

    value: Any
    spot: Spot


class Layer:
    """A converted table.

    `alternatives` are keys of which a table has one at most, each with the keys that make sense
    only beside it.
    `whole` says that it replaces what it is laid over, as a list does.
    """

    __slots__ = ("alternatives", "items", "spot", "strays", "whole")

    def __init__(
        self,
        spot: Spot,
        *,
        alternatives: Mapping[str, tuple[str, ...]] | None = None,
        whole: bool = False,
    ) -> None:
        self.spot = spot
        self.items: dict[str, Found | Layer] = {}
        self.alternatives = alternatives or {}
        self.whole = whole
        self.strays: set[str] = set()
        """Names below keys that nobody knows: what refers to them is not judged."""

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def value(self, key: str, default: Any = None) -> Any:
        """The value of a key that is written and right, else the default."""
        found = self.items.get(key)
        return found.value if isinstance(found, Found) and found.value is not BAD else default

    def spot_of(self, key: str) -> Spot:
        """Where a key is written; the table itself when it is not."""
        found = self.items.get(key)
        return self.spot if found is None else found.spot

    def is_bad(self, key: str) -> bool:
        """Whether a key is written but wrong."""
        found = self.items.get(key)
        return isinstance(found, Found) and found.value is BAD

    def table(self, key: str) -> Layer:
        """The table below a key; an empty one when there is none."""
        found = self.items.get(key)
        return found if isinstance(found, Layer) else Layer(self.spot)

    def tables(self) -> Iterator[tuple[str, Layer]]:
        """The tables directly below, by name."""
        for key, item in self.items.items():
            if isinstance(item, Layer):
                yield key, item

    def values(self) -> Iterator[tuple[str, Any, Spot]]:
        """The right values directly below, with their places."""
        for key, item in self.items.items():
            if isinstance(item, Found) and item.value is not BAD:
                yield key, item.value, item.spot

    def plain(self) -> dict[str, Any]:
        """As a dict of dicts and values, without what is wrong."""
        values = {key: value for key, value, _ in self.values()}
        return {
            key: values[key] if key in values else self.table(key).plain()
            for key in self.items
            if not self.is_bad(key)
        }


def overlay(base: Layer, top: Layer) -> Layer:
    """`top` laid over `base`, table by table; neither is changed.

    A key of `top` that is an alternative takes the place of the base's, together with what made
    sense only there.
    """
    if top.whole:
        return top
    merged = Layer(base.spot, alternatives=base.alternatives, whole=base.whole)
    merged.strays = base.strays | top.strays
    dropped = _displaced(base.alternatives, top)
    merged.items = {key: item for key, item in base.items.items() if key not in dropped}
    for key, item in top.items.items():
        below = merged.items.get(key)
        both = isinstance(item, Layer) and isinstance(below, Layer)
        merged.items[key] = overlay(below, item) if both else item  # type: ignore[arg-type]
    return merged


def _displaced(alternatives: Mapping[str, tuple[str, ...]], top: Layer) -> set[str]:
    chosen = next((key for key in alternatives if key in top), None)
    if chosen is None:
        return set()
    others = [key for key in alternatives if key != chosen]
    companions = {companion for key in others for companion in alternatives[key]}
    return {*others, *companions} - set(alternatives[chosen])
