"""Being asked to end from outside."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from .opening import Ending

if TYPE_CHECKING:
    from textual.app import App


def end_when_asked(app: App[Ending], *, owned: bool) -> None:
    """End the app in order on TERM, so that the terminal gets its modes back.

    To be called on the app's loop; `owned`: whether the engine stops with us. HUP is left to end
    the process at once: there is no terminal any more that could be written to.
    """
    code = 128 + signal.SIGTERM
    ending = Ending(kind="stopped" if owned else "left", code=code)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, app.exit, ending)
