"""`dynaport config`."""

from __future__ import annotations

import json
import stat
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dynaport_tui import settings
from dynaport_tui.cli.settings_file import assign
from tests.test_settings import write
from tests.views.conftest import Command

RANGE = "port_allocator.port_range"
TIMEOUT = "service_registry.health_timeout"
COMMENTED = """\
# what I want
[service_registry]  # of apps
health_timeout = 2 # patient

[port_allocator]
# near the others
port_range = [
    7000, # low
    7100,
]  # both included
"""


def test_what_is_set_is_got(run: Command) -> None:
    assert run("config", "set", RANGE, "[5000, 6000]", "--json").json() == [5000, 6000]
    got = run("config", "get", RANGE)

    assert (got.code, got.out) == (0, "[5000, 6000]\n")
    assert f"{RANGE} comes from {settings.file()}:2" in got.err
    assert run("config", "get", RANGE, "--json").json() == [5000, 6000]
    assert stat.S_IMODE(settings.file().stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.file().parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["5000-6000", "5000, 6000", "5000,6000", "5000 6000"])
def test_a_range_may_be_typed_as_people_write_one(run: Command, text: str) -> None:
    assert run("config", "set", RANGE, text).code == 0
    assert settings.look().get(RANGE) == (5000, 6000)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((RANGE, "6000-5000"), "write [5000, 6000]"),
        ((RANGE, "[5000, 6000", "--json"), "is no JSON"),
        ((RANGE, '"5000-6000"', "--json"), "write the lowest and the highest port"),
        ((RANGE, "0-70000"), "from 1 to 65535"),
        ((TIMEOUT, "soon"), "write seconds from 0.05 to 60"),
        ((TIMEOUT, "-1"), "write seconds from 0.05 to 60"),
        (("port_range", "1-2"), f'Did you mean "{RANGE}"?'),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(
    run: Command, args: tuple[str, ...], message: str
) -> None:
    said = run("config", "set", *args)

    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert not settings.file().exists()


def test_comments_and_everything_else_in_the_file_stay(run: Command) -> None:
    path = write(COMMENTED)
    run("config", "set", RANGE, "5000-6000")
    run("config", "set", TIMEOUT, "3.5")

    assert path.read_text() == COMMENTED.replace(
        "[\n    7000, # low\n    7100,\n]", "[5000, 6000]"
    ).replace("= 2 #", "= 3.5 #")
    assert run("config", "unset", TIMEOUT).code == 0
    assert "# what I want\n[service_registry]  # of apps\n\n[port_all" in path.read_text()
    assert run("config", "unset", TIMEOUT).code == 1


@pytest.mark.parametrize(
    "text",
    [
        "port_allocator = { port_range = [1, 2] }\n",
        "port_allocator = {}\n",
        "port_allocator.port_range = [1, 2]",
        "[port_allocator]",
        "[ 'port_allocator' ]\nport_range = [1, 2]",
        "[service_registry]\nhealth_timeout = 2",
    ],
)
def test_however_the_file_is_written_a_value_is_set_and_taken_out(run: Command, text: str) -> None:
    path = write(text)
    before = tomllib.loads(text).get("service_registry")

    assert run("config", "set", RANGE, "5000-6000").code == 0
    document = tomllib.loads(path.read_text())
    assert document.pop("port_allocator") == {"port_range": [5000, 6000]}
    assert document.get("service_registry") == before
    assert run("config", "unset", RANGE).code == 0
    assert tomllib.loads(path.read_text()).get("port_allocator", {}) == {}


def test_a_link_to_a_file_that_is_kept_elsewhere_stays_one(run: Command, private: Path) -> None:
    path = write("")
    path.unlink()
    path.symlink_to(private / "dotfile.toml")

    assert run("config", "set", RANGE, "5000-6000").code == 0
    assert path.is_symlink()
    assert settings.look().get(RANGE) == (5000, 6000)


def test_a_broken_file_is_an_error_with_line_and_is_not_overwritten(run: Command) -> None:
    path = write("[port_allocator]\nport_range = oops\n")
    for args in (["get", RANGE], ["list"], ["set", RANGE, "5-6"], ["unset", RANGE]):
        said = run("config", *args)
        assert (said.code, said.out) == (2, "")
        assert f"{path}:2: this is no valid TOML" in said.err
    assert "oops" in path.read_text()


def test_a_wrong_value_is_an_error_until_it_is_set_anew(run: Command) -> None:
    write("[port_allocator]\nport_range = 7\nspare = 1\n")
    assert run("config", "get", TIMEOUT).code == 2
    said = run("config", "set", RANGE, "5000-6000")

    assert said.code == 0
    assert "still wrong" in said.err
    assert "port_allocator.spare" in said.err
    assert run("config", "unset", "port_allocator.spare").code == 0
    assert run("config", "get", RANGE).out == "[5000, 6000]\n"


def test_list_says_of_each_where_it_comes_from(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAPORT_SERVICE_REGISTRY_HEALTH_TIMEOUT", "500ms")
    path = write("[port_allocator]\nport_range = [5000, 6000]\n")
    by_key = {entry["key"]: entry for entry in run("config", "list", "--json").json()}

    assert by_key[RANGE]["value"] == [5000, 6000]
    assert (by_key[RANGE]["source"], by_key[RANGE]["line"]) == (str(path), 2)
    assert by_key[RANGE]["default"] == [20000, 29999]
    assert by_key[TIMEOUT]["value"] == 0.5
    assert by_key[TIMEOUT]["source"] == "DYNAPORT_SERVICE_REGISTRY_HEALTH_TIMEOUT"
    assert f"{path}:2" in run("config", "list").out


def test_a_variable_that_goes_before_the_file_is_mentioned(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAPORT_PORT_ALLOCATOR_PORT_RANGE", "7000-7100")

    said = run("config", "set", RANGE, "5000-6000")
    assert "DYNAPORT_PORT_ALLOCATOR_PORT_RANGE, which goes before the file" in said.err
    assert run("config", "get", RANGE).out == json.dumps([7000, 7100]) + "\n"


def test_a_mistyped_sub_command_gets_the_one_that_was_meant(run: Command) -> None:
    said = run("config", "lsit")

    assert said.code == 2
    assert "no command 'lsit' in `dynaport config`. Did you mean \"list\"?" in said.err


def test_two_changes_at_once_do_not_undo_each_other(private: Path) -> None:
    values: dict[str, object] = {RANGE: (5000, 6000), TIMEOUT: 3.5}
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(assign, *zip(*(list(values.items()) * 10), strict=True)))

    assert {key: settings.look().get(key) for key in values} == values
    assert [path.name for path in settings.file().parent.iterdir()] == ["config.toml"]


def test_a_folder_that_cannot_be_used_is_told_with_the_remedy(
    run: Command, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / "taken").touch()
    monkeypatch.setenv("DYNAPORT_CONFIG_DIR", str(private / "taken"))
    said = run("config", "set", RANGE, "5000-6000")

    assert (said.code, said.out) == (2, "")
    assert "DYNAPORT_CONFIG_DIR" in said.err
