"""services.toml itself: looked through, and described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import say
from .errors import OK, USAGE

if TYPE_CHECKING:
    from ..model.spec import ProjectSpec
    from .here import Here


@click.command("check", epilog="Example: `dynaport check --profile prod`")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="Lay [profiles.P] over it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def check_command(here: Here, profiles: tuple[str, ...], as_json: bool) -> int:
    """Look for mistakes in services.toml: all of them, each with its line and remedy."""
    from ..engine.files import check
    from ..model.config import ConfigError

    try:
        project = check(here.file, profiles)
    except ConfigError as error:
        if not as_json:
            raise
        say.document(_report(here, [], list(error.problems)))
        return USAGE
    if as_json:
        say.document(_report(here, list(project.services), []))
    else:
        say.fact(_fine(project))
    return OK


def _report(here: Here, services: list[str], problems: list[Any]) -> dict[str, Any]:
    file, ok = str(here.file), not problems
    return {"file": file, "ok": ok, "services": services, "problems": problems}


def _fine(project: ProjectSpec) -> str:
    count = len(project.services)
    return f"{project.file} is fine: {count} {'service' if count == 1 else 'services'}"


@click.command("schema", epilog="Example: `dynaport schema > services.schema.json`")
@click.option("--json", "_as_json", is_flag=True, help="Changes nothing: it is JSON anyway.")
def schema_command(_as_json: bool) -> None:
    """Print the JSON Schema of services.toml, for editors."""
    from ..model.schema import schema

    say.document(schema())
