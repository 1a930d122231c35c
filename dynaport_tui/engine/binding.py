"""Every port of a project, held or found free before anything starts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .sockets import PortTaken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model.launch import Launch
    from .runner import Runner

_PATIENCE = 2.0
"""Seconds for what an engine that was killed left behind to be ended by its nursery."""
_STEP = 0.02


async def bind_all(
    runners: Mapping[str, Runner], launches: Mapping[str, Launch], root: str
) -> None:
    """Hold what is to be held; raises PortTaken for the first port that somebody else keeps.

    What an engine of this very project left behind when it was killed is about to be ended, and is
    waited for.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    waiting = dict(launches)
    while waiting:
        waiting = {s: la for s, la in waiting.items() if not _bound(runners[s], la, root, deadline)}
        await asyncio.sleep(_STEP if waiting else 0)


def _bound(runner: Runner, launch: Launch, root: str, deadline: float) -> bool:
    try:
        runner.prepare_port(launch)
    except PortTaken as error:
        late = asyncio.get_running_loop().time() > deadline
        if late or error.holder is None or error.holder.root != root:
            raise
        return False
    return True
