"""Has watched what the services run, whatever they come to load."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .changes import Changes, settings
from .globs import MOST_FOLDERS
from .settling import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..model.record import Record
    from ..model.spec import ProjectSpec
    from .watch import Watcher

_CALM = 0.05
"""Seconds during which new interests are gathered before the watcher is told: modules load one by
one.
"""


class Watching:
    """Keeps a watcher up to date.

    `saved` is called with paths that changed, `say` with what people should know and the service
    that it concerns.
    """

    def __init__(
        self,
        project: Callable[[], ProjectSpec],
        records: Callable[[], Mapping[str, Record]],
        saved: Callable[[set[str]], None],
        say: Callable[[str, str | None], None],
    ) -> None:
        self.changes = Changes()
        self._project, self._records, self._saved, self._say = project, records, saved, say
        self._watcher: Watcher | None = None
        self._stirred: asyncio.Event | None = None
        self._warned: set[str] = set()
        self._closed = False

    async def run(self) -> None:
        """Watch until closed."""
        # 60 ms of import that no start should wait for.
        watcher = await asyncio.to_thread(_watcher)
        if self._closed:
            return
        self._watcher = watcher(self._saved, trouble=lambda text: self._say(text, None))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watcher.run())
            group.create_task(self._keep_current(self._watcher))

    def close(self) -> None:
        """Watch no more; safe to repeat."""
        self._closed = True
        self.stir()
        if self._watcher is not None:
            self._watcher.close()

    def stir(self) -> None:
        """What is to be watched may have changed."""
        if self._stirred is not None:
            self._stirred.set()

    async def _keep_current(self, watcher: Watcher) -> None:
        stirred = self._stirred = asyncio.Event()
        while not self._closed:
            stirred.clear()
            await self._tell(watcher)
            await stirred.wait()
            await asyncio.sleep(_CALM)

    async def _tell(self, watcher: Watcher) -> None:
        """Have watched what matters now, and look at what changed before it was."""
        project, records = self._project(), self._records()
        globs = self.changes.globs(records)
        folders = await asyncio.to_thread(self.changes.expand, globs, project.root)
        now = asyncio.get_running_loop().time()
        files = self.changes.files(project, records)
        # In one step with `files`: what is loaded from here on belongs to the next round.
        unwatched = self.changes.unwatched(project, records, now)
        interest, careful = self.changes.interest(), settings(project)
        watcher.watch(files, folders, interest, careful=careful)
        await watcher.settled()
        if saved := await asyncio.to_thread(gathered, unwatched.saved, careful):
            self._saved(saved)
        if moved := await asyncio.to_thread(unwatched.folders):
            self.changes.stir(moved)
            self.stir()
        self._warn()

    def _warn(self) -> None:
        for service in self.changes.cut_off(self._records()):
            if service not in self._warned:
                self._warned.add(service)
                self._say(_TOO_MANY, service)


_TOO_MANY = (
    f"its patterns reach more than {MOST_FOLDERS} folders, and a save in the others is not noticed."
    " Narrow its `watch`, or name in its `ignore` or in .gitignore what it does not run"
)


def _watcher() -> type[Watcher]:
    from .watch import Watcher

    return Watcher
