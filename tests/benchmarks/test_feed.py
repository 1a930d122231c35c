"""Lines that are counted again after they have passed through a supervisor."""

from __future__ import annotations

from pathlib import Path

from benchmarks.feed import LENGTH, TRAILER, lost, tail, write_lines


def test_lines_have_their_length_and_are_all_found(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    write_lines(lines, 20_003)
    assert lines.stat().st_size == (20_003 + TRAILER) * LENGTH
    assert b"#000020003#" in tail(lines)
    assert lost(lines, 20_003) == 0


def test_lines_in_rotated_files_are_found_and_missing_ones_counted(tmp_path: Path) -> None:
    sink = tmp_path / "feed.log"
    sink.write_bytes(b"12:00 feed | #000000003#...\n#000000000#\n")
    (tmp_path / "feed.log.1").write_bytes(b"ready\n#000000001#...\n")
    assert lost(sink, 3) == 1


def test_the_end_of_a_file_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == b""
