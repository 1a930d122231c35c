"""Which saved file reaches which service."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dynaport_tui.engine.changes import Changes
from dynaport_tui.engine.stamps import Stamp, Stamps, stamp
from dynaport_tui.model.machine import State
from dynaport_tui.model.record import Record
from dynaport_tui.model.spec import ServiceSpec
from tests.model.fleets import launch, project, service


def record(folder: Path, name: str, **keys: Any) -> Record:
    """A service in `folder`."""
    spec: ServiceSpec = service(name, cwd=str(folder), **keys)
    return Record(spec=spec, launch=launch(spec), run=1)


def records(*of: Record) -> dict[str, Record]:
    return {each.id: each for each in of}


def stamps_of(*paths: Path) -> dict[str, Stamp | None]:
    """As a service would tell them now."""
    return {str(path): stamp(str(path)) for path in paths}


def write(path: Path, text: str = "first") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def reached(changes: Changes, paths: Iterable[Path], of: dict[str, Record]) -> dict[str, list[str]]:
    found = changes.reached(map(str, paths), of)
    return {name: [Path(path).name for path in files] for name, files in found.items()}


def test_what_is_of_interest_does_not_change_behind_the_back_of_who_asked(tmp_path: Path) -> None:
    page, module = write(tmp_path / "page.html"), write(tmp_path / "module.py")
    changes = Changes()
    web, pages = record(tmp_path, "web", watch=("*.py",)), record(tmp_path, "p", watch=("*.html",))
    changes.expand(changes.globs(records(web)), str(tmp_path))
    before = changes.interest()
    changes.expand(changes.globs(records(web, pages)), str(tmp_path))
    assert [before(str(module), False), before(str(page), False)] == [True, False]
    assert changes.interest()(str(page), False)


def test_a_save_of_one_service_says_nothing_of_the_others_files(tmp_path: Path) -> None:
    """The globs of a service that is broken come and go with its state."""
    for name in ("other.py", "c.py"):
        write(tmp_path / name)
    changes, stamps = Changes(), Stamps()
    for globs in (("c.py",), ("c.py", "**/*.py")):
        own = records(record(tmp_path, "c", watch=globs))
        folders = changes.expand(changes.globs(own), str(tmp_path))
        stamps.want([], folders, changes.interest())
        assert stamps.changed() == {}


class TestDefault:
    """What a service really loaded."""

    def seen(self, folder: Path, *names: str, **keys: Any) -> tuple[list[str], list[str]]:
        """Of these files, loaded and then saved: those that are watched, and those that reach the
        service.
        """
        paths = [write(folder / name) for name in names]
        own, changes = records(record(folder, "users", **keys)), Changes()
        changes.loaded("users", stamps_of(*paths))
        changes.expand(changes.globs(own), str(folder))
        watched = changes.files(project(root=str(folder)), own)
        for path in paths:
            write(path, "second")
        found = reached(changes, paths, own).get("users", [])
        return sorted(path.name for path in paths if str(path) in watched), sorted(found)

    def test_what_it_loaded_is_watched_and_reaches_it(self, tmp_path: Path) -> None:
        assert self.seen(tmp_path, "a.py", "pkg/b.py") == (["a.py", "b.py"], ["a.py", "b.py"])

    def test_what_the_service_ignores_is_not(self, tmp_path: Path) -> None:
        found = self.seen(tmp_path, "a.py", "migrations/b.py", ignore=("migrations/**",))
        assert found == (["a.py"], ["a.py"])

    def test_what_git_ignores_is_not(self, tmp_path: Path) -> None:
        write(tmp_path / ".gitignore", "gen/\n")
        assert self.seen(tmp_path, "a.py", "gen/b.py") == (["a.py"], ["a.py"])

    def test_litter_is_not(self, tmp_path: Path) -> None:
        assert self.seen(tmp_path, "a.py", "build/b.py") == (["a.py"], ["a.py"])

    def test_a_changed_gitignore_holds_from_the_next_look_on(self, tmp_path: Path) -> None:
        module = write(tmp_path / "gen" / "a.py")
        own, changes, spec = records(record(tmp_path, "users")), Changes(), project()
        changes.loaded("users", stamps_of(module))
        found = []
        for text in ("", "gen/\n", "# gen/ is ours now\n"):
            write(tmp_path / ".gitignore", text)
            changes.expand([], str(tmp_path))
            found.append(str(module) in changes.files(spec, own))
        assert found == [True, False, True]

    def test_a_one_shot_is_not_run_again_for_what_it_loaded(self, tmp_path: Path) -> None:
        assert self.seen(tmp_path, "a.py", task=True) == ([], [])

    def test_a_one_shot_that_says_what_to_watch_is(self, tmp_path: Path) -> None:
        assert self.seen(tmp_path, "a.py", "b.sql", task=True, watch=("*.sql",))[1] == ["b.sql"]

    def test_a_one_shot_that_came_to_nothing_is_tried_again(self, tmp_path: Path) -> None:
        module, other = write(tmp_path / "a.py"), write(tmp_path / "other.py")
        failed = record(tmp_path, "migrate", task=True)
        failed.state = State.FAILED
        own, changes = records(failed), Changes()
        changes.loaded("migrate", stamps_of(module))
        changes.expand(changes.globs(own), str(tmp_path))
        write(module, "second")
        assert reached(changes, [module, other], own) == {"migrate": ["a.py", "other.py"]}

    def test_what_lies_in_another_repository_is_watched_by_its_own_rules(
        self, tmp_path: Path
    ) -> None:
        """An editable install, wherever its folder is."""
        shop, library = tmp_path / "shop", tmp_path / "build" / "library"
        write(shop / ".gitignore", "*.py")
        write(library / ".git" / "HEAD")
        write(library / ".gitignore", "gen/")
        source, generated = write(library / "src" / "a.py"), write(library / "gen" / "b.py")
        own, changes = records(record(shop, "users")), Changes()
        changes.loaded("users", stamps_of(source, generated))
        changes.expand([], str(shop))
        assert changes.own_files(own["users"]).keys() == {str(source)}

    def test_a_file_that_a_folder_links_to_is_watched_where_it_is(self, tmp_path: Path) -> None:
        module = write(tmp_path / "releases" / "2" / "a.py")
        (tmp_path / "current").symlink_to(module.parent)
        own, changes = records(record(tmp_path, "users")), Changes()
        changes.loaded("users", stamps_of(tmp_path / "current" / "a.py"))
        assert changes.own_files(own["users"]).keys() == {str(module)}

    def test_a_file_that_is_loaded_no_more_matters_until_the_new_process_works(
        self, tmp_path: Path
    ) -> None:
        old, both, new = (write(tmp_path / name) for name in ("old.py", "both.py", "new.py"))
        paths = {str(path) for path in (old, both, new)}
        own, changes, spec = records(record(tmp_path, "users")), Changes(), project()
        changes.starts("users")
        changes.loaded("users", stamps_of(old, both))
        changes.works("users")
        changes.starts("users")
        changes.loaded("users", stamps_of(both))
        assert {str(old), str(both)} <= changes.files(spec, own)
        changes.works("users")
        changes.loaded("users", stamps_of(new))
        assert changes.files(spec, own) & paths == {str(both), str(new)}


class TestServersThatAreNotOurs:
    def test_any_source_below_the_folder_counts_until_they_tell_what_they_load(
        self, tmp_path: Path
    ) -> None:
        app, other = (write(tmp_path / name) for name in ("app.py", "other.py"))
        own = records(record(tmp_path, "web", kind="app", server="gunicorn"))
        changes = Changes()
        found = []
        for files in ([], [app]):
            changes.loaded("web", stamps_of(*files))
            changes.expand(changes.globs(own), str(tmp_path))
            write(app, f"after {files}")
            found.append(reached(changes, [app, other], own))
        assert found == [{"web": ["app.py", "other.py"]}, {"web": ["app.py"]}]
