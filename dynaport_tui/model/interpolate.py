"""`${services.NAME.url}` and `${env.NAME}` in the values of `env`; `$${` stands for `${` itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES = ("url", "host", "port", "urls")
"""What can be asked of a service."""

_TOKEN = re.compile(r"\$\$\{|\$\{(?P<inner>[^{}$]*)\}|\$\{")
_INNER = re.compile(
    r"(?P<scope>services)\.(?P<name>[^.\s]+)\.(?P<attribute>[^.\s]+)|(?P<env>env)\.(?P<variable>[A-Za-z_]\w*)",
    re.ASCII,
)


class Reference(NamedTuple):
    """One `${...}`; `name` is empty where it cannot be understood."""

    text: str
    """As written."""
    name: str = ""
    """Of the service or variable."""
    attribute: str = ""
    """Of a service; empty for a variable."""


class InterpolationError(LookupError):
    """A `${...}` that has no value; the text says which and why."""

    def __init__(self, reference: str, why: str) -> None:
        super().__init__(f"{reference}: {why}")
        self.reference = reference
        self.why = why


def references(value: str) -> list[Reference]:
    """All `${...}` of a value, in order, also those that make no sense."""
    return [_read(match) for match in _TOKEN.finditer(value) if match.group() != "$${"]


def expand(value: str, services: Mapping[str, Mapping[str, str]], env: Mapping[str, str]) -> str:
    """The value with every `${...}` replaced; raises InterpolationError.

    `services` maps a service's name to its attributes (url, host, port, urls).
    """

    def replace(match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        return _look_up(_read(match), services, env)

    return _TOKEN.sub(replace, value)


def _read(match: re.Match[str]) -> Reference:
    text = match.group()
    inner = _INNER.fullmatch((match["inner"] or "").strip())
    if inner is None:
        return Reference(text)
    if inner["env"]:
        return Reference(text, inner["variable"])
    return Reference(text, inner["name"], inner["attribute"])


def _look_up(
    reference: Reference, services: Mapping[str, Mapping[str, str]], env: Mapping[str, str]
) -> str:
    text, name, attribute = reference
    if not name:
        raise InterpolationError(text, "neither services.NAME.url nor env.NAME")
    if not attribute:
        if name not in env:
            raise InterpolationError(text, f"the variable {name} is not set")
        return env[name]
    if name not in services:
        raise InterpolationError(text, f"there is no service {name}")
    if attribute not in services[name]:
        raise InterpolationError(text, f"{name} has no {attribute}")
    return services[name][attribute]
