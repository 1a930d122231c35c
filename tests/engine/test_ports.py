"""From which range the ports of a project are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dynaport_tui.engine.files import read_project
from dynaport_tui.engine.ports import Ports
from tests.project import Project
from tests.test_settings import write

SERVICE = '[services.users]\ncommand = "true"\n'


@pytest.fixture
def ports(private: Path) -> Iterator[Ports]:
    """The ports of a project, chosen by its ledger."""
    opened = Ports()
    yield opened
    opened.close()


def chosen(ports: Ports, project: Project, text: str) -> int:
    """The port of `users`."""
    project({"services.toml": text})
    return ports.lease(read_project(project.file))["users"][""]


def test_the_users_range_is_used_where_services_toml_names_none(
    ports: Ports, project: Project
) -> None:
    write("[port_allocator]\nport_range = [21000, 21099]\n")
    ranged = "[project]\nports = [22000, 22099]\n" + SERVICE

    assert 21000 <= chosen(ports, project, SERVICE) <= 21099
    assert 22000 <= chosen(ports, project.beside("other"), ranged) <= 22099


def test_a_lease_outside_a_new_range_is_kept(ports: Ports, project: Project) -> None:
    before = chosen(ports, project, SERVICE)
    write("[port_allocator]\nport_range = [10000, 10099]\n")

    assert chosen(ports, project, SERVICE) == before
    assert (
        ports.why("users")
        == "kept from when the project had another name or another range of ports"
    )
