"""What services say about each other: `depends_on`, and `${services.NAME.url}` in `env`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import graph
from .interpolate import ATTRIBUTES, Reference, references
from .layers import Found, Layer
from .problems import Spot, did_you_mean, known, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .profiles import Draft, Selection


def check_links(selection: Selection) -> None:
    """Report names that lead nowhere, conditions that never come true, and cycles."""
    for table in _all_tables(selection):
        _check_dependency_names(table, selection)
        for _, value, spot in table.table("env").values():
            for reference in references(value):
                _check_reference(reference, spot, selection)
    for draft in selection.drafts:
        _check_dependencies(draft, selection)
        _check_reachable(draft, selection)
    _check_cycles(selection)


def _all_tables(selection: Selection) -> Iterator[Layer]:
    for layers in selection.sources.values():
        for _, layer in layers:
            yield layer
            yield from (own for _, own in layer.table("instance").tables())


def _check_dependency_names(table: Layer, selection: Selection) -> None:
    for name, item in table.table("depends_on").items.items():
        if name in selection.known:
            continue
        service, dot, _ = name.partition(".")
        if dot and service in selection.known:
            hint = f"Write {quoted(service)}: all its instances are waited for."
        else:
            hint = did_you_mean(name, selection.sources, known("services", selection.sources))
        item.spot.error(f"there is no service {quoted(name)}", hint)


def _check_reference(reference: Reference, spot: Spot, selection: Selection) -> None:
    text, name, attribute = reference
    if not name:
        message, hint = _unreadable(text, selection)
    elif not attribute:
        return
    elif attribute not in ATTRIBUTES:
        message = f"{text}: a service has {listed(ATTRIBUTES, 'and')}, but no {attribute}"
        hint = did_you_mean(attribute, ATTRIBUTES, f"Write ${{services.{name}.url}}.")
    elif name not in selection.known:
        message = f"{text}: there is no service {quoted(name)}"
        hint = did_you_mean(name, selection.sources, known("services", selection.sources))
    else:
        return
    spot.error(message, hint, value=text)


def _unreadable(text: str, selection: Selection) -> tuple[str, str]:
    if text == "${":
        return (
            "a ${ is not closed here",
            "Close it with }, or write $${ for the two characters themselves.",
        )
    inner = text[2:-1].strip()
    scope, dot, rest = inner.partition(".")
    if not dot and re.fullmatch(r"[A-Za-z_]\w*", inner, re.ASCII):
        hint = f"Write ${{env.{inner}}} for the variable, or $${{{inner}}} to leave it as it is."
    elif scope in selection.known and rest in ATTRIBUTES:
        hint = f"Write ${{services.{inner}}}."
    elif scope == "services" and rest in selection.known:
        hint = f"Write ${{services.{rest}.url}}."
    else:
        hint = "Write ${services.NAME.url}, ${env.NAME}, or $${ for the two characters themselves."
    return f"{text} is neither a service's address nor a variable", hint


def _check_dependencies(draft: Draft, selection: Selection) -> None:
    tasks = {
        name
        for name, layer in selection.active.items()
        if layer.value("task") or layer.is_bad("task")
    }
    for name, item in draft.layer.table("depends_on").items.items():
        if name == draft.name:
            item.spot.error(f"{name} waits for itself", "Remove it.")
        elif selection.left_out(name):
            _left_out(name, item.spot, selection)
        elif (
            isinstance(item, Found)
            and item.value == "completed"
            and name in selection.active
            and name not in tasks
        ):
            item.spot.error(
                f"{name} never completes: it is no task",
                f'Write {name} = "ready", or add task = true to {name}.',
            )


def _left_out(name: str, spot: Spot, selection: Selection, text: str | None = None) -> None:
    profiles = selection.profiles_of(name)
    needed = listed(f"--profile {profile}" for profile in profiles)
    spot.error(
        f"{name} is there only with {needed or 'another profile'}",
        f"Add {needed}, or give this service the same profiles.",
        value=text,
    )


def _check_reachable(draft: Draft, selection: Selection) -> None:
    silent = {other.name for other in selection.drafts if not other.listens}
    for _, value, spot in draft.layer.table("env").values():
        for text, name, attribute in references(value):
            if attribute not in ATTRIBUTES:
                continue
            if selection.left_out(name):
                _left_out(name, spot, selection, text)
            elif name in silent:
                spot.error(
                    f"{text}: {name} listens to nothing (port = false)",
                    f"Remove this variable, or port = false of {name}.",
                    value=text,
                )


def _check_cycles(selection: Selection) -> None:
    depends: dict[str, dict[str, Spot]] = {name: {} for name in selection.active}
    for draft in selection.drafts:
        for name, item in draft.layer.table("depends_on").items.items():
            if name != draft.name:
                depends[draft.name].setdefault(name, item.spot)
    for cycle in graph.cycles(depends):
        depends[cycle[0]][cycle[1]].error(
            f"these wait for each other: {' → '.join(cycle)}", "Remove one of these dependencies."
        )
