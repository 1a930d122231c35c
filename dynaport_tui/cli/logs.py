"""What the services printed, and what happens: `dynaport logs` and `dynaport events`."""

from __future__ import annotations

import re
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

import click

from . import say
from .here import Here, NoEngine, UnknownService, pick

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..control.client import Client
    from ..model.view import LogLine, Snapshot

_PAGE = 2000
"""Lines in one question to the engine."""


def instant(value: str) -> float:
    """How long ago, such as `5m`, or a time such as `2026-01-01T12:00`, in seconds since 1970."""
    from ..model.units import seconds
    from ..model.wire import from_iso

    try:
        return time.time() - seconds(value)
    except ValueError:
        pass
    try:
        return from_iso(value)
    except ValueError:
        wrong = f"{value!r}: write how long ago (5m) or when (2026-01-01T12:00)"
        raise click.BadParameter(wrong) from None


def pattern(value: str) -> re.Pattern[str]:
    """A compiled regular expression."""
    try:
        return re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"{value!r}: {error}") from None


class Wanted:
    """Which lines to show, and how."""

    def __init__(
        self, lines: int | None, since: float | None, grep: re.Pattern[str] | None
    ) -> None:
        self.lines = lines
        self.since = since
        self.grep = grep

    def matches(self, line: LogLine) -> bool:
        """Whether time and text are wanted."""
        from ..model.text import plain

        if self.since is not None and line.at < self.since:
            return False
        return self.grep is None or self.grep.search(plain(line.text)) is not None

    def of(self, lines: Iterable[LogLine]) -> Iterable[LogLine]:
        """The wanted ones, the newest `lines` of them."""
        matching = filter(self.matches, lines)
        return matching if self.lines is None else deque(matching, maxlen=self.lines)


@click.command("logs", epilog="Example: `dynaport logs -f --grep 'error|warning' users orders`")
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("-n", "--lines", type=click.IntRange(0), metavar="N", help="Only the last N lines.")
@click.option("--since", type=instant, metavar="T", help="Only what is younger than 5m, 2h, ...")
@click.option("--grep", type=pattern, metavar="RE", help="Only lines that match.")
@click.option("--path", "paths", is_flag=True, help="Name the log files instead, newest first.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list; with -f an object a line.")
@click.pass_obj
def logs_command(
    here: Here,
    services: tuple[str, ...],
    follow: bool,
    lines: int | None,
    since: float | None,
    grep: re.Pattern[str] | None,
    paths: bool,
    as_json: bool,
) -> int:
    """Show what services printed, all of them unless named; also when nothing runs."""
    wanted = Wanted(lines, since, grep)
    if paths:
        return _paths(here, services, as_json)
    try:
        client, snapshot = here.running()
    except NoEngine:
        if follow:
            raise
        return _show(wanted.of(_merged(_from_files(here, services, wanted))), as_json)
    ids = [status.id for status in pick(snapshot, services)]
    if follow:
        return _follow(client, ids, wanted, as_json)
    return _show(wanted.of(_from_engine(client, snapshot, ids, wanted)), as_json)


def _from_engine(
    client: Client, snapshot: Snapshot, ids: list[str], wanted: Wanted
) -> Iterator[LogLine]:
    """The kept lines up to the snapshot; no more than are needed for the last ones."""
    last = {status.id: status.log_lines for status in snapshot.services}
    tail = wanted.lines if wanted.grep is None else None

    def pages(service: str) -> Iterator[LogLine]:
        after = 0 if tail is None else max(0, last[service] - tail)
        while after < last[service]:
            page = client.logs(service, after, min(_PAGE, last[service] - after))
            if not page:
                return
            yield from page
            after = page[-1].number

    return _merged([pages(service) for service in ids])


def _merged(sources: Iterable[Iterator[LogLine]]) -> Iterator[LogLine]:
    from heapq import merge

    return merge(*sources, key=lambda line: line.at)


def _show(lines: Iterable[LogLine], as_json: bool) -> int:
    if as_json:
        from ..model.wire import line_fields

        say.document([line_fields(line) for line in lines])
        return 0
    from ..headless.text import Text

    text = Text(colour=say.colour())
    for line in lines:
        sys.stdout.write(text.line(line))
    return 0


def _follow(client: Client, ids: list[str], wanted: Wanted, as_json: bool) -> int:
    from ..headless.render import renderer
    from ..model.view import LogLine, Snapshot

    render = renderer("json" if as_json else "text", colour=say.colour())
    for event in client.events(ids):
        if isinstance(event, Snapshot):
            render.know(event)
            for line in wanted.of(_from_engine(client, event, ids, wanted)):
                sys.stdout.write(render.items([line]))
        elif isinstance(event, LogLine) and wanted.matches(event):
            sys.stdout.write(render.items([event]))
        sys.stdout.flush()
    say.note("the engine has ended")
    return 0


def _from_files(here: Here, services: tuple[str, ...], wanted: Wanted) -> list[Iterator[LogLine]]:
    from ..engine.logs import read_files

    folder = _folder(here)
    tail = wanted.lines if wanted.grep is None else None
    return [
        read_files(folder, service, lines=tail, since=wanted.since)
        for service in _written(here, services)
    ]


def _written(here: Here, services: tuple[str, ...]) -> list[str]:
    """The services that have log files, those of `services` if any are named."""
    known = sorted(path.name.removesuffix(".log") for path in _folder(here).glob("*.log"))
    if not services:
        return known
    found: list[str] = []
    for name in services:
        meant = [s for s in known if s == name or s.partition(".")[0] == name]
        if not meant:
            raise UnknownService(name, known, here.file.parent.name, ever=True)
        found += meant
    return list(dict.fromkeys(found))


def _folder(here: Here) -> Path:
    from ..engine.files import log_folder

    return log_folder(here.file)


def _paths(here: Here, services: tuple[str, ...], as_json: bool) -> int:
    from ..engine.logs import paths

    folder = _folder(here)
    found = {
        service: list(map(str, paths(folder, service))) for service in _written(here, services)
    }
    if as_json:
        say.document(found)
    else:
        for path in (path for files in found.values() for path in files):
            say.fact(path)
    return 0


@click.command("events", epilog="Example: `dynaport events | jq -c 'select(.event==\"state\")'`")
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
@click.option("--no-logs", is_flag=True, help="Without what the services print.")
@click.option("--json", "_as_json", is_flag=True, help="Changes nothing: it is JSON anyway.")
@click.pass_obj
def events_command(here: Here, services: tuple[str, ...], no_logs: bool, _as_json: bool) -> int:
    """Print what happens, a JSON object a line, a snapshot first; until the engine ends."""
    from ..headless.render import JsonLines
    from ..model.view import Snapshot

    client, snapshot = here.running()
    ids = [status.id for status in pick(snapshot, services)] if services else []
    render = JsonLines()
    for event in client.events(ids, "none" if no_logs else "lines"):
        line = render.begin(event) if isinstance(event, Snapshot) else render.items([event])
        sys.stdout.write(line)
        sys.stdout.flush()
    return 0
