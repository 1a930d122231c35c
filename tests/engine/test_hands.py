"""What becomes of the services' logs when services.toml changes, and at the end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dynaport_tui.engine.files import log_folder
from dynaport_tui.engine.hands import Hands
from dynaport_tui.engine.logfile import Entry, LogFile
from dynaport_tui.model.reports import Forget
from dynaport_tui.model.spec import LogSpec
from dynaport_tui.model.view import Event, Notice
from tests.fakes import FakeClerk
from tests.model.fleets import service

WEB = service("web")


class Watched:
    """Hands without a nursery, and what they published."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "services.toml"
        self.events: list[Event] = []
        self.hands = Hands(
            self.file,
            post=lambda _report: None,
            publish=self.events.append,
            epoch=lambda _service: 1,
            loaded=lambda _service, _run, _files: None,
            launches=lambda: (),
            clerk=lambda _service: FakeClerk(),
        )
        self.hands.add(WEB, LogSpec())

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]

    async def prints(self, data: bytes) -> None:
        ours, theirs = os.pipe()
        attachment = self.hands["web"].log.attach("stdout", ours)
        os.write(theirs, data)
        os.close(theirs)
        assert await attachment.drain(8)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    await watched.hands.drain(1)
    await watched.hands.close()


async def test_a_changed_log_table_holds_at_once(watched: Watched) -> None:
    await watched.prints(b"1\n2\n3\n4\n")
    watched.hands.add(WEB, LogSpec(lines=2))
    assert [line.text for line in watched.hands["web"].log.lines()] == ["3", "4"]


async def test_a_forgotten_service_keeps_its_last_lines_and_nobody_waiting(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    really_append = LogFile.append

    def append(self: LogFile, entries: list[Entry]) -> None:
        assert may_write.wait(8)
        really_append(self, entries)

    monkeypatch.setattr(LogFile, "append", append)
    await watched.prints(b"last words\n")
    began = time.monotonic()
    watched.hands.perform(Forget(service="web"))
    assert time.monotonic() - began < 1
    may_write.set()
    await watched.hands.drain(8)
    assert (log_folder(watched.file) / "web.log").read_bytes() == b"last words\n"
    assert watched.notices == []
