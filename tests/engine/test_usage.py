"""What the services use, summed over their process trees."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from dynaport_tui.engine.usage import Sampler
from dynaport_tui.engine.usage_watch import UsageWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

PARENT = """
import subprocess, sys
code = "import sys; print('born', flush=True); sys.stdin.read()"
child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
sys.stdin.read()
child.stdin.close()
child.wait()
"""


@contextmanager
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with one child, both alive."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=pipe, stdout=pipe) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"born\n"
        yield parent
        assert parent.stdin is not None
        parent.stdin.close()


def burn() -> None:
    """Use a tenth of a second of CPU time."""
    until = sum(os.times()[:2]) + 0.1
    while sum(os.times()[:2]) < until:
        pass


def test_a_service_is_its_leader_with_all_descendants() -> None:
    with family() as parent:
        usage = Sampler().sample({"users": parent.pid})["users"]
        leader = psutil.Process(parent.pid).memory_info().rss
    assert usage.rss_bytes > 1.5 * leader


def test_cpu_is_the_share_of_one_core_between_two_passes() -> None:
    now = [100.0]
    sampler = Sampler(clock=lambda: now[0])
    assert sampler.sample({"me": os.getpid()})["me"].cpu_percent is None
    burn()
    now[0] += 1
    percent = sampler.sample({"me": os.getpid()})["me"].cpu_percent
    assert percent is not None
    assert 9 <= percent <= 60


def test_the_past_of_a_process_that_joins_late_is_not_counted() -> None:
    now = [100.0]
    sampler = Sampler(clock=lambda: now[0])
    with family() as parent:
        sampler.sample({"family": parent.pid})
        burn()
        now[0] += 1
        both = sampler.sample({"family": parent.pid, "me": os.getpid()})
    assert both["family"].cpu_percent is not None
    assert both["family"].cpu_percent < 9
    assert both["me"].cpu_percent is not None
    assert both["me"].cpu_percent < 9


def test_a_service_whose_leader_is_gone_is_left_out() -> None:
    with family() as parent:
        pass
    assert Sampler().sample({"users": parent.pid, "me": os.getpid()}).keys() == {"me"}


async def test_figures_are_taken_as_soon_as_somebody_looks_and_not_before() -> None:
    asked = asyncio.Event()

    def pids() -> dict[str, int]:
        asked.set()
        return {}

    watch = UsageWatch(pids)
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    assert not asked.is_set()
    watch.looked()
    async with asyncio.timeout(5):
        await asked.wait()
    running.cancel()
