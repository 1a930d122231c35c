"""Converters of single values; each also describes itself as JSON Schema.

A converter reports what is wrong and returns BAD instead.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Protocol

from . import units
from .layers import BAD
from .problems import Spot, closest, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]


class Converter(Protocol):
    """Turns a value of a TOML document into a value of ours."""

    def read(self, value: Any, spot: Spot) -> Any:
        """The converted value, a Layer, or BAD after a report at `spot`."""

    def schema(self) -> Schema:
        """What it accepts, as JSON Schema."""


def wrong(spot: Spot, message: str, hint: str = "") -> Any:
    """Report and return BAD, for `return wrong(…)`."""
    spot.error(message, hint)
    return BAD


def wrong_type(value: Any, spot: Spot, wanted: str, hint: str = "") -> Any:
    """Report a value of another type than `wanted`, and return BAD."""
    if isinstance(value, bool):
        return wrong(spot, f"{str(value).lower()} is not {wanted}", hint)
    shown = spot.written
    start = f"{shown} is" if shown and not isinstance(value, dict | list) else "this is"
    return wrong(spot, f"{start} {kind_of(value)}, but {wanted} is needed", hint)


def kind_of(value: Any) -> str:
    """What a TOML value is, in words."""
    kinds = (
        (bool, "true or false"),
        (str, "a string"),
        (int, "a whole number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "a table"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "a date or time")


class Text:
    """A string that is not blank; `pattern` must match all of it."""

    def __init__(
        self,
        wanted: str = "a string",
        *,
        pattern: str = "",
        hint: str = "",
        mend: Callable[[str], str] | None = None,
    ) -> None:
        self.wanted = wanted
        self.pattern = pattern
        self.hint = hint
        self.mend = mend

    def read(self, value: Any, spot: Spot) -> Any:
        """The text as it is."""
        if not isinstance(value, str):
            scalar = isinstance(value, int | float) and not isinstance(value, bool)
            hint = (
                f'Write "{spot.written}", in quotes.' if scalar and not self.pattern else self.hint
            )
            return wrong_type(value, spot, self.wanted, hint)
        if not value.strip():
            return wrong(spot, f"this is empty, but {self.wanted} is needed", self.hint)
        if "\0" in value:
            return wrong(spot, "no system takes a text with a NUL character", "Remove it.")
        if self.pattern and not re.fullmatch(self.pattern, value):
            return wrong(spot, f"{quoted(value)} is not {self.wanted}", self._remedy(value))
        return value

    def _remedy(self, value: str) -> str:
        mended = self.mend(value) if self.mend else ""
        return f"Write {quoted(mended)}." if re.fullmatch(self.pattern, mended) else self.hint

    def schema(self) -> Schema:
        """A string."""
        rule: Schema = {"type": "string", "pattern": r"\S"}
        return rule | {"pattern": f"^({self.pattern})$"} if self.pattern else rule


class Flag:
    """true or false."""

    def read(self, value: Any, spot: Spot) -> Any:
        """The boolean as it is."""
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        meant = {"true": "true", "yes": "true", "on": "true", "1": "true"} | dict.fromkeys(
            ("false", "no", "off", "0"), "false"
        )
        hint = f"Write {meant[word]}, without quotes." if word in meant else "Write true or false."
        return wrong_type(value, spot, "true or false", hint)

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


class Whole:
    """A whole number, both bounds included."""

    def __init__(self, low: int, high: int = 2**31 - 1) -> None:
        self.low = low
        self.high = high

    def read(self, value: Any, spot: Spot) -> Any:
        """The number as it is."""
        bounds = (
            f"from {self.low} to {self.high}" if self.high < 2**31 - 1 else f"{self.low} or more"
        )
        hint = f"Write a whole number, {bounds}."
        if not isinstance(value, int) or isinstance(value, bool):
            return wrong_type(value, spot, "a whole number", unquoted(value) or hint)
        if value < self.low or value > self.high:
            return wrong(spot, f"{spot.written} is out of bounds", hint)
        return value

    def schema(self) -> Schema:
        """An integer with bounds."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Number:
    """A number of 0 or more."""

    def read(self, value: Any, spot: Spot) -> Any:
        """The number as it is."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return wrong_type(value, spot, "a number", unquoted(value))
        if not 0 <= value < math.inf:
            return wrong(spot, f"{spot.written} is out of bounds", "Write a number of 0 or more.")
        return value

    def schema(self) -> Schema:
        """A number with its lower bound."""
        return {"type": "number", "minimum": 0}


class Measure:
    """A duration or size: a number, or a text with units."""

    def __init__(
        self, parse: Callable[[str | float], float], noun: str, like: str, pattern: str, low: float
    ) -> None:
        self.parse = parse
        self.noun = noun
        self.like = like
        self.pattern = pattern
        self.low = low

    def read(self, value: Any, spot: Spot) -> Any:
        """Seconds or bytes."""
        hint = f"Write {self.like}."
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            return wrong_type(value, spot, self.noun, hint)
        shown = spot.written or "this"
        try:
            number = self.parse(value)
        except ValueError as error:
            reason = str(error)
            negative = reason == "negative" or (
                isinstance(value, str) and value.strip().startswith("-")
            )
            return wrong(
                spot,
                f"{shown} is {'negative' if negative else f'not {self.noun}'}"
                + (f" ({reason})" if reason.startswith(("longer", "too")) else ""),
                hint,
            )
        if number < self.low:
            return wrong(
                spot,
                f"{shown} is too little",
                f"Write {self.low:g} or more.",
            )
        return number

    def schema(self) -> Schema:
        """A number or a string with units."""
        return {
            "anyOf": [
                {"type": "number", "minimum": self.low},
                {"type": "string", "pattern": rf"^\s*{self.pattern}\s*$"},
            ]
        }


def seconds(low: float = 0.001) -> Measure:
    """A duration of at least `low` seconds."""
    return Measure(
        units.seconds,
        "a duration",
        'a number of seconds, or a text such as "500ms" or "1m30s"',
        units.DURATION,
        low,
    )


def size(low: int = 1) -> Measure:
    """A size of at least `low` bytes."""
    return Measure(
        units.size,
        "a size",
        'a number of bytes, or a text such as "50MB" or "10KiB"',
        units.SIZE,
        low,
    )


class Choice:
    """One of a few words; `other` maps words of other tools to ours."""

    def __init__(self, *options: str, other: Mapping[Any, str] | None = None) -> None:
        self.options = options
        self.other = other or {}

    def read(self, value: Any, spot: Spot) -> Any:
        """The word as it is."""
        if isinstance(value, str) and value in self.options:
            return value
        meant = self.meant(value)
        hint = f"Write {quoted(meant)}." if meant else "Write one of them."
        if not isinstance(value, str):
            return wrong_type(value, spot, listed(map(quoted, self.options)), hint)
        return wrong(
            spot, f"{quoted(value)} is none of {listed(map(quoted, self.options), 'and')}", hint
        )

    def meant(self, value: Any) -> str | None:
        """The option that was probably meant."""
        if isinstance(value, bool | str) and value in self.other:
            return self.other[value]
        return closest(value, self.options) if isinstance(value, str) else None

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": list(self.options)}


class Texts:
    """A list of strings; a single string stands for a list of one."""

    def __init__(self, item: Converter, *, unique: bool = False) -> None:
        self.item = item
        self.unique = unique

    def read(self, value: Any, spot: Spot) -> Any:
        """A tuple."""
        if not isinstance(value, list):
            one = self.item.read(value, spot)
            return BAD if one is BAD else (one,)
        found = [self.item.read(each, spot[number]) for number, each in enumerate(value)]
        for number, each in enumerate(found):
            if self.unique and each is not BAD and each in found[:number]:
                spot[number].error(f"{quoted(str(each))} stands here twice", "Remove one of them.")
                return BAD
        return BAD if BAD in found else tuple(found)

    def schema(self) -> Schema:
        """A list or one item."""
        many: Schema = {"type": "array", "items": self.item.schema()}
        return {
            "anyOf": [self.item.schema(), many | ({"uniqueItems": True} if self.unique else {})]
        }


class Either:
    """The first converter that takes the type of the value; else `wanted` is asked for."""

    def __init__(self, wanted: str, hint: str = "", **converters: Converter) -> None:
        self.wanted = wanted
        self.hint = hint
        self.converters = converters

    def read(self, value: Any, spot: Spot) -> Any:
        """What the converter for this type says."""
        converter = self.converters.get(type(value).__name__)
        if converter is None:
            return wrong_type(value, spot, self.wanted, self.hint)
        return converter.read(value, spot)

    def schema(self) -> Schema:
        """Any of them."""
        seen: list[Schema] = []
        for converter in self.converters.values():
            if converter.schema() not in seen:
                seen.append(converter.schema())
        return {"anyOf": seen} if len(seen) > 1 else seen[0]


class Anything:
    """Takes every value of its type as it is."""

    def __init__(self, json_type: str) -> None:
        self.json_type = json_type

    def read(self, value: Any, _spot: Spot) -> Any:
        """The value."""
        return value

    def schema(self) -> Schema:
        """Its type."""
        return {"type": self.json_type}


def unquoted(value: Any) -> str:
    """A hint for a number in quotes; empty for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    return f"Write {text}, without quotes." if re.fullmatch(r"\d+(\.\d+)?", text) else ""
