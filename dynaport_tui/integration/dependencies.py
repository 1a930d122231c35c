"""Whether what an app depends on is there."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ..ledger.errors import LedgerError
from ..registry.arguments import checked_dependency
from ..registry.places import FILE_NAME, by_lease, by_variable, nearest_root
from ..service_registry import ServiceRegistry

if TYPE_CHECKING:
    from .wording import Identity

_PATIENCE = 3.0
"""Seconds: what one supervisor starts together registers a moment later."""
_PAUSE = 0.1


def missing(identity: Identity) -> list[str]:
    """A sentence for each dependency that does not run: which it is, and how to start it."""
    patience = _PATIENCE if "DYNAPORT_SERVICE" in os.environ else 0.0
    deadline = time.monotonic() + patience
    try:
        lacking = [text for text in identity.dependencies if not _is_there(text)]
        while lacking and time.monotonic() < deadline:
            time.sleep(_PAUSE)
            lacking = [text for text in lacking if not _is_there(text)]
        return [_sentence(identity, text) for text in lacking]
    except LedgerError as error:
        return [f"{identity.label}: what it depends on cannot be looked for: {error}"]


def _is_there(text: str) -> bool:
    key = checked_dependency(text)
    if by_variable(*key, os.environ) or ServiceRegistry().find(*key):
        return True
    place = by_lease(None, *key)
    return place is not None and place.answers()


def _sentence(identity: Identity, text: str) -> str:
    app_id, instance_id = checked_dependency(text)
    said = f"{identity.label} depends on {text}, which is not running"
    if by_lease(None, app_id, instance_id):
        file = f"{nearest_root()}/{FILE_NAME}"
        return f"{said}: `dynaport up {app_id}` starts it, as {file} says"
    from ..model.problems import did_you_mean

    others = {checked_dependency(each)[0] for each in identity.dependencies}
    known = {row.app_id for row in ServiceRegistry().rows()} - others - {identity.app_id}
    which = "" if instance_id == "default" else f', instance_id="{instance_id}"'
    start = f'start the program that has DynaPortFlask("{app_id}"{which})'
    return f"{said}: {start}. {did_you_mean(app_id, known)}".rstrip(". ")
