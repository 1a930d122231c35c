"""What a person does with logs and details: search, go, copy, leave for the normal screen."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.view import LogQuery

if TYPE_CHECKING:
    from ..model.view import Traceback
    from .app import Dashboard
    from .log.pane import LogPane
    from .log.rows import Row


class Reading:
    """Hands most on to the log pane, which is shown first where another tab is."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self._board = app.board

    def _log(self) -> LogPane | None:
        """The log pane, in sight and with the focus."""
        desk = self._app.desk
        if desk.log_pane is None:
            return None
        if desk.heading.tab != "logs":
            self._app.viewing.tab_logs()
        desk.focus_half("lower")
        return desk.log_pane

    # ---- in the log

    def search(self) -> None:
        if log := self._log():
            log.start_search()

    def next_hit(self) -> None:
        if log := self._log():
            log.next_hit()

    def previous_hit(self) -> None:
        if log := self._log():
            log.previous_hit()

    async def next_error(self) -> None:
        if log := self._log():
            await log.next_error()

    def follow(self) -> None:
        if log := self._log():
            log.toggle_follow()

    def wrap(self) -> None:
        if log := self._log():
            log.toggle_wrap()
            self._app.keeping.soon()

    def timestamps(self) -> None:
        if log := self._log():
            log.cycle_stamps()
            self._app.keeping.soon()

    def jump_time(self) -> None:
        if log := self._log():
            log.ask_time()

    def marker(self) -> None:
        if log := self._log():
            log.put_marker()

    def mark_block(self) -> None:
        if log := self._log():
            log.toggle_block()

    def reveal(self) -> None:
        """Secrets, in the tab that has any."""
        desk = self._app.desk
        if desk.heading.tab != "environment":
            self._app.viewing.tab_environment()
        if desk.details is not None:
            desk.details.reveal()

    # ---- copy

    async def copy(self) -> None:
        """The line or the block of the lower pane."""
        pane = self._app.desk.lower
        text, what = pane.chosen_text() if pane is not None else ("", "")
        if text:
            await self._app.copy(text.encode(), what)
        else:
            self._app.tell("nothing to copy here: y copies a line of the lower pane", "warning")

    async def copy_traceback(self) -> None:
        """The newest of the service that is looked at, else of any."""
        found = await self._traceback()
        if found is None:
            self._app.tell("no service has printed a traceback")
            return
        lines = found.last - found.number + 1
        what = f"the traceback of {found.service} ({lines} lines)"
        await self._app.copy(found.data, what)

    async def _traceback(self) -> Traceback | None:
        row = self._row()
        service = row.said[0].service if row is not None else self._board.selected
        source = self._app.opening.source
        found = await self._app.granted(source.traceback(service)) if service else None
        return found or await self._app.granted(source.traceback())

    def _row(self) -> Row | None:
        """Of the log, where it has the focus and a person has gone to one."""
        desk = self._app.desk
        if desk.pane != "log" or desk.log_pane is None:
            return None
        row = desk.log_pane.at_cursor()
        return row if row is not None and row.said else None

    # ---- out of the dashboard and back

    async def plain_stream(self) -> None:
        from .plain import plain_stream

        desk, snapshot = self._app.desk, self._board.snapshot
        if snapshot is None or snapshot.project.socket is None:
            return
        log = desk.log_pane
        query = (
            log.log_query() if log is not None else LogQuery(services=self._app.viewing.services())
        )
        upto = log.place() if log is not None and not log.following else None
        title = log.title if log is not None else snapshot.project.name
        with self._app.outside():
            plain_stream(Path(snapshot.project.socket), query, upto, self._board.palette, title)

    async def edit_file(self) -> None:
        await self._edit(self._app.opening.file, None)

    async def edit_error(self) -> None:
        """The file and line of the traceback with the cursor, else of the newest."""
        from .log.rows import Folded, Head

        row = self._row()
        fold = row.fold if isinstance(row, Folded | Head) else None
        found = fold if fold is not None and fold.file is not None else await self._traceback()
        if found is None or found.file is None:
            self._app.tell("no traceback names a file of this project")
            return
        await self._edit(self._app.opening.file.parent / found.file, found.line)

    async def _edit(self, file: Path, line: int | None) -> None:
        from .editor import edit, find, needs_terminal

        command = find(os.environ)
        if command is not None and needs_terminal(command):
            with self._app.outside():
                wrong = edit(file, line)
        else:
            wrong = await asyncio.to_thread(edit, file, line)
        if wrong:
            self._app.tell(wrong, "error")

    def suspend(self) -> None:
        self._app.action_suspend_process()
