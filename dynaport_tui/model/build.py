"""Checked layers to the frozen values of `spec`, with every default filled in."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from .spec import (
    Condition,
    Kind,
    LogSpec,
    ProbeKind,
    ProbeSpec,
    ProjectSpec,
    RestartSpec,
    ServiceSpec,
)

if TYPE_CHECKING:
    from .layers import Layer
    from .profiles import Draft, Selection

_AS_WRITTEN = (
    "python",
    "server",
    "workers",
    "host",
    "ports",
    "task",
    "ignore",
    "reload",
    "warm",
    "debug",
    "hand_down",
    "stop_signal",
    "stop_grace",
    "tty",
    "profiles",
)
_PROBES: tuple[ProbeKind, ...] = ("http", "tcp", "command", "log")
_KINDS: tuple[Kind, ...] = ("app", "script", "command")


def build_project(selection: Selection, file: str) -> ProjectSpec:
    """The whole file; nothing of it may be wrong."""
    top = selection.merged
    root = str(PurePosixPath(file).parent)
    project = top.table("project")
    return ProjectSpec(
        name=project.value("name") or PurePosixPath(root).name or "project",
        root=root,
        file=file,
        **({"ports": project.value("ports"), "ports_given": True} if "ports" in project else {}),
        env_file=absolute(root, project.value("env_file", ".env")),
        env_file_required="env_file" in project,
        gateway=top.table("gateway").plain() if "gateway" in top else None,
        dashboard=top.table("dashboard").plain() if "dashboard" in top else None,
        log=LogSpec(**top.table("log").plain()),
        profiles=selection.profiles,
        services={draft.id: _service(draft, selection, root) for draft in selection.drafts},
    )


def absolute(root: str, path: str) -> str:
    """A path seen from the folder of the file; one that starts with `~` stays as it is."""
    return path if path.startswith("~") else str(PurePosixPath(root, path))


def _service(draft: Draft, selection: Selection, root: str) -> ServiceSpec:
    layer = draft.layer
    gateway = layer.table("gateway").plain()
    given = {key: layer.value(key) for key in _AS_WRITTEN if key in layer}
    port = layer.value("port")
    return ServiceSpec(
        id=draft.id,
        name=draft.name,
        instance=draft.instance,
        line=layer.spot.line,
        kind=cast("Kind", draft.kind),
        target=layer.value(draft.kind),
        cwd=absolute(root, layer.value("cwd", ".")),
        listens=draft.listens,
        port=port or None,
        env=layer.table("env").plain(),
        env_files=tuple(absolute(root, path) for path in layer.value("env_file", ())),
        depends_on=_depends(draft, selection),
        health=_probe(draft),
        restart=_restart(layer),
        prefix=gateway.pop("prefix", None) or layer.value("prefix", f"/{draft.name}"),
        hosts=gateway.pop("hosts", None) or layer.value("hosts", ()),
        gateway=gateway,
        **_watch(layer),
        **given,
    )


def _depends(draft: Draft, selection: Selection) -> dict[str, Condition]:
    found: dict[str, Condition] = {}
    for name, condition, _ in draft.layer.table("depends_on").values():
        for other in selection.drafts:
            if other.name == name:
                usual: Condition = "completed" if other.layer.value("task") else "ready"
                found[other.id] = condition or usual
    return found


def _probe(draft: Draft) -> ProbeSpec:
    health = draft.layer.table("health").plain()
    kind: ProbeKind = next((kind for kind in _PROBES if kind in health), _default_probe(draft))
    what: dict[str, Any] = {}
    for key, field in (("http", "path"), ("command", "command"), ("log", "pattern")):
        if key in health:
            what[field] = health.pop(key)
    health.pop("tcp", None)
    return ProbeSpec(kind=kind, **what, **health)


def _default_probe(draft: Draft) -> ProbeKind:
    if draft.layer.value("task") or not draft.listens:
        return "alive"
    if draft.kind == "command" and not draft.layer.value("hand_down"):
        return "tcp"
    return "runner"


def _restart(layer: Layer) -> RestartSpec:
    given = layer.table("restart").plain()
    policy = "never" if layer.value("task") else "on-failure"
    return RestartSpec(**{"policy": policy, **given})


def _watch(layer: Layer) -> dict[str, Any]:
    watch = layer.value("watch", True)
    return {"watched": watch is not False, "watch": watch if isinstance(watch, tuple) else None}
