"""Converters of what is run: app references, scripts and commands."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from .convert import Schema, Text, wrong, wrong_type
from .layers import BAD
from .problems import quoted

if TYPE_CHECKING:
    from .problems import Spot

_MODULE = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_APP = re.compile(
    rf"(?P<module>{_MODULE}):(?P<attribute>{_MODULE})\s*(?:\((?P<arguments>.*)\))?", re.DOTALL
)


class AppReference(Text):
    """`module:attribute` or `module:factory(arguments)`, the arguments as Python literals."""

    def __init__(self) -> None:
        super().__init__(
            'an app such as "shop.app:app"', hint='Write "module:app" or "module:create_app()".'
        )

    def read(self, value: Any, spot: Spot) -> Any:
        """The reference as written."""
        text = super().read(value, spot)
        if text is BAD:
            return BAD
        match = _APP.fullmatch(text.strip())
        if match is None:
            return wrong(
                spot, f"{quoted(text)} {self._fault(text)}", self._likely(text) or self.hint
            )
        if match["arguments"] and (fault := _bad_arguments(match["arguments"])):
            return wrong(
                spot,
                f"in {quoted(text)}, {fault}",
                "Write literals, as in \"shop.app:create_app('dev', debug=True)\".",
            )
        if match["module"].endswith(".py"):
            return wrong(spot, f"{quoted(text)} names a file, not a module", self._likely(text))
        return text.strip()

    def _fault(self, text: str) -> str:
        if ":" not in text:
            return "has no colon between module and app"
        return "is not module:attribute or module:factory()"

    def _likely(self, text: str) -> str:
        path, _, attribute = text.strip().partition(":")
        module = re.sub(r"\.py\Z", "", path.strip().removeprefix("./")).replace("/", ".")
        reference = f"{module}:{attribute.strip() or 'app'}"
        return f"Write {quoted(reference)}." if _APP.fullmatch(reference) else ""

    def schema(self) -> Schema:
        """A string with a colon."""
        return {"type": "string", "pattern": r"^\s*[^\s:]+:[^\s:]+"}


def _bad_arguments(arguments: str) -> str:
    """What is wrong with the arguments of a factory; empty when nothing is."""
    import ast

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call = ast.parse(f"f({arguments}\n)", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return "the arguments are no Python"
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            ast.literal_eval(value)
    except SyntaxError:
        return "the arguments are no Python"
    except (ValueError, TypeError, MemoryError, RecursionError):
        return "an argument is no Python literal"
    return (
        "" if all(keyword.arg for keyword in call.keywords) else "an argument is no Python literal"
    )


class Script(Text):
    """A program with arguments, split as a shell would."""

    def __init__(self) -> None:
        super().__init__(
            'a program such as "run.py --demo"',
            hint='Write "run.py", with its arguments if it has some.',
        )

    def read(self, value: Any, spot: Spot) -> Any:
        """The text as written."""
        text = super().read(value, spot)
        if text is BAD or not set(text) & set("\"'\\"):
            return text
        import shlex

        try:
            words = shlex.split(text)
        except ValueError:
            return wrong(
                spot, f"a quote in {quoted(text)} is never closed", "Close it, or remove it."
            )
        return text if words and words[0] else wrong(spot, "this names no program", self.hint)


class Command:
    """A text for sh, or a list that is executed as it is."""

    def read(self, value: Any, spot: Spot) -> Any:
        """The text, or a tuple."""
        hint = 'Write "program --option", or ["program", "--option"].'
        if not isinstance(value, list):
            return Text("a command", hint=hint).read(value, spot)
        words = [self._word(each, spot[number]) for number, each in enumerate(value)]
        if BAD in words:
            return BAD
        if not words or not words[0].strip():
            return wrong(spot, "this is empty, but a command is needed", hint)
        return tuple(words)

    def _word(self, value: Any, spot: Spot) -> Any:
        if isinstance(value, str):
            return (
                wrong(spot, "no system takes a text with a NUL character", "Remove it.")
                if "\0" in value
                else value
            )
        return wrong_type(value, spot, "a string", f'Write "{spot.written}", in quotes.')

    def schema(self) -> Schema:
        """A string or a list."""
        return {
            "anyOf": [
                Text().schema(),
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
