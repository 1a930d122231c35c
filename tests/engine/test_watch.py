"""Saved files are noticed once, when they are whole, and nothing else is."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dynaport_tui.engine import settling
from dynaport_tui.engine.fileevents import open_notify
from dynaport_tui.engine.settling import BATCH, SETTLED
from dynaport_tui.engine.watch import Watcher, expand
from tests.fakes import NoWatchesLeft

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from dynaport_tui.engine.fileevents import Notify, Open, Raw


class Watching:
    """A running watcher, and what it reported."""

    def __init__(self, opener: Open = open_notify) -> None:
        self.batches: list[set[Path]] = []
        self.troubles: list[str] = []
        self._moved = asyncio.Event()
        self.watcher = Watcher(self._changed, self._complained, open_notify=opener)

    def _changed(self, paths: set[str]) -> None:
        self.batches.append(set(map(Path, paths)))
        self._moved.set()

    def _complained(self, text: str) -> None:
        self.troubles.append(text)
        self._moved.set()

    async def watch(
        self,
        files: Iterable[Path],
        folders: Iterable[Path | str] = (),
        careful: Iterable[Path] = (),
    ) -> None:
        self.watcher.watch(map(str, files), map(str, folders), careful=map(str, careful))
        async with asyncio.timeout(8):
            await self.watcher.settled()

    async def batch(self) -> set[Path]:
        """The next report."""
        async with asyncio.timeout(8):
            while not self.batches:
                self._moved.clear()
                await self._moved.wait()
        return self.batches.pop(0)

    async def trouble(self) -> str:
        async with asyncio.timeout(8):
            while not self.troubles:
                self._moved.clear()
                await self._moved.wait()
        return self.troubles[0]

    async def nothing_but(self, path: Path) -> None:
        """Save `path` and see that it alone is reported."""
        save(path, f"saved at {time.monotonic_ns()}")
        assert await self.batch() == {path}


@asynccontextmanager
async def watching(opener: Open = open_notify) -> AsyncIterator[Watching]:
    watching = Watching(opener)
    running = asyncio.create_task(watching.watcher.run())
    try:
        yield watching
    finally:
        watching.watcher.close()
        async with asyncio.timeout(8):
            await running


def move(old: Path, new: Path) -> None:
    old.replace(new)


def remove(path: Path) -> None:
    path.unlink()


def make_private(path: Path) -> None:
    path.chmod(0o600)


def modified(path: Path) -> float:
    return path.stat().st_mtime


def save(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return save(tmp_path / "app.py", "first")


async def test_no_save_is_lost_to_a_new_wish_at_the_same_moment(app: Path, tmp_path: Path) -> None:
    others = [tmp_path / f"other{number}.py" for number in range(4)]
    async with watching() as seen:
        await seen.watch([app])
        for number, other in enumerate(others):
            save(app, f"saved {number}")
            seen.watcher.watch([str(app), str(other)])
            assert await seen.batch() == {app}


async def test_a_save_is_reported_once(app: Path) -> None:
    async with watching() as seen:
        await seen.watch([app])
        save(app, "second")
        assert await seen.batch() == {app}
        await seen.nothing_but(app)
        assert seen.batches == []


async def test_what_must_not_be_half_written_is_left_alone_for_longer(app: Path) -> None:
    settings = save(app.with_name("services.toml"), "first")
    async with watching() as seen:
        await seen.watch([app, settings], careful=[settings])
        save(settings, "second")
        assert await seen.batch() == {settings}
        assert time.time() - modified(settings) >= SETTLED - 0.01


async def test_what_git_writes_is_one_batch(tmp_path: Path) -> None:
    files = [save(tmp_path / f"m{number}.py", "first") for number in range(3)]
    lock = tmp_path / ".git" / "index.lock"
    lock.parent.mkdir()
    async with watching() as seen:
        await seen.watch(files)
        save(lock, "")
        for file in files:
            save(file, "second")
            await asyncio.sleep(2 * SETTLED)  # git's own time
        assert seen.batches == []
        remove(lock)
        assert await seen.batch() == set(files)
        await seen.nothing_but(files[0])


async def test_an_editor_that_renames_a_new_file_over_the_old_one_saves_once(app: Path) -> None:
    async with watching() as seen:
        await seen.watch([app])
        move(save(app.with_name(".app.py.swp"), "second"), app)
        assert await seen.batch() == {app}
        await seen.nothing_but(app)


async def test_an_editor_that_removes_and_writes_anew_saves_once(app: Path) -> None:
    async with watching() as seen:
        await seen.watch([app])
        move(app, app.with_name("app.py~"))
        await asyncio.sleep(0.03)
        save(app, "second")
        assert await seen.batch() == {app}
        await seen.nothing_but(app)


async def test_several_saves_at_once_are_one_batch(tmp_path: Path) -> None:
    files = [save(tmp_path / f"m{number}.py", "first") for number in range(50)]
    async with watching() as seen:
        await seen.watch(files)
        for file in files:
            save(file, "second")
        reported: set[Path] = set()
        batches = 0
        while reported != set(files):
            reported |= await seen.batch()
            batches += 1
        assert batches <= 2


async def test_a_file_that_never_comes_to_rest_is_reported_all_the_same(app: Path) -> None:
    async with watching() as seen:
        await seen.watch([app])
        stop = threading.Event()

        def scribble() -> None:
            while not stop.wait(0.01):
                save(app, f"{time.monotonic_ns()}")

        scribbling = threading.Thread(target=scribble)
        scribbling.start()
        started = time.monotonic()
        await seen.batch()
        took = time.monotonic() - started
        stop.set()
        scribbling.join()
        assert took < 3 * BATCH + 1


async def test_a_removed_file_is_reported_and_so_is_its_return(app: Path) -> None:
    async with watching() as seen:
        await seen.watch([app])
        remove(app)
        assert await seen.batch() == {app}
        await seen.nothing_but(app)


async def test_a_file_that_does_not_exist_yet_is_reported_when_it_does(tmp_path: Path) -> None:
    async with watching() as seen:
        await seen.watch([tmp_path / ".env"])
        await seen.nothing_but(tmp_path / ".env")


async def test_neighbours_and_other_permissions_are_no_change(app: Path) -> None:
    async with watching() as seen:
        await seen.watch([app])
        save(app.with_name("other.py"), "hello")
        make_private(app)
        (app.parent / "__pycache__").mkdir()
        await seen.nothing_but(app)


async def test_every_entry_of_a_folder_counts_but_nothing_below_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    async with watching() as seen:
        await seen.watch([], [tmp_path])
        save(tmp_path / "sub" / "deep.py", "hello")
        await seen.nothing_but(tmp_path / "new.py")
        (tmp_path / "new.py").unlink()
        assert await seen.batch() == {tmp_path / "new.py"}


async def test_a_new_folder_and_what_was_put_into_it_at_once_are_reported(tmp_path: Path) -> None:
    glob = expand(tmp_path, ["**/*.py"])
    async with watching() as seen:
        await seen.watch([], glob.folders())
        (tmp_path / "new" / "deep").mkdir(parents=True)
        module = save(tmp_path / "new" / "deep" / "module.py", "hello")
        assert await seen.batch() == {tmp_path / "new"}
        await seen.watch([], glob.folders())
        assert module in await seen.batch()
        await seen.nothing_but(module)


async def test_widening_what_is_watched_reports_nothing(tmp_path: Path, app: Path) -> None:
    (tmp_path / "pkg").mkdir()
    save(tmp_path / "pkg" / "a.py", "old")
    async with watching() as seen:
        await seen.watch([], [tmp_path])
        await seen.watch([], [tmp_path, tmp_path / "pkg"])
        await seen.nothing_but(app)


async def test_no_save_is_lost_while_the_watched_folders_change(tmp_path: Path) -> None:
    app = save(tmp_path / "app.py", "first")
    folders = [tmp_path / f"f{number}" for number in range(6)]
    for folder in folders:
        folder.mkdir()

    class SavesMeanwhile:
        """Saves at the worst moment: the new watch is not there yet, the old one not asked."""

        def __init__(self) -> None:
            self.opened = 0

        def __call__(self, folders: list[str]) -> Notify:
            self.opened += 1
            if self.opened > 1:
                save(app, f"save {self.opened}")
            return open_notify(folders)

    opener = SavesMeanwhile()
    async with watching(opener) as seen:
        await seen.watch([app])
        for number in range(len(folders)):
            await seen.watch([app], folders[: number + 1])
            assert app in await seen.batch()
            assert app.read_text() == f"save {opener.opened}"


async def test_a_save_that_the_system_does_not_tell_is_noticed_after_another_one(
    tmp_path: Path,
) -> None:
    told, untold = (save(tmp_path / name, "first") for name in ("told.py", "untold.py"))

    class Forgetful:
        """Drops what is told of one file."""

        def __init__(self, folders: list[str]) -> None:
            self._notify = open_notify(folders)
            self.close = self._notify.close

        def watch(self, *how: Any) -> Raw:
            found = self._notify.watch(*how)
            kept = found if isinstance(found, str) else {f for f in found if f[1] != str(untold)}
            return kept or "timeout"

    async with watching(Forgetful) as seen:
        await seen.watch([told, untold])
        save(untold, "second")
        save(told, "second")
        assert await seen.batch() == {told}
        assert await seen.batch() == {untold}


async def test_saves_of_which_the_first_look_sees_one_are_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "QUIET", 0.0)  # as if both had been saved a while ago
    both = {str(save(tmp_path / name, "first")) for name in ("a.py", "b.py")}

    class Late:
        """Tells one file when both were saved, and then the other."""

        def __init__(self, folders: list[str]) -> None:
            self._notify = open_notify(folders)
            self.close = self._notify.close
            self._heard: set[tuple[int, str]] = set()
            self._rest: list[Raw] = []

        def watch(self, *how: Any) -> Raw:
            if self._rest:
                return self._rest.pop()
            found = self._notify.watch(*how)
            self._heard |= set() if isinstance(found, str) else found
            if {path for _, path in self._heard} != both:
                return "timeout"
            one, other = ({e for e in self._heard if e[1] == path} for path in sorted(both))
            self._rest, self._heard = [other], set()
            return one

    async with watching(Late) as seen:
        paths = set(map(Path, both))
        await seen.watch(paths)
        for path in paths:
            save(path, "second")
        assert await seen.batch() == paths


async def test_a_folder_that_is_removed_and_made_anew_is_watched_again(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    module = save(package / "a.py", "first")
    async with watching() as seen:
        await seen.watch([module])
        module.unlink()
        package.rmdir()
        assert await seen.batch() == {module}
        package.mkdir()
        save(module, "second")
        assert await seen.batch() == {module}
        await seen.nothing_but(module)


async def test_a_folder_that_is_replaced_is_watched_again(tmp_path: Path) -> None:
    package, other = tmp_path / "pkg", tmp_path / "other"
    package.mkdir()
    other.mkdir()
    module = save(package / "a.py", "first")
    save(other / "a.py", "second")
    async with watching() as seen:
        await seen.watch([module])
        package.rename(tmp_path / "old")
        other.rename(package)
        assert await seen.batch() == {module}
        await seen.nothing_but(module)


async def test_thousands_of_ignored_files_cost_no_watch(tmp_path: Path, app: Path) -> None:
    ignored = tmp_path / "node_modules"
    for number in range(40):
        (ignored / f"m{number}").mkdir(parents=True)
        for file in range(50):
            (ignored / f"m{number}" / f"f{file}.py").touch()
    asked: list[list[str]] = []

    def opener(folders: list[str]) -> Notify:
        asked.append(folders)
        return open_notify(folders)

    async with watching(opener) as seen:
        await seen.watch([], expand(tmp_path, ["**/*.py"]).folders())
        save(ignored / "m1" / "f1.py", "changed")
        await seen.nothing_but(app)
    assert asked == [[str(tmp_path)]]


async def test_without_watches_files_are_compared_and_the_remedy_is_named(app: Path) -> None:
    async with watching(NoWatchesLeft()) as seen:
        await seen.watch([app])
        assert "sysctl fs.inotify.max_user_watches=" in await seen.trouble()
        await seen.nothing_but(app)
        await seen.watch([app], [app.parent / "sub"])
        await seen.nothing_but(app)
        assert len(seen.troubles) == 1


async def test_closing_is_immediate_and_final(app: Path) -> None:
    seen = Watching()
    running = asyncio.create_task(seen.watcher.run())
    await seen.watch([app])
    save(app, "second")
    seen.watcher.close()
    seen.watcher.close()
    async with asyncio.timeout(2):
        await running
    assert seen.batches == []


async def test_a_cancelled_watcher_ends_its_thread(app: Path) -> None:
    seen = Watching()
    running = asyncio.create_task(seen.watcher.run())
    await seen.watch([app])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    threads = [thread for thread in threading.enumerate() if thread.name == "dynaport-watch"]
    for thread in threads:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()


def test_the_stamp_of_a_file_tells_two_saves_of_one_size_apart(tmp_path: Path) -> None:
    from dynaport_tui.engine.stamps import stamp

    path = save(tmp_path / "a.py", "one")
    first = stamp(str(path))
    os.utime(path, ns=(1, 1))
    assert stamp(str(path)) != first
    assert stamp(str(tmp_path / "missing")) is None
