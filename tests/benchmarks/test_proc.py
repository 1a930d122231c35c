"""What is read from /proc and of control groups, and how processes are ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import proc
from benchmarks.cgroups import parents
from benchmarks.herd import Herd
from benchmarks.rivals.launch import OUTPUT, Launch

STAT = (
    "77 (a (b) c) S 5 77 70 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 1200 8192 100 "
    "18446744073709551615"
)
ROLLUP = "55 7ff ---p 00000000 00:00 0 [rollup]\nRss:   9000 kB\nPss:   2000 kB\nPss_Anon: 1 kB\n"
MOUNTS = """proc /proc proc rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""
AWAY = """
import os, time
os.fork() or os.setsid()
print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_name_with_blanks_and_parentheses_does_not_shift_the_fields() -> None:
    stat = proc.stat_of(STAT)
    assert (stat.pid, stat.command, stat.state, stat.parent) == (77, "a (b) c", "S", 5)
    assert stat.children == 70 * proc.TICK
    assert stat.started == 1200 * proc.TICK


def test_memory_is_read_from_the_line_of_that_very_name() -> None:
    assert proc.megabytes(ROLLUP, "Pss") == 2.048
    assert proc.megabytes(ROLLUP, "VmHWM") == 0


def test_a_variable_is_found_by_its_whole_name() -> None:
    assert proc.variable(b"AB=1\0B=2\0", "B") == "2"
    assert proc.variable(b"AB=1\0", "B") is None


def test_descendants_are_those_below_at_any_depth() -> None:
    def child(pid: int, parent: int) -> proc.Stat:
        return proc.Stat(pid, "x", "S", parent, pid, 0, 0)

    stats = [child(2, 1), child(3, 2), child(4, 3), child(5, 1)]
    assert proc.descendants(stats, [2]) == {2, 3, 4}


def test_the_time_of_a_process_is_known_from_outside() -> None:
    assert proc.spent(os.getpid()) > 0
    assert proc.spent(2**22 + 1) == 0


def test_control_groups_of_version_2_come_first() -> None:
    own = "5:cpu,cpuacct:/user\n0::/box\n"
    assert parents(MOUNTS, own) == [
        Path("/sys/fs/cgroup/unified/box"),
        Path("/sys/fs/cgroup/cpu,cpuacct/user"),
    ]


def test_a_herd_leaves_nobody_even_of_those_who_went_away(tmp_path: Path) -> None:
    away = (
        "import os, time; os.fork() or os.setsid(); print(os.getpid(), flush=True); time.sleep(60)"
    )
    launch = Launch((sys.executable, "-c", away), tmp_path / OUTPUT)

    def pids() -> list[int]:
        return [int(line) for line in launch.output.read_text().split()]

    with Herd("test", launch, tmp_path) as herd:
        assert herd.wait(lambda: len(pids()) == 2, 5)
        os.kill(herd.pid, 9)
        assert herd.wait(lambda: len(herd.members()) == 1, 5)
        assert herd.spent() > 0
    assert not any(proc.alive(pid) for pid in pids())


def test_all_benchmarks_are_named_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=9,
        check=True,
    )
    for name in ("install", "up", "first_picture"):
        assert f"  {name} " in done.stdout
