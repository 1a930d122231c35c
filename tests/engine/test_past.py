"""What a service printed in the run before is found among what it printed ever."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.engine import past
from dynaport_tui.engine.logfile import times_path
from dynaport_tui.engine.logread import read_past
from dynaport_tui.engine.past import Past
from dynaport_tui.model.view import ActionError
from tests.engine.test_logfile import write
from tests.engine.test_logs import printing

if TYPE_CHECKING:
    from pathlib import Path

    from dynaport_tui.model.view import LogLine

DAY = 86_400.0


def run(folder: Path, at: float, *texts: str, max_size: int = 10**6) -> None:
    """One run that prints a line a second."""
    lines = [(at + n, text.encode() + b"\n") for n, text in enumerate(texts)]
    write(folder, *lines, max_size=max_size, keep=99)


def texts(folder: Path, before: float = DAY, limit: int = 200) -> list[str]:
    """What is found."""
    return [line.text for line in read_past(folder, "users", before, limit)]


def test_the_last_run_alone_is_found_with_times_and_numbers_below_zero(tmp_path: Path) -> None:
    run(tmp_path, 100, "long ago")
    run(tmp_path, 200, "one", "two", "three")
    found = [(line.number, line.at, line.text) for line in read_past(tmp_path, "users", 300, 200)]
    assert found == [(-3, 200, "one"), (-2, 201, "two"), (-1, 202, "three")]
    assert texts(tmp_path, limit=2) == ["two", "three"]
    assert texts(tmp_path, limit=0) == []


def test_lines_of_this_run_are_not_of_the_past(tmp_path: Path) -> None:
    run(tmp_path, 100, "before", "this")
    run(tmp_path, 200.0005, "now", "here")
    assert texts(tmp_path, before=200.0004) == ["before", "this"]
    assert texts(tmp_path, before=100) == []


def test_a_run_is_put_together_from_rotated_files(tmp_path: Path) -> None:
    run(tmp_path, 100, "long ago", max_size=12)
    run(tmp_path, 200, *[f"line {n}" for n in range(9)], max_size=12)
    run(tmp_path, 300, *[f"now {n}" for n in range(9)], max_size=12)
    assert texts(tmp_path, before=300) == [f"line {n}" for n in range(9)]
    assert texts(tmp_path, before=300, limit=3) == ["line 6", "line 7", "line 8"]


def test_of_a_run_without_end_only_so_many_bytes_are_read(tmp_path: Path) -> None:
    write(tmp_path, *[(float(n), b"x" * 299_999 + b"\n") for n in range(9)])
    found = texts(tmp_path)
    assert {len(text) for text in found} <= {65_536, 299_999 % 65_536}
    assert sum(map(len, found)) == 3 * 299_999


def test_a_last_line_without_an_end_is_one_too(tmp_path: Path) -> None:
    write(tmp_path, (100, b"one\ntwo"))
    assert texts(tmp_path) == ["one", "two"]
    assert texts(tmp_path, limit=1) == ["two"]


def test_a_file_without_an_index_is_as_old_as_its_last_change(tmp_path: Path) -> None:
    run(tmp_path, 100, "one")
    times_path(tmp_path / "users.log").unlink()
    os.utime(tmp_path / "users.log", (500, 500))
    assert texts(tmp_path, before=400) == []
    assert texts(tmp_path, before=600) == ["one"]
    assert texts(tmp_path / "nowhere") == []


@settings(deadline=None, max_examples=50)
@given(
    runs=st.lists(
        st.lists(st.text("ab", max_size=5), min_size=1, max_size=6), min_size=1, max_size=4
    ),
    max_size=st.integers(4, 30),
    limit=st.integers(0, 8),
)
def test_the_newest_lines_of_a_run_are_found_wherever_files_end(
    runs: list[list[str]],
    max_size: int,
    limit: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    for number, lines in enumerate(runs):
        run(folder, 100.0 * number, *lines, max_size=max_size)
    for number, lines in enumerate(runs):
        expected = lines[max(len(lines) - limit, 0) :]
        assert texts(folder, 100.0 * number + 50, limit) == expected


async def test_a_log_has_a_past_whatever_it_prints_now(tmp_path: Path) -> None:
    run(tmp_path, 100, "one", "two")
    async with printing(tmp_path, clock=lambda: 200.0, lines=2) as service:
        await service.prints(b"1\n2\n3\n4\n")
        await service.written()
        found = await Past().lines(service.log, 1)
        assert [(line.number, line.text) for line in found] == [(-1, "two")]


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "users.log").mkdir()
    async with printing(tmp_path) as service:
        with pytest.raises(ActionError, match="printed before cannot be read: Is a directory"):
            await Past().lines(service.log, 200)


async def test_a_disk_that_hangs_is_told_once_in_time_and_then_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    reading: list[str] = []

    def hang(_folder: Path, service: str, _before: float, _limit: int) -> list[LogLine]:
        reading.append(service)
        answers.wait(8)
        return []

    monkeypatch.setattr(past, "read_past", hang)
    async with printing(tmp_path) as service:
        reader = Past(deadline=0.05)
        with pytest.raises(ActionError, match="not within"):
            await reader.lines(service.log, 200)
        with pytest.raises(ActionError, match="the disk does not answer"):
            await reader.lines(service.log, 200)
        assert reading == ["users"]
        answers.set()
        async with asyncio.timeout(5):
            while len(reading) == 1:
                try:
                    assert await reader.lines(service.log, 200) == []
                except ActionError:
                    await asyncio.sleep(0)
