from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from dynaport_tui.cli import main as cli
from dynaport_tui.cli.family import Family
from dynaport_tui.cli.main import COMMANDS, dynaport, main
from tests.project import Project

ROOT = Path(__file__).parents[2]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    out = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert f"\n  {name} " in out
        assert entry.summary in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0

    out = capsys.readouterr().out
    assert "Example: `" in out
    assert f"dynaport {name}" in out


FAMILIES = {
    name: command.entries
    for name in COMMANDS
    if isinstance(command := dynaport.get_command(click.Context(dynaport), name), Family)
}


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, entries in FAMILIES.items() for name in entries]
)
def test_every_command_of_a_family_has_help_with_an_example(
    family: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([family, name, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Example: `" in out
    assert f"dynaport {family} {name}" in out
    assert main([family, "--help"]) == 0
    assert f"\n  {name} " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ps", "logs", "why", "url", "wait", "env", "check", "schema"])
def test_every_command_that_prints_facts_takes_json(name: str) -> None:
    group = dynaport
    assert isinstance(group, Family)
    command = group.get_command(click.Context(group), name)

    assert command is not None
    assert any("--json" in parameter.opts for parameter in command.params)


def test_a_mistyped_command_gets_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["restrat"]) == 2

    assert "there is no command 'restrat'. Did you mean \"restart\"?" in capsys.readouterr().err


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ps", "--jsno"]) == 2

    assert "--json" in capsys.readouterr().err


def test_without_a_services_toml_it_says_what_to_write(
    private: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(private)

    assert main(["ps"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: no services.toml in {private}")
    assert "[services.web]" in err


def test_all_mistakes_of_a_file_are_told_a_line_each(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project({"services.toml": '[services.users]\napp = "a:b"\nprot = 1\nhealht = "/"\n'})

    assert main(["-f", str(project.file), "check"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("error: services.toml:") for line in lines] == [True, True]


def test_errors_are_coloured_where_colour_is_wanted(
    private: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(private)
    monkeypatch.setenv("FORCE_COLOR", "1")

    main(["ps"])
    assert capsys.readouterr().err.startswith("\x1b[31merror:\x1b[0m ")


def test_a_bug_is_told_in_a_line_and_its_traceback_kept(
    private: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(cli.dynaport, "main", explode)

    assert main(["ps"]) == 1
    err = capsys.readouterr().err
    assert "error: dynaport itself failed: ZeroDivisionError: a bug" in err
    assert "Traceback" not in err
    kept = private / "state" / "dynaport" / "last-error.txt"
    assert str(kept) in err
    assert "Traceback" in kept.read_text()


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.dynaport, "main", interrupted)

    assert main(["ps"]) == 130


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    assert capsys.readouterr().out.startswith("dynaport ")


@pytest.mark.parametrize("args", [["--help"], ["ps"], ["why", "users"]])
def test_a_quick_command_loads_nothing_slow(args: list[str], project: Project) -> None:
    project({"services.toml": '[services.users]\ncommand = "true"\n'})
    program = (
        "import sys; from dynaport_tui.cli.main import main; main(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, *args],
        cwd=project.folder,
        env={"PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(project.folder), "HOME": "/tmp"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    loaded = set(finished.stderr.split())
    slow = {"asyncio", "aiohttp", "rich", "psutil", "sqlite3", "dynaport_tui.engine.engine"}
    assert loaded & slow == set()


def test_help_costs_little_more_than_the_interpreter() -> None:
    def quickest(*args: str) -> float:
        def once() -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, *args], cwd=ROOT, capture_output=True, check=True)
            return time.perf_counter() - start

        return min(once() for _ in range(5))

    bare = quickest("-c", "pass")

    assert quickest("-m", "dynaport_tui", "--help") - bare < 0.2


def test_a_project_is_found_from_a_folder_inside_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project({"services.toml": '[services.users]\ncommand = "true"\n', "a/b/c.py": ""})
    monkeypatch.chdir(project.folder / "a" / "b")

    assert main(["check"]) == 0
    assert str(project.file) in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["-f", "services.toml"], ["-f", "."], []])
def test_folder_and_file_say_where_it_is(
    project: Project, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    project({"services.toml": '[services.users]\ncommand = "true"\n'})

    assert main(["-C", str(project.folder), *flags, "check"]) == 0
    assert str(project.file) in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["-f", "nowhere.toml"], ["-C", "/nowhere"]])
def test_what_does_not_exist_is_named(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*flags, "check"]) == 2
    assert "nowhere" in capsys.readouterr().err
