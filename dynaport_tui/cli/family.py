"""A group of commands that are imported when they are used, not to list them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class Entry(NamedTuple):
    """Where a command lives, and the line that `--help` shows without importing it."""

    module: str
    summary: str


class Family(click.Group):
    """Knows the names and summaries of its commands from a table."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what is used most comes first."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of that name."""
        if (entry := self.entries.get(cmd_name)) is None:
            return None
        module = import_module(f"{__package__}.{entry.module}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from the static summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a mistyped name gets the one that was probably meant."""
        name = args[0]
        if name in self.entries or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from ..model.problems import did_you_mean

        path = ctx.command_path
        hint = did_you_mean(name, self.entries, f"`{path} --help` lists them.")
        what = f"command {name!r}" if ctx.parent is None else f"command {name!r} in `{path}`"
        raise click.UsageError(f"there is no {what}. {hint}", ctx)
