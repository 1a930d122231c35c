from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from dynaport_tui.headless import Format, Output, Stream, renderer, stream
from dynaport_tui.headless.render import OnlyTheEnd
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import Lagged, ProjectChanged, Reloaded
from tests.fakes import NOON, FakeEngine, FakeOutput, status

DEADLINE = 8


class Reader:
    """The other end of a stream's output."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.pipe()
        self.text = ""

    async def read(self) -> None:
        """Take a chunk."""
        data = await asyncio.to_thread(os.read, self._ours, 1 << 20)
        self.text += data.decode()

    async def until(self, pattern: str) -> str:
        """Read until the text matches."""
        async with asyncio.timeout(DEADLINE):
            while not re.search(pattern, self.text):
                await self.read()
        return self.text

    def go(self) -> None:
        """Stop reading for good."""
        if self._ours >= 0:
            os.close(self._ours)
            self._ours = -1

    def close(self) -> None:
        """Let both ends go."""
        self.go()
        os.close(self.theirs)


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@asynccontextmanager
async def streaming(
    engine: FakeEngine, reader: Reader, log_format: Format = "text", **options: Any
) -> AsyncIterator[Stream]:
    """A stream that runs until the block ends; it is ended then if the engine is not."""
    render = renderer(log_format, colour=options.pop("colour", False))
    stream = Stream(engine, Output(reader.theirs), render, **options)
    task = asyncio.create_task(stream.run())
    async with asyncio.timeout(DEADLINE):
        await asyncio.sleep(0)
        assert engine.watched
        yield stream
        engine.end(0, "every service is done")
        await task


async def test_a_line_shows_time_name_and_text(reader: Reader) -> None:
    engine = FakeEngine(status("users"), status("longer-name"))
    async with streaming(engine, reader):
        engine.say("users", "hello", at=NOON + 1.234)
        text = await reader.until("hello")

    assert re.search(r"^\d\d:\d\d:01\.234 users       \| hello$", text, re.M)


async def test_the_top_says_what_runs_and_every_address(reader: Reader) -> None:
    engine = FakeEngine(
        status("users"),
        status("db", State.STARTING, url=None, port=None),
        status("orders", State.STOPPED, waiting=True, why="waits for db, which is not ready yet"),
    )
    async with streaming(engine, reader):
        text = await reader.until("waits")

    lines = [line.partition(" | ")[2] for line in text.splitlines()]
    assert lines == [
        "shop: 3 services, from /shop/services.toml",
        "  users   http://127.0.0.1:20417",
        "  orders  http://127.0.0.1:20417",
        "orders waits for db, which is not ready yet",
    ]
    assert all(" dynaport | " in line for line in text.splitlines())


async def test_a_port_that_is_not_the_computed_one_says_why_at_the_top(reader: Reader) -> None:
    engine = FakeEngine(status("users", port_why="20416 was in use"))
    async with streaming(engine, reader):
        text = await reader.until("in use.*")

    assert "| users  http://127.0.0.1:20417  (20416 was in use)\n" in text.replace("|   ", "| ")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.READY, "everything is ready"),
        (State.FAILED, "users failed: exit 1 after 0.2 s"),
        (State.UNHEALTHY, "users is unhealthy: exit 1 after 0.2 s"),
    ],
)
async def test_who_comes_later_reads_at_the_top_how_things_are(
    reader: Reader, state: State, said: str
) -> None:
    engine = FakeEngine(status("users", state, why="exit 1 after 0.2 s"))
    async with streaming(engine, reader):
        text = await reader.until(said)

    assert text.splitlines()[-1].endswith(f" dynaport | {said}")


async def test_nothing_is_ready_where_nothing_is_wanted(reader: Reader) -> None:
    engine = FakeEngine(status("users", State.STOPPED, wanted=False))
    async with streaming(engine, reader):
        engine.say("users", "hello")
        text = await reader.until("hello")

    assert "ready" not in text


async def test_it_is_told_once_when_everything_is_ready(reader: Reader) -> None:
    engine = FakeEngine(
        status("migrate", State.STARTING, task=True),
        status("users", State.STARTING),
        status("off", State.STOPPED, wanted=False),
    )
    async with streaming(engine, reader):
        engine.move("users", State.READY, "it answered")
        engine.move("migrate", State.READY, "alive")
        engine.move("migrate", State.DONE, "exit 0 after 0.2 s")
        engine.move("users", State.UNHEALTHY, "it did not answer")
        engine.move("users", State.READY, "it answered again")
        text = await reader.until("it answered again")

    told = re.findall(r"\| (migrate is done|users is \w+|everything is ready after \d)", text)
    assert [line.rstrip("0123456789") for line in told] == [
        "users is ready",
        "migrate is done",
        "everything is ready after ",
        "users is unhealthy",
        "users is ready",
    ]


@pytest.mark.parametrize(
    ("state", "why", "said"),
    [
        (State.READY, "it answered", "users is ready at http://127.0.0.1:20417 (it answered)"),
        (State.STARTING, "starting", "users is starting"),
        (State.STARTING, "starting: app.py was saved", "users is starting: app.py was saved"),
        (State.FAILED, "exit 1 after 0.2 s", "users failed: exit 1 after 0.2 s"),
        (State.BACKOFF, "exit 1; starts again in 1 s", "users ended: exit 1; starts again in 1 s"),
        (State.STOPPED, "stopped by you", "users is stopped by you"),
    ],
)  # fmt: skip
async def test_a_change_of_state_is_one_calm_line(
    reader: Reader, state: State, why: str, said: str
) -> None:
    engine = FakeEngine(status("users", State.STOPPING), status("orders", State.STARTING))
    async with streaming(engine, reader):
        engine.move("users", state, why)
        text = await reader.until(r"users (is|failed|ended|stopped)")

    assert text.splitlines()[-1].endswith(f" dynaport | {said}")


async def test_a_service_that_starts_again_says_why_once(reader: Reader) -> None:
    engine, why = FakeEngine(status("users")), "exit 1 after 0.2 s; starts again in 0.1 s"
    async with streaming(engine, reader):
        engine.move("users", State.BACKOFF, why)
        engine.move("users", State.STOPPED, why)
        engine.move("users", State.READY, "it answered")
        text = await reader.until("users is ready")

    assert text.count("exit 1 after 0.2 s") == 1
    assert "stopped" not in text


async def test_of_many_saved_files_the_first_are_named(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    files = [f"shop/part{number}.py" for number in range(20)]
    async with streaming(engine, reader):
        engine.publish(
            Reloaded(at=NOON, service="users", files=files, ok=True, why="", seconds=0.25)
        )
        text = await reader.until("users was reloaded.*\n")

    assert "in 250 ms: shop/part0.py, shop/part1.py, shop/part2.py and 17 more\n" in text


async def test_a_reload_and_a_broken_services_toml_are_told(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader):
        engine.publish(
            Reloaded(at=NOON, service="users", files=["app.py"], ok=True, why="", seconds=0.25)
        )
        error = "services.toml:1: prot: unknown key.\nservices.toml:9: app: missing."
        engine.publish(ProjectChanged(at=NOON, error=error))
        text = await reader.until("app: missing")

    assert "users was reloaded in 250 ms: app.py" in text
    assert "services.toml has mistakes now, everything stays as it was:" in text
    assert all(" dynaport | " in line for line in text.splitlines())


async def test_lines_of_several_services_are_merged_by_time(reader: Reader) -> None:
    engine = FakeEngine(status("a"), status("b"))
    async with streaming(engine, reader):
        for second in range(0, 6, 2):
            engine.say("a", f"line {second}", at=NOON + second)
        for second in range(1, 6, 2):
            engine.say("b", f"line {second}", at=NOON + second)
        engine.move("a", State.FAILED, "gone", at=NOON + 3.5)
        text = await reader.until("line 5")

    told = re.findall(r"line \d|a failed", text.partition("line 0")[0] + text)
    assert told[: told.index("line 5") + 1] == [
        "line 0", "line 1", "line 2", "line 3", "a failed", "line 4", "line 5",
    ]  # fmt: skip


async def test_colours_of_services_are_kept_and_ended_where_there_is_colour(
    reader: Reader,
) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader, colour=True):
        engine.say("users", "\x1b[31mred")
        text = await reader.until("red")

    assert "\x1b[31mred\x1b[0m\n" in text


async def test_no_two_services_have_the_same_colour_while_there_are_enough(
    reader: Reader,
) -> None:
    names = [f"service-{number}" for number in range(10)]
    engine = FakeEngine(*map(status, names))
    async with streaming(engine, reader, colour=True):
        for name in names:
            engine.say(name, "hello")
        text = await reader.until("service-9.*hello")

    assert len(set(re.findall(r"\x1b\[(\d+)mservice-\d", text))) == len(names)


async def test_a_reload_that_failed_names_a_file_once(reader: Reader) -> None:
    why = "SyntaxError: invalid syntax  users/app.py:25"
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader):
        for files in (["users/app.py"], ["users/app.py", "users/shop.py"]):
            event = Reloaded(at=NOON, service="users", files=files, ok=False, why=why, seconds=0.1)
            engine.publish(event)
        text = await reader.until("shop.py.*")

    assert f"users was not reloaded: {why}" in text
    assert f"users was not reloaded (users/app.py, users/shop.py): {why}" in text


async def test_colours_of_services_are_taken_off_where_there_is_none(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader):
        engine.say("users", "\x1b[31mred\x1b[0m")
        text = await reader.until("red")

    assert "\x1b" not in text


async def test_the_end_says_why_and_repeats_the_last_lines_of_what_failed(reader: Reader) -> None:
    engine = FakeEngine(status("users"), status("orders"))
    async with streaming(engine, reader):
        engine.say("users", *(f"line {n}" for n in range(1, 31)))
        engine.move("users", State.FAILED, "exit 1 after 0.2 s")
        engine.move("users", State.STOPPED, "users failed")
        engine.end(1, "users failed: exit 1 after 0.2 s")
        text = await reader.until("ended: ")

    end = text[text.rindex("users failed; its last 10 lines:") :]
    assert re.findall(r"line \d+", end) == [f"line {n}" for n in range(21, 31)]
    assert end.endswith("dynaport | ended: users failed: exit 1 after 0.2 s\n")


async def test_the_end_repeats_nothing_of_earlier_starts(reader: Reader) -> None:
    engine = FakeEngine(status("users", State.STOPPED))
    async with streaming(engine, reader):
        for second in range(3):
            engine.move("users", State.STARTING, "starting", at=NOON + second)
            engine.say("users", f"try {second}", at=NOON + second + 0.5)
            engine.move("users", State.FAILED, "exit 1", at=NOON + second + 0.6)
        engine.end(1, "users failed: exit 1")
        text = await reader.until("ended: ")

    end = text[text.rindex("users failed; its last line:") :]
    assert re.findall(r"try \d", end) == ["try 2"]


async def test_a_service_that_recovered_is_no_failure_at_the_end(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader):
        engine.move("users", State.FAILED, "SyntaxError")
        engine.move("users", State.STARTING, "starting: app.py was saved")
        engine.move("users", State.READY, "it answered")
        engine.end(130, "interrupted")
        text = await reader.until("ended: interrupted")

    assert text.count("users failed") == 1


async def test_who_waits_for_a_failed_service_is_told(reader: Reader) -> None:
    engine = FakeEngine(status("db"), status("orders", State.STOPPED))
    async with streaming(engine, reader):
        engine.change("orders", waiting=True, why="waits for db, which is broken: exit 1")
        engine.move("db", State.FAILED, "exit 1")
        text = await reader.until("orders waits")

    assert "dynaport | orders waits for db, which is broken: exit 1" in text


async def test_who_waits_since_the_beginning_is_told_once(reader: Reader) -> None:
    waits = {"waiting": True, "why": "waits for db, which is not ready yet"}
    engine = FakeEngine(
        status("db"), status("orders", State.STOPPED, **waits), status("other", State.STARTING)
    )
    async with streaming(engine, reader):
        engine.move("other", State.FAILED, "exit 1")
        text = await reader.until("other failed:.*")

    assert text.count("orders waits for db") == 1


async def test_a_reader_that_does_not_read_holds_nobody_up_and_misses_no_state(
    reader: Reader,
) -> None:
    engine = FakeEngine(status("users"), status("orders"))
    engine.kept = 5000
    async with streaming(engine, reader):
        engine.say("users", *("x" * 100 for _ in range(5000)))
        for _ in range(50):
            await asyncio.sleep(0)
        engine.say("users", *("y" * 100 for _ in range(100_000)))
        engine.say("users", "the last line")
        engine.move("orders", State.FAILED, "exit 1")
        text = await reader.until(r"the last line[^$]*orders failed")

    skipped = re.search(r"users: ([\d,]+) lines are not shown here", text)
    assert skipped
    shown = len(re.findall(r"users    \| (?:x+|y+|the last line)$", text, re.M))
    assert shown + int(skipped[1].replace(",", "")) == 105_001


async def test_services_wait_for_a_reader_until_it_is_slow_and_again_when_it_has_caught_up(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SLOW", 0.01)
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader), asyncio.timeout(DEADLINE):
        [tail] = engine.tails
        engine.say("users", *("x" * 100 for _ in range(5000)), "the last line")
        await tail.is_held(False)
        await reader.until("the last line")
        await tail.is_held(True)

    assert tail.closed


async def test_a_reader_of_a_long_write_is_waited_for_as_long_as_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "SLOW", 0.0)
    engine = FakeEngine(status("users"))
    out = FakeOutput()
    shown = Stream(engine, cast("Output", out), renderer("text", colour=False))
    task = asyncio.create_task(shown.run())
    async with asyncio.timeout(DEADLINE):
        await out.asked(100)  # each time it has taken more
        assert engine.tails[0].held
        out.stall()
        await engine.tails[0].is_held(False)
        out.go_on()
        engine.end(0, "every service is done")
        await task


async def test_a_file_is_waited_for_however_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SLOW", 0.0)
    engine = FakeEngine(status("users"))
    with (tmp_path / "out").open("wb") as file:
        task = asyncio.create_task(
            Stream(engine, Output(file.fileno()), renderer("text", colour=False)).run()
        )
        async with asyncio.timeout(DEADLINE):
            for _ in range(50):
                await asyncio.sleep(0)
                engine.say("users", *("x" * 100 for _ in range(1000)))
            engine.end(0, "every service is done")
            while not task.done():
                assert engine.tails[0].held
                await asyncio.sleep(0)
    assert (tmp_path / "out").read_text().count(f"users    | {'x' * 100}\n") == 50_000


async def test_where_no_lines_are_shown_nobody_waits_for_them(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    shown = Stream(engine, Output(reader.theirs), OnlyTheEnd(renderer("text", colour=False)))
    task = asyncio.create_task(shown.run())
    await asyncio.sleep(0)
    engine.say("users", "hello", "goodbye")
    engine.move("users", State.FAILED, "exit 1")
    engine.end(1, "users failed: exit 1")
    text = await reader.until("goodbye")
    await task

    assert not engine.tails
    assert re.findall("users failed|hello|goodbye", text) == ["users failed", "hello", "goodbye"]


async def test_a_service_that_comes_back_is_shown_from_its_first_line(reader: Reader) -> None:
    engine = FakeEngine(status("users"), status("orders"))
    async with streaming(engine, reader):
        engine.say("users", "one", "two", "three")
        await reader.until("three")
        engine.forget("users")
        await reader.until("took out users")
        engine.add(status("users"))
        engine.say("users", "new")
        text = await reader.until("new|not shown")

    assert "not shown" not in text


async def test_events_that_were_dropped_are_made_up_from_the_state(reader: Reader) -> None:
    engine = FakeEngine(status("users", State.STARTING))
    async with streaming(engine, reader):
        engine.change("users", state=State.FAILED, why="exit 3")
        engine.publish(Lagged())
        text = await reader.until("users failed")

    assert "users failed: exit 3" in text


async def test_a_reader_that_goes_away_begins_the_orderly_stop(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader) as stream:
        await reader.until("services.toml")
        reader.go()
        engine.say("users", "hello")
        await engine.downed.wait()

    assert stream.gone == "Broken pipe"


async def test_a_reader_that_never_reads_again_does_not_keep_the_end_from_coming(
    reader: Reader,
) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader, patience=0.05) as stream:
        engine.say("users", *("x" * 1000 for _ in range(1000)))
        engine.end(0, "asked to stop")
        stream.end_soon()

    assert stream.gone == "nobody read for 0.05 s"


async def test_json_is_an_object_a_line_with_a_snapshot_first(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader, "json"):
        engine.say("users", "hello", at=NOON)
        engine.move("users", State.FAILED, "exit 1", at=NOON)
        engine.end(1, "users failed")
        text = await reader.until('"ended"')

    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events] == ["snapshot", "log", "state", "ended"]
    assert events[1]["text"] == "hello"
    assert events[2]["at"] == "2026-01-01T12:00:00.000Z"
    assert events[3]["code"] == 1


async def test_a_service_cannot_give_commands_to_github(reader: Reader) -> None:
    engine = FakeEngine(status("users"))
    async with streaming(engine, reader, "github"):
        engine.say("users", "::error::from the service")
        engine.move("users", State.FAILED, "SyntaxError: invalid syntax (users/app.py:14), 100%")
        engine.end(1, "users failed")
        text = await reader.until("ended: users failed\n::[0-9a-f]+::\n")

    token = re.match(r"::stop-commands::([0-9a-f]{32})\n", text)
    assert token
    switched_on = re.findall(rf"::{token[1]}::\n(.*?)(?=::stop-commands::|\Z)", text, re.S)
    assert switched_on == [
        "::error title=users failed,file=/shop/users/app.py,line=14::"
        "SyntaxError: invalid syntax (users/app.py:14), 100%25\n",
        "::group::users failed: SyntaxError: invalid syntax (users/app.py:14), 100%25\n",
        "::endgroup::\n",
        "",
    ]


async def test_a_service_that_was_taken_out_ends_no_stream(reader: Reader) -> None:
    engine = FakeEngine(status("users"), status("orders"))
    async with streaming(engine, reader):
        engine.move("orders", State.FAILED, "exit 1")
        engine.say("orders", "never pulled")
        engine.forget("orders")
        engine.say("users", "still here")
        text = await reader.until("still here")

    assert "never pulled" not in text
