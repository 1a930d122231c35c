"""Which files a service's globs mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.engine.globs import Glob, expand


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(glob: Glob, folder: Path) -> list[str]:
    return sorted(Path(path).relative_to(folder).as_posix() for path in glob.files())


def watched(glob: Glob, folder: Path) -> list[str]:
    return sorted(Path(path).relative_to(folder).as_posix() for path in glob.folders())


@pytest.mark.parametrize(
    ("globs", "files"),
    [
        (["**/*.py"], ["app.py", "pkg/a.py", "pkg/deep/b.py"]),
        (["*.py"], ["app.py"]),
        (["pkg/*.py"], ["pkg/a.py"]),
        (["pkg"], ["pkg/a.py", "pkg/deep/b.py", "pkg/page.html"]),
        (["pkg/**/*.py"], ["pkg/a.py", "pkg/deep/b.py"]),
        (["app.py", "**/*.html"], ["app.py", "pkg/page.html"]),
        (["**/*.py", "!pkg/deep/**"], ["app.py", "pkg/a.py"]),
        (["**/*.py", "!**/a.py"], ["app.py", "pkg/deep/b.py"]),
        (["p*/a.p?"], ["pkg/a.py"]),
        (["missing/**/*.py"], []),
    ],
)
def test_globs_mean_what_they_mean_elsewhere(
    tmp_path: Path, globs: list[str], files: list[str]
) -> None:
    fill(tmp_path, "app.py", "pkg/a.py", "pkg/deep/b.py", "pkg/page.html")
    glob = expand(tmp_path, globs)
    assert found(glob, tmp_path) == files
    assert all(glob.match(str(tmp_path / name)) for name in files)


def test_only_the_folders_that_a_glob_can_reach_are_watched(tmp_path: Path) -> None:
    fill(tmp_path, "app.py", "pkg/a.py", "pkg/deep/b.py", "other/c.py")
    assert watched(expand(tmp_path, ["*.py"]), tmp_path) == ["."]
    assert watched(expand(tmp_path, ["pkg/*.py"]), tmp_path) == ["pkg"]
    assert watched(expand(tmp_path, ["pkg/**/*.py"]), tmp_path) == ["pkg", "pkg/deep"]
    assert watched(expand(tmp_path, ["app.py"]), tmp_path) == ["."]
    assert watched(expand(tmp_path, ["new/sub/*.py"]), tmp_path) == ["."]


def test_globs_may_leave_the_services_folder(tmp_path: Path) -> None:
    fill(tmp_path, "users/app.py", "shared/models.py")
    glob = expand(tmp_path / "users", ["**/*.py", "../shared/**/*.py"], root=tmp_path)
    assert found(glob, tmp_path) == ["shared/models.py", "users/app.py"]


def test_a_file_that_appears_or_goes_is_judged_by_its_name(tmp_path: Path) -> None:
    glob = expand(tmp_path, ["**/*.py"], ["migrations/**"])
    assert glob.match(str(tmp_path / "new" / "module.py"))
    assert not glob.match(str(tmp_path / "new" / "module.txt"))
    assert not glob.match(str(tmp_path / "migrations" / "0001.py"))
    assert not glob.match(str(tmp_path.parent / "elsewhere.py"))


@pytest.mark.parametrize(
    "litter",
    [".git", "__pycache__", ".venv", "node_modules", ".tox", "build", "shop.egg-info", ".vscode"],
)
def test_litter_is_left_out(tmp_path: Path, litter: str) -> None:
    fill(tmp_path, "app.py", f"{litter}/a.py", f"pkg/{litter}/deep/b.py")
    glob = expand(tmp_path, ["**/*.py"])
    assert found(glob, tmp_path) == ["app.py"]
    assert watched(glob, tmp_path) == [".", "pkg"]
    assert not glob.match(str(tmp_path / "pkg" / litter / "deep" / "b.py"))


def test_a_virtual_environment_is_left_out_whatever_it_is_called(tmp_path: Path) -> None:
    fill(tmp_path, "app.py", "for-app/pyvenv.cfg", "for-app/lib/flask/app.py")
    glob = expand(tmp_path, ["**/*.py"])
    assert found(glob, tmp_path) == ["app.py"]
    assert watched(glob, tmp_path) == ["."]
    assert not glob.match(str(tmp_path / "for-app" / "lib" / "flask" / "app.py"))


def test_a_service_that_lies_below_a_folder_named_like_litter_is_watched(tmp_path: Path) -> None:
    project = tmp_path / "build" / "shop"
    fill(project, "app.py", "pkg/a.py")
    assert found(expand(project, ["**/*.py"]), project) == ["app.py", "pkg/a.py"]


def test_gitignore_files_hold_and_the_deepest_decides(tmp_path: Path) -> None:
    fill(tmp_path, "gen/a.py", "users/app.py", "users/gen/b.py", "users/keep/c.py", "users/tmp.py")
    (tmp_path / ".gitignore").write_text("gen/\n/users/tmp.py\nkeep\n")
    (tmp_path / "users" / ".gitignore").write_text("!keep\n")
    glob = expand(tmp_path / "users", ["**/*.py"], root=tmp_path)
    assert found(glob, tmp_path) == ["users/app.py", "users/keep/c.py"]
    assert not glob.match(str(tmp_path / "users" / "gen" / "new.py"))


def test_the_gitignore_of_the_repository_around_the_project_holds(tmp_path: Path) -> None:
    fill(tmp_path, ".git/HEAD", "shop/app.py", "shop/local/a.py")
    (tmp_path / ".gitignore").write_text("local/\n")
    assert found(expand(tmp_path / "shop", ["**/*.py"]), tmp_path) == ["shop/app.py"]


def test_ignored_folders_are_never_walked(tmp_path: Path) -> None:
    fill(tmp_path, "app.py", *(f"node_modules/m{n}/index.py" for n in range(300)))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o000)
    (tmp_path / ".gitignore").write_text("cache/\n")
    assert watched(expand(tmp_path, ["**/*.py"]), tmp_path) == ["."]


def test_a_project_in_an_ignored_folder_is_watched(tmp_path: Path) -> None:
    fill(tmp_path, ".git/HEAD", "trial/shop/app.py", "trial/shop/tmp/a.py")
    (tmp_path / ".gitignore").write_text("trial/\n")
    (tmp_path / "trial" / "shop" / ".gitignore").write_text("tmp/\n")
    shop = tmp_path / "trial" / "shop"
    assert found(expand(shop, ["**/*.py"]), shop) == ["app.py"]


def test_a_service_in_an_ignored_folder_is_watched(tmp_path: Path) -> None:
    fill(tmp_path, "gen/app.py", "gen/build/a.py")
    (tmp_path / ".gitignore").write_text("gen/\n")
    assert found(expand(tmp_path / "gen", ["**/*.py"], root=tmp_path), tmp_path) == ["gen/app.py"]


def test_a_sibling_is_watched_although_the_folder_above_both_is_named_like_litter(
    tmp_path: Path,
) -> None:
    fill(tmp_path, "build/shop/app.py", "build/shared/a.py", "build/shared/venv/b.py")
    shop = tmp_path / "build" / "shop"
    assert found(expand(shop, ["../shared/**/*.py"]), tmp_path) == ["build/shared/a.py"]


@pytest.mark.parametrize("line", ["!", "half\\", "[z-a].py"])
def test_a_line_that_is_no_pattern_leaves_the_others_in_force(tmp_path: Path, line: str) -> None:
    fill(tmp_path, "app.py", "tmp.py", "own.py")
    (tmp_path / ".gitignore").write_text(f"{line}\ntmp.py\n")
    assert found(expand(tmp_path, ["*.py", line], ["own.py", line]), tmp_path) == ["app.py"]
