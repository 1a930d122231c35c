"""What shows only in the whole: keys that contradict each other, ports and names that collide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .keys import NAME
from .launch import variable
from .problems import Problem, Report, Spot, did_you_mean, known, quoted
from .profiles import KINDS, Draft, Selection, instance_names
from .shell import takes_shells_place

if TYPE_CHECKING:
    from .layers import Layer

_RESERVED = {"DYNAPORT": "DYNAPORT_URL", "FLASK_RUN": "FLASK_RUN_PORT", "UVICORN": "UVICORN_PORT"}
"""Names in variables that mean something else, and a variable that shows it."""


def check_services(selection: Selection, report: Report) -> None:
    """Report everything that is wrong with single services, and between any two."""
    _check_presence(selection, report)
    _check_kinds(selection)
    for name, layer in selection.active.items():
        _check_instances(name, layer)
    for draft in selection.drafts:
        _check_served(draft)
        _check_debug(draft)
        _check_held(draft)
        _check_workers(draft, selection)
        _check_port(draft)
        _check_slots(draft)
    _check_pinned(selection)
    _check_names(selection)


def _check_presence(selection: Selection, report: Report) -> None:
    if not selection.known and not selection.root.is_bad("services"):
        message = "the file names no service" if selection.root.items else "the file is empty"
        hint = 'Add one: a line [services.web], below it app = "app:app" or command = "…".'
        report.add(Problem(file=report.file, line=1, key="services", message=message, hint=hint))
    elif selection.sources and selection.certain and not selection.active:
        first, layers = next(iter(selection.sources.items()))
        profiles = selection.profiles_of(first)
        layers[0][1].spot.error(
            "no service is left: each belongs to a profile that is not wanted",
            f"Add --profile {profiles[0]}." if profiles else "",
        )


def _check_kinds(selection: Selection) -> None:
    bases = [name for name, layers in selection.sources.items() if not layers[0][0]]
    for name, layers in selection.sources.items():
        tables = [layer for _, layer in layers]
        if any(kind in layer for kind in KINDS for layer in tables):
            continue
        spot = tables[0].spot
        if layers[0][0] and (meant := did_you_mean(name, bases)):
            spot.error(f"there is no service {quoted(name)} to lay this over", meant)
        else:
            _no_kind(spot)
    for draft in selection.drafts:
        kinds = [
            profile
            for profile, layer in selection.sources[draft.name]
            if any(kind in layer for kind in KINDS)
        ]
        if not draft.kind and kinds:
            draft.layer.spot.error(
                "app, script and command are all missing with these profiles",
                f"Write exactly one of them here, or use --profile {kinds[0]}.",
            )


def _no_kind(spot: Spot) -> None:
    spot.error(
        "app, script and command are all missing",
        'Write exactly one, such as app = "app:app", script = "run.py" or command = "…".',
    )


def _check_instances(name: str, layer: Layer) -> None:
    if layer.is_bad("instances"):
        return
    names = instance_names(layer) or ()
    for instance, table in layer.table("instance").tables():
        if instance not in names and not (instance == "1" and not names):
            hint = (
                f'Write instances = ["{instance}"] for {name}.'
                if not names
                else known("instances", names)
            )
            table.spot.error(
                f"{name} has no instance {quoted(instance)}", did_you_mean(instance, names, hint)
            )


def _check_served(draft: Draft) -> None:
    kind, layer = draft.kind, draft.layer
    if not kind:
        return
    if "server" in layer and kind != "app":
        layer.spot_of("server").error(
            f"a server is for an app, but {draft.name} is a {kind}", "Remove this line."
        )
    if layer.value("hand_down") and kind != "command":
        layer.spot_of("hand_down").error(
            f"only a command is handed its socket; the {kind} {draft.name} is served on it anyway",
            "Remove this line.",
        )
    if layer.value("warm") is False and kind == "command":
        layer.spot_of("warm").error(
            "a command is never started warm; that is for an app or a script", "Remove this line."
        )
    if layer.value("task") and kind == "app":
        layer.spot_of("task").error(
            "an app is served until it is stopped and never runs to its end",
            "Write script or command in place of app, or remove task.",
        )


def _check_debug(draft: Draft) -> None:
    layer, server = draft.layer, draft.layer.value("server", "werkzeug")
    if not layer.value("debug"):
        return
    if draft.kind == "command":
        layer.spot_of("debug").error(
            f"Werkzeug's debugger is for an app or a script, but {draft.name} is a command",
            "Remove this line.",
        )
    elif server != "werkzeug":
        layer.spot_of("debug").error(
            f"Werkzeug's debugger needs the werkzeug server, but {draft.name} is served by"
            f" {server} (line {layer.spot_of('server').line})",
            "Remove this line, or write debug = false beside that one.",
        )


def _check_held(draft: Draft) -> None:
    """What cannot be with a socket that dynaport listens on itself."""
    layer, kind = draft.layer, draft.kind
    handed = kind == "command" and layer.value("hand_down")
    if not draft.listens or not (handed or kind in ("app", "script")):
        return
    health = layer.table("health")
    if health.value("tcp") and not any(key in health for key in ("http", "command", "log")):
        health.spot_of("tcp").error(
            f"dynaport listens for {draft.name} all the time, so a connection always succeeds",
            'Write http = "/", or the path of a page that tells, in place of tcp.',
        )
    command = layer.value("command")
    if handed and isinstance(command, str) and not takes_shells_place(command):
        layer.spot_of("command").error(
            "the socket is handed to the shell that this needs, and not to the program",
            'Write a list, as in ["program", "--option"], or exec before the program.',
        )


def _check_workers(draft: Draft, selection: Selection) -> None:
    layer, workers = draft.layer, draft.layer.value("workers", 1)
    if workers == 1 or not draft.kind:
        return
    if draft.kind != "app":
        layer.spot_of("workers").error(
            f"workers are for an app, but {draft.name} is a {draft.kind}",
            "Write instances for more than one of it.",
        )
        return
    tables = [table for _, table in selection.sources[draft.name]]
    tables += [own for table in tables for _, own in table.table("instance").tables()]
    # A server named elsewhere, by a profile say, is what the workers are for.
    if not any(
        table.is_bad("server") or table.value("server", "werkzeug") != "werkzeug"
        for table in tables
    ):
        layer.spot_of("workers").error(
            "the werkzeug server has one worker, with threads",
            'Add server = "gunicorn", "uvicorn" or "hypercorn", or remove workers.',
        )


def _check_port(draft: Draft) -> None:
    layer, health = draft.layer, draft.layer.table("health")
    if draft.listens:
        return
    port = layer.spot_of("port")
    silent = f"{draft.name} listens to nothing (port = false, line {port.line})"
    if draft.kind == "app":
        port.error(
            "an app is served on a port",
            "Remove port = false, or write script or command in place of app.",
        )
    for probe in ("http", "tcp"):
        if health.value(probe):
            health.spot_of(probe).error(
                f"{silent}, so {probe} is never answered",
                "Remove port = false, or write health = { command = … } or { log = … }.",
            )
    if layer.value("hand_down"):
        layer.spot_of("hand_down").error(
            f"{silent}, so there is no socket to hand down",
            "Remove one of the two lines.",
        )


def _check_slots(draft: Draft) -> None:
    taken: dict[str, str] = {}
    for slot in draft.layer.value("ports", ()):
        other = taken.setdefault(variable(slot), slot)
        if other != slot:
            draft.layer.spot_of("ports").error(
                f"{other} and {slot} both give PORT_{variable(slot)}", "Rename one of them."
            )


def _check_pinned(selection: Selection) -> None:
    pinned = [(key, selection.merged.table(key)) for key in ("gateway", "dashboard")]
    pinned += [(draft.name, draft.layer) for draft in selection.drafts]
    users = [
        (layer.spot_of("port"), label, layer.value("port"))
        for label, layer in pinned
        if layer.value("port")
    ]
    first: dict[int, tuple[Spot, str]] = {}
    for spot, label, port in sorted(users, key=lambda user: user[0].line):
        if port not in first:
            first[port] = (spot, label)
            continue
        earlier, owner = first[port]
        if earlier.keys == spot.keys:
            spot.error(
                f"{port} is pinned for all instances of {label}, but only one can have it",
                f"Pin one each, as in [{_last_instance(selection, label)}] port = {port + 1}, or"
                " remove port and they are chosen.",
            )
        else:
            spot.error(
                f"{port} is pinned twice: for {owner} on line {earlier.line} and here",
                "Pin another port here, or remove port and one is chosen.",
            )


def _last_instance(selection: Selection, name: str) -> str:
    last = [draft.instance for draft in selection.drafts if draft.name == name][-1]
    return f"services.{name}.instance.{last}"


def _check_names(selection: Selection) -> None:
    reserved = dict(_RESERVED)
    if "gateway" in selection.merged:
        reserved["GATEWAY"] = "GATEWAY_URL"
    taken: dict[str, tuple[str, Spot]] = {}
    for name, layer in sorted(selection.active.items(), key=lambda item: item[1].spot.line):
        if not re.fullmatch(NAME, name):
            continue
        prefix = variable(name)
        other, spot = taken.setdefault(prefix, (name, layer.spot))
        if other != name:
            layer.spot.error(
                f"{other} (line {spot.line}) and {name} both give {prefix}_URL",
                "Rename one of them.",
            )
        elif prefix in reserved:
            layer.spot.error(
                f"its address would be {reserved[prefix]}, which means something else",
                f"Write another name, such as {name}-app.",
            )
