"""What a service printed, made fit to be shown: decoded, free of control codes, secrets hidden."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "••••"

_UNCLEAN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system commands: titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # device control strings and their kin
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # cursor movements, erasing, modes
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f]"
)
_SECRET = re.compile(
    r"(?:^|_)(?:API)?(?:KEYS?|TOKENS?)$|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL", re.IGNORECASE
)
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\[\]]+")
_SECRET_WORDS = frozenset(
    {"AUTH", "AUTHORIZATION", "JWT", "PASS", "PIN", "PWD", "SID", "SIG", "SIGNATURE"}
)
"""What a parameter of a request may be called, beside the names of variables."""
_URL_PASSWORD = re.compile(r"(://[^\s/?#:@]*:)([^\s/?#]+)@")


def clean(data: bytes) -> str:
    """One line as a terminal would show it.

    Bytes that are no UTF-8 are replaced, control codes other than colour and tab are dropped, and
    of a line that was rewritten with carriage returns the last rewrite stays.
    """
    text = data.decode("utf-8", "replace")
    if _UNCLEAN.search(text) is None:
        return text
    text = text.rstrip("\r\n")
    if "\r" in text:
        text = text.rpartition("\r")[2]
    return _CONTROL.sub(lambda found: found["colour"] or "", text)


def plain(text: str) -> str:
    """The text without its colours."""
    return _SGR.sub("", text) if "\x1b" in text else text


def mask(env: Mapping[str, str]) -> dict[str, str]:
    """The variables with the values of secrets hidden, and the passwords inside URLs too.

    A variable is a secret by its name: `*_KEY`, `*_TOKEN`, `*PASSWORD*`, `*SECRET*` and their kin.
    An empty value stays empty, so that it can be seen to be missing.
    """
    return {name: _masked(name, value) for name, value in env.items()}


def _masked(name: str, value: str) -> str:
    if value and _SECRET.search(name):
        return MASK
    return without_passwords(value)


def secrets_of(env: Mapping[str, str]) -> list[str]:
    """The values that `mask` hides, without those that are empty, and the passwords in URLs."""
    named = [value for name, value in env.items() if value and _SECRET.search(name)]
    inside = [found[2] for value in env.values() for found in _URL_PASSWORD.finditer(value)]
    return [*named, *inside]


def without_passwords(text: str) -> str:
    """The text with the passwords inside its URLs hidden."""
    return _URL_PASSWORD.sub(rf"\g<1>{MASK}@", text) if "://" in text else text


def is_secret(name: str) -> bool:
    """Whether a parameter's value is to be hidden: `access_token`, `apiKey`, `user[password]`."""
    words = _WORD_BREAK.sub("_", name).strip("_")
    return bool(_SECRET.search(words)) or words.rpartition("_")[2].upper() in _SECRET_WORDS


def wants_colour(env: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether to write colours, by the conventions of https://no-color.org and https://force-color.org."""
    if env.get("FORCE_COLOR"):
        return True
    if env.get("NO_COLOR") or env.get("TERM") == "dumb":
        return False
    return terminal
