"""Notices saved files: one watcher for everything, precise folders, each save reported once it has
settled.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from .fileevents import Open, open_notify
from .globs import Glob, expand
from .watchthread import Wanted, WatchThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .stamps import Accept

__all__ = ["Glob", "Watcher", "expand"]


_LEAVING = 1.0
"""Seconds that the thread has to end; it looks every few milliseconds whether it should."""


class Watcher:
    """Calls `changed` on the loop with each batch of paths that differ from what was known of them.

    A batch comes as soon as its files are whole, and within a time (`settling.py` says which), so
    that an editor's truncate-and-write, rename or delete-and-create is one change; one of git's
    checkouts is one batch, too. What is equal again by then, or only
    had its permissions changed, is no change. `trouble` gets a text for a person when the system
    has no watches left; then files are compared twice a second instead.
    """

    def __init__(
        self,
        changed: Callable[[set[str]], None],
        trouble: Callable[[str], None] = lambda _text: None,
        *,
        open_notify: Open = open_notify,
    ) -> None:
        self._changed = changed
        self._trouble = trouble
        self._thread = WatchThread(self._report, self._say, open_notify)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def watch(
        self,
        files: Iterable[str],
        folders: Iterable[str] = (),
        accept: Accept | None = None,
        *,
        careful: Iterable[str] = (),
    ) -> None:
        """Watch exactly these from now on; may be called at any time, and no save is lost at the
        change.

        `files` may be missing and are reported when they appear; those that are `careful` are left
        alone for 50 ms after a change. Of `folders` every entry that `accept` lets pass is
        reported, new sub-folders too, but nothing below them; `accept` is called in a thread of its
        own.
        """
        self._thread.want(Wanted(frozenset(files), frozenset(folders), accept, frozenset(careful)))

    async def run(self) -> None:
        """Watch until `close` is called or the task is cancelled."""
        self._loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = self._loop.create_future()
        thread = threading.Thread(
            target=self._work, args=(self._loop, ended), name="dynaport-watch", daemon=True
        )
        thread.start()
        try:
            await ended
        finally:
            self.close()
            # An interpreter that ends while a thread is inside of watchfiles aborts.
            await asyncio.to_thread(thread.join, _LEAVING)

    async def settled(self) -> None:
        """Wait until what the last `watch` asked for is being watched."""
        await asyncio.wrap_future(self._thread.ready())

    def close(self) -> None:
        """End at once; no report follows. Safe to repeat."""
        self._closed = True
        self._thread.stop()

    def _work(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
        error: BaseException | None = None
        try:
            self._thread.run()
        except Exception as caught:  # it belongs to whoever awaits `run`
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_end, ended, error)

    def _report(self, paths: set[str]) -> None:
        self._post(lambda: self._changed(paths))

    def _say(self, text: str) -> None:
        self._post(lambda: self._trouble(text))

    def _post(self, call: Callable[[], None]) -> None:
        if self._loop is not None and not self._closed:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._unless_closed, call)

    def _unless_closed(self, call: Callable[[], None]) -> None:
        if not self._closed:
            call()


def _end(ended: asyncio.Future[None], error: BaseException | None) -> None:
    if ended.done():
        return
    if error is None:
        ended.set_result(None)
    else:
        ended.set_exception(error)
