"""What views are told of a project as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from dynaport_tui.model.status import notes
from tests.model.fleets import project


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({}, []),
        (
            {"gateway": {"port": 8000}},
            ["services.toml: [gateway] is valid, but this version does not act on it yet"],
        ),
        (
            {"gateway": {}, "dashboard": {}},
            [
                "services.toml: [gateway] and [dashboard] are valid, "
                "but this version does not act on them yet"
            ],
        ),
    ],
)
def test_a_table_that_nobody_acts_on_is_told(tables: dict[str, Any], told: list[str]) -> None:
    assert notes(project(**tables)) == told
