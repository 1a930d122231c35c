"""What the patterns of all services mean, looked up again only where that may have changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.engine.globs import MOST_FOLDERS
from dynaport_tui.engine.selections import Globs, Selections


class Tree:
    """A project whose Python files are watched."""

    def __init__(self, root: Path, *names: str) -> None:
        self.root, self.selections = root, Selections()
        self.globs = Globs(str(root), ("**/*.py",), ())
        self.fill("app.py", *names)

    def fill(self, *names: str) -> None:
        """Write files."""
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def tell(self, *names: str) -> None:
        """The watcher reports these."""
        self.selections.stir([str(self.root / name) for name in names])

    def watched(self) -> list[str]:
        """The folders to watch now."""
        folders = self.selections.expand([self.globs], str(self.root))
        return sorted(Path(folder).relative_to(self.root).as_posix() for folder in folders)

    def accepts(self, name: str, *, is_folder: bool = False) -> bool:
        """Whether an entry of a watched folder is worth a report."""
        return self.selections.interest()(str(self.root / name), is_folder)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path, "pkg/a.py")


def test_a_new_folder_is_watched_and_one_that_went_no_more(tree: Tree) -> None:
    assert tree.watched() == [".", "pkg"]
    tree.fill("pkg/new/deep/b.py")
    tree.tell("pkg/new")
    assert tree.watched() == [".", "pkg", "pkg/new", "pkg/new/deep"]
    (tree.root / "pkg" / "new" / "deep" / "b.py").unlink()
    (tree.root / "pkg" / "new" / "deep").rmdir()
    tree.tell("pkg/new/deep")
    assert tree.watched() == [".", "pkg", "pkg/new"]


def test_a_saved_file_is_no_reason_to_walk_the_disk(tree: Tree) -> None:
    tree.watched()
    tree.fill("pkg/unheard/b.py")
    tree.tell("app.py", "pkg/a.py", "gone.py")
    assert tree.watched() == [".", "pkg"]


def test_a_folder_that_came_during_the_walk_is_found_by_looking_again(tree: Tree) -> None:
    tree.watched()
    [walk] = tree.selections.fresh()
    assert walk.outdated() == set()
    tree.fill("pkg/new/b.py")
    assert walk.outdated() == {str(tree.root / "pkg" / "new")}
    assert tree.selections.fresh() == []


def test_a_base_that_comes_later_is_watched(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.globs = Globs(str(tmp_path), ("shop",), ())
    assert tree.watched() == ["."]
    tree.fill("shop/deep/a.html")
    tree.tell("shop")
    assert tree.watched() == ["shop", "shop/deep"]
    assert tree.accepts("shop/deep/b.html")


def test_a_changed_gitignore_holds_from_the_next_look_on(tree: Tree) -> None:
    tree.watched()
    assert tree.accepts(".gitignore")
    before = tree.selections.interest()
    (tree.root / ".gitignore").write_text("pkg/\n")
    assert tree.watched() == ["."]
    assert not tree.accepts("pkg/a.py")
    assert before(str(tree.root / "pkg" / "a.py"), False)


def test_a_virtual_environment_that_is_made_now_is_left_out(tree: Tree) -> None:
    tree.fill("for-app/lib/a.py")
    assert "for-app/lib" in tree.watched()
    assert tree.accepts("for-app/pyvenv.cfg")
    tree.fill("for-app/pyvenv.cfg")
    tree.tell("for-app/pyvenv.cfg")
    assert tree.watched() == [".", "pkg"]
    assert not tree.accepts("for-app/lib/a.py")


def test_ignored_folders_are_not_worth_a_report(tree: Tree) -> None:
    tree.watched()
    assert tree.accepts("pkg/new", is_folder=True)
    for litter in ("node_modules", "pkg/__pycache__", ".venv"):
        assert not tree.accepts(litter, is_folder=True)


def test_an_opinion_stays_the_same_object_while_it_stays_the_same(tree: Tree) -> None:
    tree.watched()
    before = tree.selections.interest()
    tree.fill("pkg/new/b.py")
    tree.tell("pkg/new")
    tree.watched()
    assert tree.selections.interest() is before
    tree.selections.expand([tree.globs, Globs(str(tree.root), ("*.html",), ())], str(tree.root))
    assert tree.selections.interest() is not before


def test_patterns_that_reach_too_many_folders_are_known(tree: Tree) -> None:
    tree.watched()
    assert not tree.selections.cut_off([tree.globs])
    for number in range(MOST_FOLDERS):
        (tree.root / "pkg" / str(number)).mkdir()
    tree.tell("pkg/0")
    assert len(tree.watched()) == MOST_FOLDERS
    assert tree.selections.cut_off([tree.globs])
