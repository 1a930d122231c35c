"""`dynaport port`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dynaport_tui.cli.table import table
from dynaport_tui.cli.times import ago
from dynaport_tui.ledger.ledger import Ledger, Want
from dynaport_tui.port_allocator import PortAllocator
from dynaport_tui.pytest_plugin import HeldPort, hold
from tests.project import Project
from tests.test_settings import write
from tests.views.conftest import Command

NOON = 1767268800.0


@pytest.fixture
def held(private: Path) -> Iterator[HeldPort]:
    """A port on which a test may listen."""
    found = hold()
    yield found
    found.release()


def listening(port: int, address: str = "127.0.0.1") -> socket.socket:
    """A server in this process."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family)


def test_an_app_has_the_same_port_at_every_call(run: Command) -> None:
    given = run("port", "allocate", "my-app")

    assert given.code == 0
    port = given.out.splitlines()[-1]
    assert given.out == f"{int(port)}\n"
    assert run("port", "allocate", "my-app").out == given.out
    assert run("port", "get", "my-app").out == given.out
    document = {"port": int(port), "app_id": "my-app", "instance_id": "default"}
    assert run("port", "get", "my-app", "--json").json() == document


def test_each_instance_has_its_own(run: Command) -> None:
    one = run("port", "allocate", "my-app", "--instance", "blue").out
    two = run("port", "allocate", "my-app", "-i", "green").out

    assert one != two
    assert run("port", "get", "my-app").code == 1
    assert run("port", "get", "my-app", "--instance", "green").out == two


def test_a_preferred_port_is_given_and_a_note_says_why_if_not(run: Command, held: HeldPort) -> None:
    free = str(held.port)
    assert run("port", "allocate", "my-app", "--prefer", free).out == f"{free}\n"
    said = run("port", "allocate", "other", "--prefer", free)

    assert (said.code, said.out.strip().isdigit()) == (0, True)
    assert said.out != f"{free}\n"
    assert f"dynaport: {free}, which app other prefers, " in said.err
    assert "PortWarning" not in said.err


def test_the_port_of_nobody_is_exit_code_1_and_says_what_to_run(run: Command) -> None:
    for args in (["get"], ["get", "--json"], ["release"]):
        said = run("port", *args, "nobody")
        assert (said.code, said.out) == (1, "")
        assert "nobody has no port" in said.err


def test_what_is_released_is_gone(run: Command) -> None:
    run("port", "allocate", "my-app")

    assert run("port", "release", "my-app", "--json").json()["released"] is True
    assert run("port", "get", "my-app").code == 1
    assert run("port", "list", "--json").json() == []


def test_a_name_that_cannot_be_is_a_usage_error(run: Command) -> None:
    said = run("port", "allocate", " ")

    assert said.code == 2
    assert "write a name" in said.err


def test_find_prints_a_free_port_and_remembers_nothing(run: Command) -> None:
    found = int(run("port", "find", "--start", "21000").out)

    assert found >= 21000
    assert run("port", "find", "--start", "21000", "--json").json() == {"port": found}
    assert PortAllocator().list_allocations() == []


def test_where_no_port_is_left_the_exit_code_is_4(run: Command, held: HeldPort) -> None:
    write(f"[port_allocator]\nport_range = [{held.port}, {held.port}]\n")
    run("port", "allocate", "my-app")
    said = run("port", "allocate", "other")

    assert (said.code, said.out) == (4, "")
    assert "no free port" in said.err


def test_a_wrong_setting_is_told_with_its_line_and_does_not_stop_anybody(run: Command) -> None:
    path = write("[port_allocator]\nport_range = 'wide'\n")
    said = run("port", "allocate", "my-app")

    assert said.code == 0
    assert f"dynaport: {path}:2: port_allocator.port_range: 'wide' will not do" in said.err


def test_a_reserved_port_is_given_to_nobody_until_it_is_taken_back(
    run: Command, held: HeldPort
) -> None:
    port = str(held.port)
    assert run("port", "reserve", port).code == 0
    assert run("port", "reserve", port, "--json").json() == {"port": held.port, "reserved": True}
    assert run("port", "allocate", "my-app", "--prefer", port).out != f"{port}\n"
    assert run("port", "check", port).out == f"port {port} is free, but is reserved, just now\n"

    assert run("port", "unreserve", port).code == 0
    assert run("port", "unreserve", port).code == 1
    assert run("port", "allocate", "other", "--prefer", port).out == f"{port}\n"


def test_what_is_given_already_cannot_be_reserved(run: Command, held: HeldPort) -> None:
    port = str(held.port)
    run("port", "allocate", "my-app", "--prefer", port)
    said = run("port", "reserve", port)

    assert (said.code, said.out) == (4, "")
    assert f"port {port} is free, but was given to app my-app, " in said.err


def test_check_says_that_a_port_is_free(run: Command, held: HeldPort) -> None:
    said = run("port", "check", str(held.port))

    assert (said.code, said.out) == (0, f"port {held.port} is free\n")
    document = run("port", "check", str(held.port), "--json").json()
    wanted = {"port": held.port, "free": True, "pid": None, "command": None, "project": None}
    assert document.items() >= wanted.items()


@pytest.mark.parametrize(
    ("addresses", "families"),
    [
        (["127.0.0.1"], "IPv4"),
        (["::1"], "IPv6"),
        (["127.0.0.1", "::1"], "IPv4 and IPv6"),
        (["0.0.0.0"], "IPv4"),
    ],
)
def test_check_names_who_holds_a_port_on_either_family(
    run: Command, held: HeldPort, addresses: list[str], families: str
) -> None:
    servers = [listening(held.port, address) for address in addresses]
    said = run("port", "check", str(held.port))
    document = run("port", "check", str(held.port), "--json").json()
    for server in servers:
        server.close()

    assert said.code == 0
    assert said.out.startswith(f"port {held.port} is held by pid {os.getpid()} (")
    assert said.out.endswith(f"), on {families}\n")
    assert (document["free"], document["pid"]) == (False, os.getpid())
    assert document["command"]
    assert document["project"] is None
    assert [one["family"] for one in document["holders"]] == families.split(" and ")


def test_check_tells_a_project_by_its_lease_and_by_its_process(
    run: Command, project: Project, held: HeldPort
) -> None:
    root = str(project.folder)
    with Ledger() as ledger:
        ledger.lease(root, "shop", [Want(service="users", instance="1", pinned=held.port)], (1, 2))

    out = run("port", "check", str(held.port)).out
    assert f"was given to shop/users in {root}, just now" in out


def test_list_shows_every_lease_and_who_uses_it(
    run: Command, project: Project, held: HeldPort
) -> None:
    with Ledger() as ledger:
        wants = [
            Want(service="users", instance="2", pinned=held.port),
            Want(service="users", instance="1", slot="debug"),
        ]
        ledger.lease(str(project.folder), "shop", wants, (21000, 21999))
    app = int(run("port", "allocate", "my-app", "--instance", "blue").out)
    with closing(listening(held.port)):
        documents = run("port", "list", "--json").json()
        titles, *rows = run("port", "list").out.splitlines()

    by_port = {one["port"]: one for one in documents}
    assert len(documents) == len(rows) == 3
    users = by_port[held.port]
    assert (users["app_id"], users["instance_id"], users["project"]) == ("users", "2", "shop")
    assert users["root"] == str(project.folder)
    assert (users["in_use"], users["pid"]) == (True, os.getpid())
    assert isinstance(users["since"], float)
    mine = by_port[app]
    assert (mine["app_id"], mine["instance_id"]) == ("my-app", "blue")
    assert (mine["project"], mine["root"], mine["in_use"]) == (None, None, False)
    assert titles.split() == ["PORT", "SERVICE", "PROJECT", "USE", "PID", "SINCE", "FOLDER"]
    text = "\n".join(rows)
    assert f"{held.port}  users.2 " in text
    assert " users (debug) " in text
    assert " my-app:blue " in text
    assert f"in use  {os.getpid()}" in text
    assert "\x1b" not in text


def test_list_says_where_nobody_has_a_port(run: Command) -> None:
    said = run("port", "list")

    assert (said.code, said.out) == (0, "")
    assert "nobody has a port yet" in said.err


def test_a_mistyped_sub_command_gets_the_one_that_was_meant(run: Command) -> None:
    said = run("port", "alocate", "my-app")

    assert said.code == 2
    assert "no command 'alocate' in `dynaport port`. Did you mean \"allocate\"?" in said.err


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (-100, "just now"),
        (1, "just now"),
        (59, "59 s ago"),
        (200, "3 min ago"),
        (7300, "2 h ago"),
        (90_000, "1 day ago"),
        (200_000, "2 days ago"),
    ],
)
def test_times_are_told_as_people_tell_them(passed: float, text: str) -> None:
    assert ago(NOON, NOON + passed) == text


def test_what_is_long_ago_has_a_date() -> None:
    assert ago(NOON, NOON + 1e7) == "2026-01-01"


def test_a_wide_column_is_cut_so_that_no_line_is_wider_than_the_terminal() -> None:
    green = "\x1b[32min use\x1b[0m"
    rows = [["PORT", "SERVICE", "USE", "FOLDER"], ["20000", "a" * 90, green, "/home/me/shop"]]
    head, row = table(rows, 60)

    assert len(row.replace("\x1b[32m", "").replace("\x1b[0m", "")) <= 60
    assert row.startswith("20000  aaa")
    assert "aaa…  \x1b[32min use" in row
    assert head.index("USE") == row.index("\x1b")
    assert table(rows, None)[1].endswith("/home/me/shop")


def test_a_new_range_holds_for_new_apps_and_moves_nobody(run: Command) -> None:
    before = run("port", "allocate", "my-app").out
    run("config", "set", "port_allocator.port_range", "[5000, 6000]", "--json")

    assert run("port", "allocate", "my-app").out == before
    assert 5000 <= int(run("port", "allocate", "other").out) <= 6000
    assert 5000 <= int(run("port", "find").out) <= 6000
