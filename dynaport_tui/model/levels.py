"""How grave a line of a log says that it is."""

from __future__ import annotations

import enum
import re


class Level(enum.IntEnum):
    """The usual levels, in order."""

    TRACE = 5
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


WORDS: dict[Level, tuple[str, ...]] = {
    Level.TRACE: ("trace", "trce", "verbose", "silly"),
    Level.DEBUG: ("debug", "dbug", "dbg"),
    Level.INFO: ("info", "information", "notice", "log"),
    Level.WARNING: ("warning", "warn", "wrn"),
    Level.ERROR: ("error", "err", "severe", "fail"),
    Level.CRITICAL: ("critical", "crit", "fatal", "panic", "alert", "emerg", "emergency"),
}
"""What loggers call them, in lower case."""
NAMED = {word: level for level, words in WORDS.items() for word in words}
_NUMBERED = {10: Level.TRACE, 20: Level.DEBUG, 30: Level.INFO, 40: Level.WARNING, 50: Level.ERROR}

_NEAR = 200
"""Characters from the start in which a level is looked for."""
_FAR = 4000
"""The same for lines of fields."""
_ANY = "|".join(sorted(NAMED, key=len, reverse=True))
_BEFORE = (
    r"(?:"
    r"(?=\S{0,64}[\d|/_:@#])\S++"  # times, numbers, paths, `module:`
    r"|\w+(?:\.\w+)++"  # names of loggers
    r"|[-|·•>*+=~]++"
    r"|\[[\w .:-]*+\]"
    r"|\w[\w-]*+(?=\s+[-|]\s)"
    r"|npm|UTC|GMT|CES?T|[EP][SD]T|[AP]M"
    r"|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    r")(?:\s++|(?<=\])|$)"
)
"""What may stand before a level: nothing that could be part of a sentence."""
_LEVEL = re.compile(
    rf"\s*+(?:{_BEFORE}){{0,12}}?"
    r"(?:"
    rf"[\[(<]?(?P<loud>{_ANY.upper()})(?![\w.=-])"
    rf"|[\[(<]\s*+(?P<boxed>(?i:{_ANY}))\s*+[\])>]"
    rf"|(?P<said>(?i:{_ANY}))(?:\[\w+\])?:(?!\w*:)"
    rf"|(?<=[-|\t ])(?P<barred>(?i:{_ANY}))(?:\s++[-|]\s|\t)"
    r")",
    re.ASCII,
)
_FIELD = re.compile(
    r"""(?P<quote>["']?)\b(?:(?:log\.?)?(?P<key>level)|level_?name|lvl|severity)(?P=quote)"""
    r"""[ ]?[=:][ ]?(?:["']?(?P<word>[A-Za-z]+)\b|(?P<number>[0-9]{2})\b)"""
)
_QUOTED = re.compile(r'"[A-Z]{3,10} \S+(?: HTTP/[\d.]+)?" (?P<status>[1-5][0-9]{2})\b')
_BARE = re.compile(
    r"(?:^|[\s\]|])(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) "
    r"/\S* (?:HTTP/[\d.]+ )?(?P<status>[1-5][0-9]{2})(?=\s|$)"
)
_STATUS = re.compile(
    r"""["']?\b(?:http_)?status(?:_?code)?["']?[ ]?[=:][ ]?(?P<status>[1-5][0-9]{2})\b"""
)
_RAISED = re.compile(r"(?:Uncaught )?(?:\w+\.)*[A-Z]\w*(?:Error|Exception)(?=:|$)")
_WARNED = re.compile(r"\S+:\d+: \w*Warning: ")
_HEAD = "Traceback (most recent call last):"


def level_of(plain: str) -> Level | None:
    """The level that a line without colours names; None where it names none.

    It is a word near the start with nothing of a sentence before it, a field of a JSON or
    `key=value` line, or follows from the status of an access line (5xx is an error, 4xx a
    warning). The head of a traceback and the line that names its exception are errors.
    """
    status = status_of(plain)
    if status is not None and status >= 400:
        return Level.ERROR if status >= 500 else Level.WARNING
    found = _fielded(plain) or _worded(plain[:_NEAR])
    return Level.INFO if found is None and status is not None else found


def status_of(plain: str) -> int | None:
    """The status of the answer that an access line tells of; None for any other line."""
    found = None
    if " /" in plain:
        found = _QUOTED.search(plain, 0, _FAR) or _BARE.search(plain, 0, _FAR)
    if found is None and "status" in plain:
        found = _STATUS.search(plain, 0, _FAR)
        if found is not None and not is_fielded(plain, found.start()):
            found = None
    return None if found is None else int(found["status"])


def is_fielded(plain: str, at: int) -> bool:
    """Whether the line is JSON, or what stands at `at` is one of its `key=value` fields."""
    return plain.lstrip()[:1] == "{" or plain.find("=", at, at + 20) > 0


def _fielded(plain: str) -> Level | None:
    if "{" not in plain[:_NEAR] and "=" not in plain:
        return None
    found = _FIELD.search(plain, 0, _FAR)
    if found is None or not is_fielded(plain, found.start()):
        return None
    if found["number"]:
        number = int(found["number"]) if found["key"] else 0
        return _NUMBERED.get(number, Level.CRITICAL if number > 50 else None)
    return NAMED.get(found["word"].lower())


def _worded(near: str) -> Level | None:
    found = _LEVEL.match(near)
    if found is not None:
        assert found.lastgroup is not None
        return NAMED[found[found.lastgroup].lower()]
    if near.endswith(_HEAD) or _RAISED.match(near):
        return Level.ERROR
    if _WARNED.match(near):
        return Level.WARNING
    return None
