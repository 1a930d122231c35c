"""Converters of what only services.toml knows: ports, signals, paths of URLs and so on."""

from __future__ import annotations

import re
import warnings
from typing import Any

from .convert import Converter, Flag, Schema, Text, kind_of, unquoted, wrong, wrong_type
from .layers import BAD
from .problems import Spot, did_you_mean, quoted

PORT = 65535
"""The highest port."""

SIGNALS = ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL", "ABRT", "ALRM", "CONT", "WINCH")
"""What `stop_signal` may be."""

_NUMBERS = {15: "TERM", 2: "INT", 3: "QUIT", 1: "HUP", 9: "KILL", 6: "ABRT", 14: "ALRM"}


class Port:
    """A port number; with `optional` also false, for none."""

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional

    def read(self, value: Any, spot: Spot) -> Any:
        """The number, or False."""
        if value is False and self.optional:
            return False
        hint = f"Write a number from 1 to {PORT}"
        if self.optional:
            hint += ", or false where it listens to nothing; without this key a port is chosen"
        hint += "."
        if isinstance(value, float) and value.is_integer():
            hint = f"Write {value:.0f}."
        if not isinstance(value, int) or isinstance(value, bool):
            return wrong_type(value, spot, "a port number", unquoted(value) or hint)
        if not 1 <= value <= PORT:
            return wrong(spot, f"{spot.written} is no port", hint)
        return value

    def schema(self) -> Schema:
        """An integer, perhaps false."""
        number: Schema = {"type": "integer", "minimum": 1, "maximum": PORT}
        return {"anyOf": [number, {"const": False}]} if self.optional else number


class PortRange:
    """`[lowest, highest]`, both included."""

    def read(self, value: Any, spot: Spot) -> Any:
        """A tuple of two."""
        hint = "Write the lowest and the highest port, such as [20000, 29999]."
        if not isinstance(value, list):
            return wrong_type(value, spot, "a list of two ports", hint)
        if len(value) != 2:
            return wrong(spot, f"a range has two ends, but this list has {len(value)}", hint)
        low, high = (Port().read(end, spot[number]) for number, end in enumerate(value))
        if low is BAD or high is BAD:
            return BAD
        if low > high:
            return wrong(spot, f"{spot.written} is reversed", f"Write [{high}, {low}].")
        return (low, high)

    def schema(self) -> Schema:
        """An array of two integers."""
        return {"type": "array", "items": Port().schema(), "minItems": 2, "maxItems": 2}


class Signal:
    """A signal's name, with or without SIG."""

    def read(self, value: Any, spot: Spot) -> Any:
        """The name without SIG."""
        if isinstance(value, str) and value.removeprefix("SIG") in SIGNALS:
            return value.removeprefix("SIG")
        if not isinstance(value, str):
            number = value if isinstance(value, int) and not isinstance(value, bool) else 0
            hint = f'Write "{_NUMBERS.get(number, "TERM")}".'
            return wrong_type(value, spot, "the name of a signal", hint)
        usual = 'Write "TERM", "INT", "QUIT", "HUP", "USR1", "USR2" or "KILL".'
        return wrong(
            spot,
            f"{quoted(value)} is no signal to stop with",
            did_you_mean(value.upper().removeprefix("SIG"), SIGNALS, usual),
        )

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": [*SIGNALS, *(f"SIG{name}" for name in SIGNALS)]}


class Pattern(Text):
    """A regular expression, in Python's syntax."""

    def __init__(self) -> None:
        super().__init__(
            "a regular expression", hint='Write a text that the log shows, such as "Listening on".'
        )

    def read(self, value: Any, spot: Spot) -> Any:
        """The pattern as written."""
        text = super().read(value, spot)
        if text is BAD:
            return BAD
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            return wrong(
                spot,
                f"{quoted(text)} is no regular expression: {str(error) or 'too deep'}",
                "Put a backslash before a sign that stands for itself, and all in single quotes.",
            )
        return text


class HttpPath(Text):
    """A path with its query."""

    def __init__(self, like: str) -> None:
        super().__init__(
            f"a path such as {quoted(like)}",
            pattern=r"/[^\s#]*",
            hint=f"Write {quoted(like)}.",
            mend=_path_of,
        )


def _path_of(text: str) -> str:
    path = re.sub(r"\A\w+://[^/]*", "", text.strip())
    return f"/{path.lstrip('/')}"


class EnvValue:
    """The value of a variable: text, a number, or true and false."""

    def read(self, value: Any, spot: Spot) -> Any:
        """Always a str."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**64):
            return str(value)
        if not isinstance(value, str):
            spot.error(
                f"a variable holds text, but this is {kind_of(value)}",
                "Write it as one text, in quotes.",
                value="…",
            )
            return BAD
        if "\0" in value:
            spot.error("no variable can hold a NUL character", "Remove it.", value="…")
            return BAD
        return value

    def schema(self) -> Schema:
        """A scalar."""
        return {"type": ["string", "number", "boolean"]}


class Present:
    """true, and nothing else."""

    def read(self, value: Any, spot: Spot) -> Any:
        """True."""
        flag = Flag().read(value, spot)
        if flag is False:
            return wrong(spot, "false asks for nothing", "Leave the key out, or write true.")
        return flag

    def schema(self) -> Schema:
        """The constant."""
        return {"const": True}


class Instances:
    """How many, or their names."""

    most = 100

    def __init__(self, names: Converter) -> None:
        self.names = names

    def read(self, value: Any, spot: Spot) -> Any:
        """The number, or a tuple of names."""
        hint = f'Write a number from 1 to {self.most}, or names as in ["blue", "green"].'
        if isinstance(value, int) and not isinstance(value, bool):
            if not 1 <= value <= self.most:
                return wrong(spot, f"{spot.written} is no number of instances", hint)
            return value
        if not isinstance(value, list):
            return wrong_type(value, spot, "a number or a list of names", unquoted(value) or hint)
        if not 1 <= len(value) <= self.most:
            return wrong(spot, f"a list of {len(value)} names is no list of instances", hint)
        return self.names.read(value, spot)

    def schema(self) -> Schema:
        """A number or names."""
        names = self.names.schema()["anyOf"][1] | {"minItems": 1, "maxItems": self.most}
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": self.most}, names]}
