"""What of all that happens is worth a word to a person who may look elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..model.view import Notice, PortMoved, ProjectChanged, Reloaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model.view import Event, ServiceStatus

_REMEDY = "; the next save"
"""Behind it stands what a person will do anyway."""

Weight = Literal["information", "warning", "error"]


def tale(
    event: Event, old: ServiceStatus | None, *, seen: Callable[[str], bool] = lambda _: False
) -> tuple[str, Weight] | None:
    """A sentence for a toast; None where the screen says it all.

    `old` is the row before the event; `seen` whether what a service prints is in sight.
    """
    match event:
        case PortMoved():
            return _moved(event, None if old is None else old.port), "information"
        case Reloaded(ok=False) if not seen(event.service):
            what = event.why.partition(_REMEDY)[0]
            return f"{event.service} did not take the change in: {what}", "error"
        case ProjectChanged(error=None):
            return _applied(event)
        case Notice():
            who = f"{event.service}: " if event.service else ""
            return f"{who}{event.text}", "warning"
    return None


def _moved(event: PortMoved, before: int | None) -> str:
    if event.port is None:
        return f"{event.service} has no port now: {event.why}"
    if before is None or before == event.port:
        return f"{event.service} is at {event.port}: {event.why}"
    return f"{event.service} moved from {before} to {event.port}"


def _applied(event: ProjectChanged) -> tuple[str, Weight] | None:
    parts = [
        f"{what} {', '.join(names)}"
        for what, names in (
            ("added", event.added),
            ("removed", event.removed),
            ("changed", event.changed),
        )
        if names
    ]
    return (f"services.toml applied: {'; '.join(parts)}", "information") if parts else None
