"""The JSON Schema of services.toml, for editors."""

from __future__ import annotations

from typing import Any

from .keys import DEFINITIONS, FILE


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, made from the same tables that convert the file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "services.toml",
        "description": "The services of a project, for dynaport.",
        **FILE.schema(),
        "$defs": {name: table.schema() for name, table in DEFINITIONS.items()},
    }
