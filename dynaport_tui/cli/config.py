"""`dynaport config`: the user's settings for all projects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from . import say
from .errors import FAILED, OK
from .family import Entry, Family

if TYPE_CHECKING:
    from ..settings import Settings, Value

CONFIG = {
    "get": Entry("config", "Print a setting, and say who decided it."),
    "set": Entry("config", "Decide a setting."),
    "unset": Entry("config", "Return a setting to its default."),
    "list": Entry("config", "Show all settings and where each comes from."),
}


@click.group(
    "config", cls=Family, entries=CONFIG, epilog="Example: `dynaport config list`, which names all."
)
def config_command() -> None:
    """Your settings for all projects, in a TOML file.

    A variable such as DYNAPORT_PORT_ALLOCATOR_PORT_RANGE goes before the file.
    """


@click.command("get", epilog="Example: `dynaport config get port_allocator.port_range`")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="The value alone, as JSON.")
def get_command(key: str, as_json: bool) -> int:
    """Print the setting KEY, as `config set` takes it; who decided it is said beside it."""
    from .. import settings

    settings.expect_known(key)
    entry = _sound().entry(key)
    if as_json:
        say.document(entry.value)
        return OK
    say.fact(json.dumps(entry.value))
    say.note(f"{key} {_origin(entry)}")
    return OK


@click.command(
    "set",
    context_settings={"ignore_unknown_options": True},
    epilog='Example: `dynaport config set port_allocator.port_range "[5000, 6000]" --json`',
)
@click.argument("key")
@click.argument("value")
@click.option("--json", "as_json", is_flag=True, help="VALUE is JSON; answer in JSON, too.")
def set_command(key: str, value: str, as_json: bool) -> int:
    """Decide the setting KEY; without --json, VALUE is read as the setting needs it.

    A range of ports may then be written 5000-6000. Comments in the file are kept.
    """
    from .. import settings
    from .settings_file import assign

    settings.expect_known(key)
    checked = _checked(key, value, as_json=as_json)
    path = assign(key, checked)
    found = settings.look()
    if as_json:
        say.document(checked)
    else:
        say.note(f"{key} is {json.dumps(checked)} now, in {path}")
    if found.source(key) not in (str(settings.file()), settings.DEFAULT):
        say.note(f"it has no effect here: {_origin(found.entry(key))}, which goes before the file")
    for problem in found.problems:
        say.note(f"still wrong: {problem}")
    return OK


@click.command("unset", epilog="Example: `dynaport config unset port_allocator.port_range`")
@click.argument("key")
def unset_command(key: str) -> int:
    """Take KEY out of the file, so that its default holds; exit code 1 if it is not there."""
    from ..model.setting import KEYS
    from ..settings import expect_known, file
    from .settings_file import forget

    if not forget(key):
        expect_known(key)  # but one that we do not know may be taken out
        say.note(f"{key} is not in {file()}: nothing to take out")
        return FAILED
    default = f": {json.dumps(KEYS[key].default)}" if key in KEYS else ""
    say.note(f"{key} is taken out of {file()}, its default holds{default}")
    return OK


@click.command("list", epilog="Example: `dynaport config list --json | jq '.[].key'`")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_command(as_json: bool) -> int:
    """Show all settings: value, who decided it, and what it is for."""
    from ..model.setting import KEYS
    from .table import table, terminal_width

    found = _sound()
    if as_json:
        say.document([_document(key, found.entry(key)) for key in KEYS])
        return OK
    rows = [["KEY", "VALUE", "FROM", "FOR"]]
    for key, known in KEYS.items():
        entry = found.entry(key)
        rows.append([key, json.dumps(entry.value), _place(entry), known.summary])
    for line in table(rows, terminal_width()):
        say.fact(line)
    return OK


def _document(key: str, entry: Value) -> dict[str, Any]:
    from ..model.setting import KEYS

    known = KEYS[key]
    return {
        "key": key,
        "value": entry.value,
        "source": entry.source,
        "line": entry.line,
        "default": known.default,
        "summary": known.summary,
    }


def _sound() -> Settings:
    """The settings; raises SettingsError, with all that is wrong, a line each."""
    from .. import settings

    found = settings.look()
    if found.problems:
        remedy = (
            "`dynaport config set` and `unset` mend a single key; until then defaults are used."
        )
        raise settings.SettingsError("\n".join(map(str, found.problems)), remedy)
    return found


def _checked(key: str, text: str, *, as_json: bool) -> Any:
    from ..model.setting import KEYS
    from ..settings import SettingsError, refused

    try:
        value = json.loads(text) if as_json else KEYS[key].typed(text)
    except ValueError as error:
        example = json.dumps(KEYS[key].default)
        remedy = f"Write for example '{example}', quoted for the shell."
        raise SettingsError(f"{text!r} is no JSON: {error}", remedy) from None
    try:
        return KEYS[key].check(value)
    except ValueError as error:
        raise SettingsError(f"{key}: {refused(text, error)}") from None


def _origin(entry: Value) -> str:
    from ..settings import DEFAULT

    return "is the default" if entry.source == DEFAULT else f"comes from {_place(entry)}"


def _place(entry: Value) -> str:
    return entry.source if entry.line is None else f"{entry.source}:{entry.line}"
