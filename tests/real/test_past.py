"""What services printed in the run before can be read while they are silent in this one."""

from __future__ import annotations

from dynaport_tui.control.client import Client
from dynaport_tui.ledger.folders import project_runtime
from tests.project import Project
from tests.real.harness import Dynaport

SHOP = """
    [services.users]
    command = "echo it is run $(cat number); echo up; exec sleep 600"
    port = false
    health = { log = "up" }

    [services.quiet]
    command = "exec sleep 600"
    port = false

    [log]
    lines = 1
"""


def test_a_service_that_is_silent_now_shows_its_last_run(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": SHOP})
    client = Client(project_runtime(project.file) / "sock")
    for number in ("1", "2"):
        project({"number": number})
        dynaport.run("up", "-d").expect(0)
        dynaport.wait_until_ready()
        dynaport.run("down").expect(0)

    dynaport.run("up", "-d", "quiet").expect(0)
    found = client.past("users")
    assert [(line.number, line.text) for line in found] == [(-2, "it is run 2"), (-1, "up")]
    assert client.past("quiet") == []

    project({"number": "3"})
    dynaport.run("start", "users").expect(0)
    dynaport.wait_for_state("users", "READY")
    assert [line.text for line in client.logs("users")] == ["up"]
    assert client.past("users") == found
