"""The files of a log: rotated at line ends, complete, and found again by line or by time."""

from __future__ import annotations

import errno
import os
import stat
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.engine import logfile
from dynaport_tui.engine.cutter import PIECE, Cutter, bounded
from dynaport_tui.engine.logfile import Entry, LogFile, times_path
from dynaport_tui.engine.logread import paths, read_files
from dynaport_tui.engine.ring import Ring

if TYPE_CHECKING:
    from pathlib import Path

    from dynaport_tui.model.view import Stream


def write(
    folder: Path,
    *parts: tuple[float, bytes],
    max_size: int = 10**6,
    keep: int = 3,
    at_once: bool = False,
) -> LogFile:
    """One run that writes these at these times."""
    file = LogFile(folder, "users", max_size=max_size, keep=keep)
    entries = [Entry(data, at, "stdout") for at, data in parts]
    for some in [entries] if at_once else [[entry] for entry in entries]:
        file.append(some)
    file.close()
    return file


def contents(folder: Path) -> list[bytes]:
    """The files, newest first."""
    return [path.read_bytes() for path in paths(folder, "users")]


def texts(folder: Path, **wanted: float) -> list[str]:
    """What is found again."""
    return [line.text for line in read_files(folder, "users", **wanted)]  # type: ignore[arg-type]


def test_a_full_file_is_rotated_at_a_line_end(tmp_path: Path) -> None:
    write(tmp_path, (1, b"aaaa\nbbbb\ncc"), (2, b"cc\ndddd\n"), max_size=10)
    assert contents(tmp_path) == [b"cccc\ndddd\n", b"aaaa\nbbbb\n"]


def test_as_many_rotated_files_are_kept_as_asked_for(tmp_path: Path) -> None:
    parts = [(number, b"line %d\n" % number) for number in range(6)]
    write(tmp_path, *[(float(at), data) for at, data in parts], max_size=7, keep=2)
    assert contents(tmp_path) == [b"line 5\n", b"line 4\n", b"line 3\n"]
    assert len(list(tmp_path.iterdir())) == 6


def test_without_rotated_files_the_newest_lines_stay(tmp_path: Path) -> None:
    write(tmp_path, (1, b"one\ntwo\nthree\n"), max_size=6, keep=0)
    assert contents(tmp_path) == [b"three\n"]


def test_a_long_line_stays_whole_while_it_is_less_than_two_files(tmp_path: Path) -> None:
    write(tmp_path, (1, b"a\n"), (2, b"b" * 15 + b"\n"), (3, b"c\n"), max_size=10)
    assert contents(tmp_path) == [b"c\n", b"b" * 15 + b"\n", b"a\n"]


def test_a_line_without_an_end_does_not_fill_the_disk(tmp_path: Path) -> None:
    write(tmp_path, (1, b"a\n"), (2, b"b" * 45 + b"\n"), max_size=10, keep=9)
    assert contents(tmp_path) == [b"b" * 5 + b"\n", b"b" * 20, b"b" * 20, b"a\n"]
    assert texts(tmp_path) == ["a", "b" * 45]
    assert texts(tmp_path, lines=1) == ["b" * 45]


@settings(deadline=None, max_examples=50)
@given(
    parts=st.lists(
        st.lists(st.sampled_from([b"a", b"bb", b"\n", b"cccc\n"]), max_size=9).map(b"".join),
        max_size=9,
    ),
    max_size=st.integers(4, 30),
    small=st.sampled_from([1, 3, 1000]),
)
def test_no_byte_is_lost_over_rotated_files(
    parts: list[bytes], max_size: int, small: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, timed = (
        tmp_path_factory.mktemp("logs"),
        [(float(n), part) for n, part in enumerate(parts)],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logfile, "TOGETHER", small)
        write(folder, *timed, max_size=max_size, keep=99, at_once=small < 1000)
    files = contents(folder)[::-1]
    assert b"".join(files) == b"".join(parts)
    for older, newer in pairwise(files):
        assert older.endswith(b"\n") or len(older) == 2 * max_size
        assert newer
    whole = b"".join(parts).decode()
    assert texts(folder) == (whole.removesuffix("\n").split("\n") if whole else [])


def test_files_of_a_time_when_more_were_kept_go_with_the_next_rotation(tmp_path: Path) -> None:
    write(tmp_path, *[(float(n), b"line %d\n" % n) for n in range(6)], max_size=7, keep=5)
    write(tmp_path, (6.0, b"line 6\n"), max_size=7, keep=2)
    assert contents(tmp_path) == [b"line 6\n", b"line 5\n", b"line 4\n"]
    assert len(list(tmp_path.iterdir())) == 6


def test_a_disk_that_takes_a_little_at_a_time_gets_all_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: really_write(fd, data[:5]))
    write(tmp_path, (1.0, b"first line\n"), (2.0, b"second line\n"))
    found = [(line.at, line.text) for line in read_files(tmp_path, "users")]
    assert found == [(1.0, "first line"), (2.0, "second line")]


def test_a_disk_that_takes_a_part_of_several_large_blocks_gets_the_others_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_write = os.writev
    monkeypatch.setattr(logfile, "TOGETHER", 1)
    monkeypatch.setattr(os, "writev", lambda fd, parts: really_write(fd, [parts[0], parts[1][:3]]))
    parts = [(1.0, b"first\n"), (2.0, b"second\n"), (3.0, b"third\n"), (4.0, b"fourth\n")]
    write(tmp_path, *parts, at_once=True)
    found = [(line.at, line.text) for line in read_files(tmp_path, "users")]
    assert found == [(1.0, "first"), (2.0, "second"), (3.0, "third"), (4.0, "fourth")]


def test_an_index_that_a_full_disk_did_not_take_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_write, room = os.write, [3]

    def write(fd: int, data: bytes) -> int:
        if os.fstat(fd).st_ino != times_path(tmp_path / "users.log").stat().st_ino:
            return really_write(fd, data)
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really_write(fd, data[: room.pop()])

    monkeypatch.setattr(os, "write", write)
    file = LogFile(tmp_path, "users", max_size=1000, keep=1)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        file.append([Entry(b"first\n", 1.0, "stdout")])
    monkeypatch.undo()
    file.append([Entry(b"second\n", 2.0, "stdout")])
    file.close()
    found = [(line.at, line.text) for line in read_files(tmp_path, "users")]
    assert found == [(1.0, "first"), (2.0, "second")]


def test_of_an_index_whose_last_record_is_torn_the_others_count(tmp_path: Path) -> None:
    write(tmp_path, (1.0, b"first\n"))
    with times_path(tmp_path / "users.log").open("ab") as index:
        index.write(b"torn")
    write(tmp_path, (2.0, b"second\n"))
    found = [(line.at, line.text) for line in read_files(tmp_path, "users")]
    assert found == [(1.0, "first"), (2.0, "second")]


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / "logs", (1, b"secret\n"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "logs").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700


def test_an_emptied_file_is_written_from_its_start(tmp_path: Path) -> None:
    file = LogFile(tmp_path, "users", max_size=1000, keep=1)
    file.append([Entry(b"old\n", 1.0, "stdout")])
    os.truncate(file.path, 0)
    file.append([Entry(b"new\n", 2.0, "stderr")])
    file.close()
    [line] = read_files(tmp_path, "users")
    assert (line.text, line.at, line.stream) == ("new", 2.0, "stderr")


def test_what_could_not_be_written_is_written_first(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    file = LogFile(folder, "users", max_size=1000, keep=1)
    with pytest.raises(OSError, match="logs"):
        file.append([Entry(b"one\n", 1.0, "stdout")])
    assert file.pending == 4
    folder.unlink()
    file.append([Entry(b"two\n", 2.0, "stdout")])
    file.close()
    assert contents(folder) == [b"one\ntwo\n"]


# Reading again


def test_the_newest_lines_are_found_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, *[(float(n), b"line %d\n" % n) for n in range(10)], max_size=21)
    assert len(contents(tmp_path)) == 4
    for count in range(11):
        expected = [f"line {n}" for n in range(10 - count, 10)]
        assert texts(tmp_path, lines=count) == expected
    assert texts(tmp_path, lines=99) == [f"line {n}" for n in range(10)]
    numbers = [line.number for line in read_files(tmp_path, "users", lines=4)]
    assert numbers == [1, 2, 3, 4]


def test_an_unfinished_last_line_counts_as_one(tmp_path: Path) -> None:
    write(tmp_path, (1, b"one\ntwo\nthr"))
    assert texts(tmp_path, lines=2) == ["two", "thr"]


def test_lines_since_a_time_are_found_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, *[(float(n), b"line %d\n" % n) for n in range(10)], max_size=21)
    for since in range(12):
        assert texts(tmp_path, since=since) == [f"line {n}" for n in range(since, 10)]
    assert texts(tmp_path, since=5, lines=2) == ["line 8", "line 9"]
    assert texts(tmp_path, since=8, lines=5) == ["line 8", "line 9"]


def test_each_line_has_its_time_and_stream(tmp_path: Path) -> None:
    file = LogFile(tmp_path, "users", max_size=1000, keep=1)
    entries: list[tuple[bytes, float, Stream]] = [
        (b"one\ntwo\n", 100.25, "stdout"),
        (b"oops\n", 100.26, "stderr"),
        (b"three\n", 101.5, "stdout"),
        (b"at once\n", 101.55, "stdout"),
    ]
    file.append([Entry(*entry) for entry in entries])
    file.close()
    found = [(line.text, line.at, line.stream) for line in read_files(tmp_path, "users")]
    assert found == [
        ("one", 100.25, "stdout"),
        ("two", 100.25, "stdout"),
        ("oops", 100.26, "stderr"),
        ("three", 101.5, "stdout"),
        ("at once", 101.5, "stdout"),
    ]


def test_a_file_without_an_index_is_as_old_as_its_last_change(tmp_path: Path) -> None:
    write(tmp_path, (1, b"one\n"))
    path = tmp_path / "users.log"
    times_path(path).unlink()
    os.utime(path, (500, 500))
    [line] = read_files(tmp_path, "users", since=400)
    assert line.at == 500
    assert texts(tmp_path, since=600) == []


def test_no_files_are_no_lines(tmp_path: Path) -> None:
    assert texts(tmp_path / "nowhere") == []
    assert texts(tmp_path, lines=5, since=1) == []


def test_files_of_other_services_are_left_alone(tmp_path: Path) -> None:
    for name in ("users.2", "users"):
        file = LogFile(tmp_path, name, max_size=4, keep=3)
        file.append([Entry(b"one\ntwo\n", 1.0, "stdout")])
        file.close()
    assert [path.name for path in paths(tmp_path, "users")] == ["users.log", "users.log.1"]
    assert [path.name for path in paths(tmp_path, "users.2")] == ["users.2.log", "users.2.log.1"]


# Cutting


def test_pieces_end_between_characters() -> None:
    text = ("a" + "€" * 70_000).encode()
    pieces = bounded(text + b"\n").split(b"\n")[:-1]
    assert b"".join(pieces) == text
    assert "".join(piece.decode() for piece in pieces) == text.decode()
    assert max(map(len, pieces)) <= PIECE


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([b"x", b"\n", b"abc", b"y" * 40_000, b"\n\n"]), max_size=12))
def test_a_cutter_passes_every_byte_on_and_counts_like_its_lines(parts: list[bytes]) -> None:
    cutter = Cutter()
    cuts = [cut for part in parts if (cut := cutter.feed(part))]
    cuts += [cut for cut in [cutter.flush()] if cut]
    assert b"".join(cut.raw for cut in cuts) == b"".join(parts)
    lines = b"".join(cut.lines for cut in cuts)
    assert lines == b"" or lines.endswith(b"\n")
    assert all(len(line) <= PIECE for line in lines.split(b"\n"))
    assert lines.replace(b"\n", b"") == b"".join(parts).replace(b"\n", b"")


# The ring


@settings(deadline=None, max_examples=50)
@given(
    chunks=st.lists(st.integers(1, 9), max_size=40),
    kept=st.integers(1, 30),
    after=st.integers(0, 400),
    limit=st.integers(0, 50),
)
def test_a_ring_gives_the_kept_lines_by_number(
    chunks: list[int], kept: int, after: int, limit: int
) -> None:
    ring, number = Ring(kept), 0
    for count in chunks:
        assert ring.append(b"".join(b"%d\n" % (number + n + 1) for n in range(count)), 1, "stdout")
        number += count
    first = max(1, number - kept + 1)
    expected = [n for n in range(first, number + 1) if n > after][:limit]
    assert (ring.first, ring.last) == (first if number else 1, number)
    assert [int(line.data) for line in ring.lines(after, limit)] == expected
    assert [line.number for line in ring.lines(after, limit)] == expected


@pytest.mark.parametrize("width", [0, 1, 30, 49, 50, 100, 5000])
def test_lines_of_any_length_are_counted(width: int) -> None:
    ring = Ring(10**6)
    ring.append((b"x" * width + b"\n") * 3000, 1, "stdout")
    ring.append(b"\n" * 3000 + b"y" * width * 100 + b"\n", 1, "stdout")
    assert ring.last == 6001


def test_a_ring_is_bounded_in_bytes_too() -> None:
    ring = Ring(10_000, size=10_000)
    for number in range(500):
        ring.append(b"%99d\n" % number, 1, "stdout")
    assert 20 <= ring.last - ring.first + 1 <= 40
    assert [line.number for line in ring.lines(0, 1)] == [ring.first]
