"""Which signals the engine listens to."""

from __future__ import annotations

import asyncio
import os
import signal

from dynaport_tui.engine.signals import Signals


async def test_signals_come_with_a_word_for_people() -> None:
    heard: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    signals = Signals(lambda number, word: heard.put_nowait((number, word)))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), number)
    async with asyncio.timeout(5):
        came = [await heard.get() for _ in range(3)]
    signals.close()
    assert sorted(came) == [
        (signal.SIGHUP, "the terminal is gone"),
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "asked to end by SIGTERM"),
    ]


async def test_what_runs_under_nohup_does_not_hear_that_the_terminal_is_gone() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signals = Signals(lambda _number, _word: None)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signals.close()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
