"""The tours leave no action out: each is done by its key, and by mouse or from the palette."""

from __future__ import annotations

import re
from pathlib import Path

from dynaport_tui.tui.actions import ACTIONS

TOURS = "\n".join(file.read_text() for file in Path(__file__).parent.glob("test_tour_*.py"))

BY_TURNS = {
    name
    for names in re.findall(r"for (\w+) in \(tour\.key, tour\.(?:mouse|palette)\):", TOURS)
    for name in re.findall(rf"\b{names}\(\"(\w+)\"", TOURS)
}
"""Done in a loop over both ways."""

TABS = {f"tab_{tab}" for tab in ("logs", "why", "requests", "environment", "config", "ports")}

IN_PAIRS = set(re.findall(r"\(tour\.palette, \"(\w+)\"\)", TOURS))
"""Done in a loop over ways and names."""

ONLY_BY_KEY = {"leave", "interrupt"}
"""Escape and Ctrl-C: with the mouse one goes elsewhere, or quits."""


def done(*ways: str) -> set[str]:
    """The actions that the tours do in one of these ways."""
    found = re.findall(rf"\.(?:{'|'.join(ways)})\(\"(\w+)\"", TOURS)
    return {*found, *BY_TURNS, *TABS, *IN_PAIRS}


def test_every_key_is_pressed() -> None:
    assert {action.id for action in ACTIONS if action.keys} - done("key") == set()


def test_every_action_is_done_with_the_mouse() -> None:
    assert {action.id for action in ACTIONS} - ONLY_BY_KEY - done("mouse", "palette") == set()
