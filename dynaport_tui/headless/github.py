"""The plain stream for GitHub Actions: failures as annotations, their logs as groups.

Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.machine import State
from ..model.view import ProjectChanged, Snapshot, StateChanged
from .render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .render import Failure, Item, Part
    from .text import Text

_PLACE = re.compile(r"(?P<file>[^\s:()'\"]+\.\w+)(?::|, line )(?P<line>\d+)")


class GitHub(Renderer):
    """Between commands of our own, nothing that a service prints is taken for a command."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._token = secrets.token_hex(16)
        self._root = ""

    def begin(self, snapshot: Snapshot) -> str:
        """As in the text format, with commands switched off from here on."""
        self._root = snapshot.project.root
        return self._stop() + self._text.begin(snapshot)

    def know(self, snapshot: Snapshot) -> None:
        """Learn the names and addresses of services that came later."""
        self._text.know(snapshot)

    def parts(self, items: Iterable[Item]) -> list[Part]:
        """As in the text format, and an annotation for each failure."""
        made: list[Part] = []
        for item in items:
            made += self._text.parts([item])
            if isinstance(item, StateChanged) and item.new is State.FAILED:
                failed = error(f"{item.service} failed", item.why, self._root)
                made.append(self._commands(failed).encode("utf-8", "replace"))
            elif isinstance(item, ProjectChanged) and item.error:
                wrong = errors("services.toml", item.error, self._root)
                made.append(self._commands(wrong).encode("utf-8", "replace"))
        return made

    def end(self, why: str, failures: Sequence[Failure]) -> str:
        """A group for each service that failed, then why it all ended."""
        parts = []
        for failure in failures:
            title = f"::group::{_data(f'{failure.service} failed: {failure.why}')}\n"
            lines = "".join(self._text.line(line) for line in failure.lines)
            parts += [self._resume(), title, self._stop(), lines]
            parts += [self._resume(), "::endgroup::\n", self._stop()]
        return "".join(parts) + self._text.end(why, ()) + self._resume()

    def _commands(self, commands: str) -> str:
        return self._resume() + commands + self._stop()

    def _stop(self) -> str:
        return f"::stop-commands::{self._token}\n"

    def _resume(self) -> str:
        return f"::{self._token}::\n"


def errors(title: str, text: str, root: str) -> str:
    """An annotation for each line."""
    return "".join(error(title, line, root) for line in text.splitlines())


def error(title: str, why: str, root: str) -> str:
    """An annotation, at the first place that `why` names; `root` is where its files are from."""
    properties = {"title": title}
    if place := _PLACE.search(why):
        properties |= {"file": _from_checkout(place["file"], root), "line": place["line"]}
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::error {shown}::{_data(why)}\n"


def _from_checkout(file: str, root: str) -> str:
    """GitHub knows files by their path in the repository, which may lie above the project."""
    path, checkout = Path(root, file), Path(os.environ.get("GITHUB_WORKSPACE", ".")).resolve()
    return str(path.relative_to(checkout) if path.is_relative_to(checkout) else path)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
