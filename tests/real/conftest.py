"""Tests with real processes: a longer time limit, and nothing may be left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import Dynaport

HERE = Path(__file__).parent

TIME_LIMIT = 60
"""Seconds for a test that names no limit of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder more time than the others have."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIME_LIMIT))


@pytest.fixture
def dynaport(project: Project, private: Path) -> Iterator[Dynaport]:
    """The real command in the test's project folder; see `Dynaport`."""
    command = Dynaport(project.folder, private)
    yield command
    command.close()
