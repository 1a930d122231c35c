"""services.toml is saved while its project runs: only what it changes is touched."""

from __future__ import annotations

import json
import time

from tests.project import Project
from tests.real.harness import Dynaport, Running, refuses, wait_until

APP = """
    import os

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [os.environ.get("WORD", "no word").encode()]
"""

GOOD = """
    [services.users]
    app = "answer:app"
    env = { WORD = "one" }

    [services.orders]
    app = "answer:app"
    depends_on = ["users"]
"""


def up(project: Project, dynaport: Dynaport) -> Running:
    """The stream of a run of GOOD in which everything has become ready."""
    project({"services.toml": GOOD, "answer.py": APP})
    stream = dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    return stream


def wait_for_another(dynaport: Dynaport, service: str, pid: int | None) -> None:
    """Until the service is ready in another process than `pid`."""

    def arrived() -> bool:
        entry = dynaport.service(service)
        return bool(entry["state"] == "READY" and entry["pid"] != pid)

    wait_until(arrived, what=f"another {service} than pid {pid} is ready")


def test_a_broken_file_changes_nothing_and_is_shown_until_it_is_mended(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    broken = GOOD.replace("app =", "ap =", 1).replace('["users"]', '["user"]').replace("one", "two")
    project({"services.toml": broken})
    stream.wait_for_line("services.toml has mistakes now, everything stays as it was")
    stream.wait_for_line(r'services.toml:2: services.users.ap: unknown key "ap"\. Write "app"')
    stream.wait_for_line(r'services.toml:7: services.orders.depends_on.*"user".*"users"')

    assert dynaport.pids() == before
    error = dynaport.ps()["project"]["error"]
    assert "services.toml:2: services.users.ap" in error
    assert "services.toml:7: services.orders.depends_on" in error
    assert "services.toml:2: services.users.ap" in dynaport.run("ps").expect(0).out
    assert dynaport.get("users").text == "one"

    project({"services.toml": GOOD.replace("one", "two")})
    stream.wait_for_line("services.toml changed: concerns users$")
    wait_for_another(dynaport, "users", before["users"])
    assert dynaport.get("users").text == "two"
    assert dynaport.pids()["orders"] == before["orders"]
    assert dynaport.look()["project"]["error"] is None


def test_a_mended_file_that_says_the_same_as_before_touches_nobody(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    project({"services.toml": GOOD + "\n[services.users"})
    stream.wait_for_line(r"dynaport \| services.toml:\d+: ")
    project({"services.toml": "# better so\n" + GOOD})
    stream.wait_for_line("services.toml is without mistakes again; nothing changed")
    assert dynaport.pids() == before


def test_added_services_start_and_removed_ones_stop_and_the_others_run_on(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    extra = '[services.stock]\napp = "answer:app"\ndepends_on = ["users"]\n'
    project({"services.toml": GOOD + extra})
    stream.wait_for_line("services.toml changed: added stock$")
    stream.wait_for_line("stock is ready at http")
    assert {s: p for s, p in dynaport.pids().items() if s != "stock"} == before
    assert dynaport.get("stock").text == "no word"
    port = dynaport.service("stock")["port"]

    project({"services.toml": GOOD})
    stream.wait_for_line("services.toml changed: took out stock$")
    stream.wait_for_line("stock is stopping: taken out of services.toml")
    wait_until(lambda: dynaport.pids() == before, what="stock is forgotten")
    assert refuses(port)


def test_what_is_asked_of_a_service_may_change_without_a_restart(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    project({
        "services.toml": """
            # Another order, too.
            [services.orders]
            app = "answer:app"
            depends_on = { users = "started" }
            restart = "always"
            stop_grace = "3s"
            watch = ["*.txt"]

            [services.users]
            app = "answer:app"
            env = { WORD = "one" }
            health = { http = "/healthz", interval = "50ms" }
        """
    })  # fmt: skip
    stream.wait_for_line("services.toml changed: concerns orders, users$")
    wait_until(lambda: "/healthz" in dynaport.service("users")["why"], what="it is asked anew")
    assert dynaport.pids() == before
    assert [entry["id"] for entry in dynaport.look()["services"]] == ["orders", "users"]
    assert {entry["state"] for entry in dynaport.look()["services"]} == {"READY"}
    assert {entry["stale"] for entry in dynaport.look()["services"]} == {None}


def test_a_new_dependency_restarts_nobody_and_orders_the_stop(
    project: Project, dynaport: Dynaport
) -> None:
    two = '[services.b]\napp = "answer:app"\n[services.a]\napp = "answer:app"\n'
    project({"services.toml": two, "answer.py": APP})
    stream = dynaport.start("up", "--no-tui", "--log-format", "json")
    dynaport.wait_until_ready()
    before = dynaport.pids()
    project({"services.toml": two.replace("[services.a]", 'depends_on = ["a"]\n[services.a]')})
    stream.wait_for_line('"event":"project".*"changed":\\["b"\\]')
    assert dynaport.pids() == before
    stream.interrupt()
    events = [json.loads(line) for line in stream.wait().expect(130).out.splitlines()]
    assert [e["service"] for e in events if e.get("to") == "STOPPED"] == ["b", "a"]


def test_a_file_that_is_emptied_for_a_moment_is_no_order_to_stop(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    for word in ("two", "three"):
        with project.file.open("w") as file:
            file.flush()
            time.sleep(0.02)  # the editor's own time, not ours to wait for
            file.write(GOOD.replace("one", word))
        wait_until(
            lambda word=word: dynaport.get("users").text == word,  # type: ignore[misc]
            what=f"users says {word}",
        )
    assert dynaport.pids()["orders"] == before["orders"]
    assert "mistakes" not in stream.out


def test_a_file_without_a_service_is_an_error_and_stops_nothing(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    project({"services.toml": ""})
    stream.wait_for_line(r"services.toml:1: services: the file is empty. Add one: .*\[services")
    project({"services.toml": '[project]\nname = "lonely"'})
    stream.wait_for_line(r"services.toml:\d: services: .*Add one: .*\[services")
    assert dynaport.pids() == before
    assert dynaport.ps()["project"]["error"].startswith("services.toml:")


def test_a_deleted_file_is_told_and_its_return_is_noticed(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    before = dynaport.pids()
    project.file.unlink()
    stream.wait_for_line("services.toml:1: the file is gone. Write it again, or .*dynaport down")
    assert dynaport.pids() == before
    project({"services.toml": GOOD.replace("one", "two")})
    stream.wait_for_line("services.toml changed: concerns users$")
    wait_for_another(dynaport, "users", before["users"])
    assert dynaport.get("users").text == "two"
    assert dynaport.pids()["orders"] == before["orders"]


def test_another_name_for_the_same_kind_of_service_stops_the_old_and_starts_the_new(
    project: Project, dynaport: Dynaport
) -> None:
    stream = up(project, dynaport)
    users = dynaport.pids()["users"]
    project({"services.toml": GOOD.replace("services.orders", "services.purchases")})
    stream.wait_for_line("services.toml changed: added purchases; took out orders$")
    stream.wait_for_line("purchases is ready")
    wait_until(lambda: dynaport.pids().keys() == {"users", "purchases"}, what="orders is forgotten")
    assert dynaport.pids()["users"] == users
