from __future__ import annotations

import json

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.view import (
    Ended,
    Event,
    Lagged,
    LogAdvanced,
    LogBlock,
    LogLine,
    Notice,
    PortMoved,
    ProjectChanged,
    Reloaded,
    StateChanged,
)
from dynaport_tui.model.wire import (
    decode_event,
    encode_block,
    encode_event,
    encode_snapshot,
    from_iso,
    iso,
    settled,
)
from tests.fakes import NOON, FakeEngine, status

EVENTS: list[Event | LogLine] = [
    StateChanged(at=NOON, service="users", old=State.STARTING, new=State.READY, why="it answered"),
    LogAdvanced(service="users", last=3),
    Reloaded(at=NOON, service="users", files=["app.py"], ok=True, why="", seconds=0.25),
    ProjectChanged(at=NOON, error="services.toml:1: no"),
    PortMoved(at=NOON, service="users", port=20418, why="users moved"),
    Notice(at=NOON, text="read this"),
    Lagged(),
    Ended(at=NOON, code=130, why="interrupted"),
    LogLine(service="users", number=7, at=NOON, stream="stderr", text="hello"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_the_wire(event: Event | LogLine) -> None:
    assert decode_event(encode_event(event)) == event


def test_a_snapshot_survives_the_wire_and_comes_as_an_event() -> None:
    snapshot = FakeEngine(status("users")).snapshot()
    line = encode_snapshot(snapshot, NOON)

    assert json.loads(line)["event"] == "snapshot"
    assert decode_event(line) == snapshot


def test_a_change_of_state_reads_as_documented() -> None:
    assert json.loads(encode_event(EVENTS[0])) == {
        "event": "state",
        "at": "2026-01-01T12:00:00.000Z",
        "service": "users",
        "from": "STARTING",
        "to": "READY",
        "why": "it answered",
    }


def test_a_log_line_reads_as_documented() -> None:
    assert json.loads(encode_event(EVENTS[-1])) == {
        "event": "log",
        "at": "2026-01-01T12:00:00.000Z",
        "service": "users",
        "stream": "stderr",
        "number": 7,
        "text": "hello",
    }


@pytest.mark.parametrize("last", ["plain", "rewritten\rgrüße"])
def test_lines_that_came_together_read_as_each_of_them_alone(last: str) -> None:
    shown = ["", '"quoted" \\', last.rpartition("\r")[2]]
    data = f'\n"quoted" \\\n{last}\n'.encode()
    block = LogBlock("users", 7, 3, NOON, "stderr", data)
    lines = [
        LogLine(service="users", number=number, at=NOON, stream="stderr", text=text)
        for number, text in enumerate(shown, 7)
    ]
    assert encode_block(block) == b"".join(map(encode_event, lines))
    assert block.last == 9


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOON + 0.123, "2026-01-01T12:00:00.123Z"),
        (NOON + 0.9999, "2026-01-01T12:00:00.999Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_utc_with_milliseconds(at: float, text: str) -> None:
    assert iso(at) == text
    assert from_iso(text) == pytest.approx(at, abs=0.001)


def test_a_one_shot_that_still_runs_is_not_settled() -> None:
    assert settled(status("users"))
    assert not settled(status("migrate", task=True))
    assert settled(status("migrate", State.DONE, task=True))
