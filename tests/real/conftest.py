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
    """Give the tests of this folder more time than the others have, and a worker of their own.

    Two of them at once might hold a port that the other expects to be free. They come first: they
    take as long as all the others together.
    """
    real = [item for item in items if item.path.is_relative_to(HERE)]
    for item in real:
        item.add_marker(pytest.mark.xdist_group("real"))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIME_LIMIT))
    items.sort(key=lambda item: not item.path.is_relative_to(HERE))


@pytest.fixture
def dynaport(project: Project, private: Path) -> Iterator[Dynaport]:
    """The real command in the test's project folder; see `Dynaport`."""
    command = Dynaport(project.folder, private)
    yield command
    command.close()
