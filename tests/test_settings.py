"""The user's settings: what holds, who says so, and what becomes of mistakes."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from dynaport_tui import settings
from dynaport_tui.settings import SettingsError, SettingsWarning

RANGE = "port_allocator.port_range"
TIMEOUT = "service_registry.health_timeout"


def write(text: str) -> Path:
    """The settings file with this text."""
    path = settings.file()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_every_setting_has_its_default(private: Path) -> None:
    found = settings.read()

    assert (found.get(RANGE), found.source(RANGE)) == ((20000, 29999), "default")
    assert found.get(TIMEOUT) == 1.0
    assert not settings.file().exists()


def test_the_file_lies_in_the_configuration_folder(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.file() == private / "config" / "dynaport" / "config.toml"
    monkeypatch.setenv("DYNAPORT_CONFIG_DIR", str(private / "mine"))
    assert settings.file() == private / "mine" / "config.toml"
    monkeypatch.delenv("DYNAPORT_CONFIG_DIR")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(private))
    assert private in settings.file().parents


def test_a_value_of_the_file_is_told_with_its_line() -> None:
    path = write("# mine\n[port_allocator]\nport_range = [5000, 6000]\n")
    entry = settings.read().entry(RANGE)

    assert entry == ((5000, 6000), str(path), 3)


@pytest.mark.parametrize("text", ["7000-7100", "7000, 7100", "[7000, 7100]"])
def test_a_variable_goes_before_the_file(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write("[port_allocator]\nport_range = [5000, 6000]\n")
    monkeypatch.setenv("DYNAPORT_PORT_ALLOCATOR_PORT_RANGE", text)
    found = settings.read()

    assert found.get(RANGE) == (7000, 7100)
    assert found.source(RANGE) == "DYNAPORT_PORT_ALLOCATOR_PORT_RANGE"


def test_an_unknown_key_names_the_one_that_was_meant() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.read().get("port_alocator.port_range")

    assert caught.value.hint == f'Did you mean "{RANGE}"?'


MISTAKES = {
    "[port_allocator]\nport_range = [6000, 5000]": ":2: port_allocator.port_range: [6000, 5000] "
    "will not do: the range is reversed: write [5000, 6000]",
    "\n\n[port_allocator]\nport_range = 7": ":4: port_allocator.port_range: 7 will not do: write "
    "the lowest and the highest port",
    "[port_allocator]\nport_range = [true, 5]": "a port is a whole number from 1 to 65535",
    "[port_allocator]\nport_rnage = [1, 2]": ":2: port_allocator.port_rnage: there is no such "
    'setting. Did you mean "port_allocator.port_range"?',
    "[service_registry]\nhealth_timeout = -1": "write seconds from 0.05 to 60",
    "port_allocator = 1": ":1: port_allocator: there is no such setting",
    "[port_allocator]\nport_range = [1, 2\n": ":2: this is no valid TOML",
    "a = 1\na = 2\n": ":2: this is no valid TOML",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_with_line_and_remedy_and_the_default_holds(text: str) -> None:
    path = write(text)
    found = settings.look()

    assert found.get(RANGE) == (20000, 29999)
    (problem,) = found.problems
    assert str(problem).startswith(f"{path}:")
    assert MISTAKES[text] in str(problem)


def test_what_is_wrong_is_a_warning_at_that_line_of_the_file() -> None:
    path = write("[service_registry]\nhealth_timeout = 100\n[port_allocator]\nport_range=[5, 6]\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = settings.read()

    (warning,) = caught
    assert warning.category is SettingsWarning
    assert (warning.filename, warning.lineno) == (str(path), 2)
    assert (found.get(TIMEOUT), found.get(RANGE)) == (1.0, (5, 6))


def test_a_file_that_cannot_be_read_leaves_the_defaults() -> None:
    path = write("")
    path.write_bytes(b"\xff")
    assert "is no UTF-8" in str(settings.look().problems[0])
    path.unlink()
    path.mkdir()
    assert "cannot be read" in str(settings.look().problems[0])
