"""The details of the services of a running engine, in many states."""

from __future__ import annotations

from dynaport_tui.control.client import Client
from dynaport_tui.ledger.folders import project_runtime
from tests.project import Project
from tests.real.harness import Dynaport, free_port

WEB = """
    from flask import Flask
    from prices import PRICE

    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: PRICE)
"""


def test_the_details_of_a_service_are_known_in_whatever_state_it_is(
    project: Project, dynaport: Dynaport
) -> None:
    port = free_port()
    project(
        {
            "services.toml": f"""
                [services.web]
                app = "web:app"
                port = {port}
                ports = ["debug"]
                env = {{ DB_PASSWORD = "pw" }}

                [services.broken]
                command = "exit 3"
                port = false
                restart = "never"

                [services.waits]
                command = "sleep 600"
                port = false
                depends_on = ["broken", "web"]
            """,
            "web.py": WEB,
            "prices.py": "PRICE = '3 crowns'",
        }
    )
    dynaport.run("up", "-d", "--keep-going").expect(0)
    dynaport.wait_for_state("web", "READY")
    dynaport.wait_for_state("broken", "FAILED")
    client = Client(project_runtime(project.file) / "sock")

    web = client.details("web")
    assert [(moment.old, moment.new) for moment in web.history] == [
        ("STOPPED", "STARTING"),
        ("STARTING", "READY"),
    ]
    assert (web.config["port"], web.config["env"]) == (port, {"DB_PASSWORD": "••••"})
    assert [use.name for use in web.ports] == ["", "debug"]
    assert web.ports[0].why == "pinned in services.toml, line 1"
    assert web.ports[0].held
    assert web.used_by == ["waits"]
    assert web.watched == ["prices.py", "web.py", ".env"]

    broken = client.details("broken")
    assert broken.causes[0].startswith("broken is broken: exit 3 after ")
    assert broken.watched == ["**/*.py", ".env"]
    assert client.details("waits").causes[0] == "waits waits for broken"

    client.act("stop", ["web"])
    dynaport.wait_for_state("web", "STOPPED")
    stopped = client.details("web")
    assert stopped.causes == ["web is not to run (asked to stop)"]
    assert not stopped.ports[0].held
    assert stopped.history[-1].at >= web.history[-1].at
