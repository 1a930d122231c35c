"""Ports that stay: over restarts, edits and machines; and those that move when they should."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dynaport_tui.ledger.choice import computed_port
from tests.project import Project
from tests.real.harness import Dynaport, fetch, free_port, refuses, wait_until

WITH_ITS_VARIABLES = """
    import json, os

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(dict(os.environ)).encode()]
"""
"""Answers with the variables that it was given."""

A_SCRIPT = """
    from flask import Flask

    app = Flask(__name__)
    app.route("/")(lambda: "a script")
    app.run(host="0.0.0.0", port=5001, debug=True)
"""

TWO = """
    [services.users]
    app = "tell:app"
    [services.orders]
    app = "tell:app"
"""
TURNED_ROUND = """
    [services.orders]
    app = "tell:app"
    [services.users]
    app = "tell:app"
"""


def ports(dynaport: Dynaport) -> dict[str, int]:
    """The main port of every service of the running project."""
    return {entry["id"]: entry["port"] for entry in dynaport.look()["services"]}


def ports_of_one_run(dynaport: Dynaport, **env: str) -> dict[str, int]:
    """The ports of a run that ends as soon as everything is ready."""
    arguments = ("up", "--no-tui", "--exit-when-ready", "--log-format", "json")
    lines = dynaport.run(*arguments, env=env).expect(0).out.splitlines()
    return {entry["id"]: entry["port"] for entry in json.loads(lines[0])["services"]}


def variables(dynaport: Dynaport, service: str) -> dict[str, str]:
    """What a running service finds in its environment, asked at its own port."""
    answer: dict[str, str] = dynaport.get(service).json()
    return answer


def test_ports_are_the_same_after_down_and_up_and_in_another_order(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": TWO, "tell.py": WITH_ITS_VARIABLES})
    before = ports_of_one_run(dynaport)
    assert len(set(before.values())) == 2
    assert ports_of_one_run(dynaport) == before
    project({"services.toml": TURNED_ROUND})
    assert ports_of_one_run(dynaport) == before


def test_a_service_that_is_deleted_and_added_again_gets_its_port_back(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": TWO, "tell.py": WITH_ITS_VARIABLES})
    dynaport.run("up", "-d").expect(0)
    before = ports(dynaport)

    project({"services.toml": '[services.users]\napp = "tell:app"'})
    wait_until(lambda: ports(dynaport).keys() == {"users"}, what="orders is forgotten")
    assert refuses(before["orders"])

    project({"services.toml": TURNED_ROUND})
    wait_until(lambda: ports(dynaport) == before, what="orders has its port again")
    dynaport.wait_for_state("orders", "READY")
    assert variables(dynaport, "orders")["PORT"] == str(before["orders"])


def test_every_machine_of_a_team_arrives_at_the_same_ports(
    project: Project, dynaport: Dynaport
) -> None:
    named = f'[project]\nname = "{project.name}-team"\n'
    files = {"services.toml": named + '[services.users]\napp = "tell:app"'}
    files["tell.py"] = WITH_ITS_VARIABLES
    project(files)
    here = ports_of_one_run(dynaport)

    colleague = project.beside("clone-of-a-colleague")
    colleague(files)
    another_machine = colleague.folder / "state"
    another_machine.mkdir(mode=0o700)
    there = ports_of_one_run(dynaport.at(colleague.folder), XDG_STATE_HOME=str(another_machine))
    assert there == here


def test_two_checkouts_run_at_the_same_time_and_why_names_the_first(
    project: Project, dynaport: Dynaport
) -> None:
    files = {
        "services.toml": '[project]\nname = "twins"\n[services.users]\napp = "tell:app"',
        "tell.py": WITH_ITS_VARIABLES,
    }
    second = project.beside("second-checkout")
    checkouts = [dynaport, dynaport.at(second.folder)]
    for folder, checkout in zip((project, second), checkouts, strict=True):
        folder(files)
        checkout.run("up", "-d").expect(0)
    for checkout in checkouts:
        checkout.wait_for_state("users", "READY")

    one, two = (ports(checkout)["users"] for checkout in checkouts)
    assert one != two
    for checkout, port in zip(checkouts, (one, two), strict=True):
        assert variables(checkout, "users")["PORT"] == str(port)
    why = checkouts[1].run("why", "users").expect(0).out
    assert f"port {two}: {one} is leased to twins/users in {project.folder}" in why


def test_why_says_when_a_port_is_not_the_computed_one(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": '[services.users]\napp = "tell:app"', "tell.py": WITH_ITS_VARIABLES})
    computed = computed_port(project.name, "users", "1", "", (20000, 29999))
    with socket.create_server(("127.0.0.1", computed)):
        dynaport.run("up", "-d").expect(0)
        users = dynaport.wait_for_state("users", "READY")
        assert users["port"] != computed
        assert users["port_why"] == f"{computed} was in use"
        why = dynaport.run("why", "users").expect(0).out
    assert f"(port {users['port']}: {computed} was in use)" in why


def test_a_released_port_is_given_up_and_peers_learn_the_new_one(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "services.toml": """
            [services.users]
            app = "tell:app"
            [services.web]
            app = "tell:app"
            depends_on = ["users"]
        """,
        "tell.py": WITH_ITS_VARIABLES,
    })  # fmt: skip
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line("web is ready")
    old, web = ports(dynaport)["users"], dynaport.pids()["web"]

    dynaport.run("release", "users").expect(0)
    assert refuses(old)
    new = ports(dynaport)["users"]
    assert new != old
    stream.wait_for_line(rf"users has port {new} now: {old} was released")
    stream.wait_for_line(
        r"web was reloaded in .*: users has another port: env USERS_PORT, env USERS_URL"
    )

    dynaport.run("start", "users", "--wait").expect(0)
    assert variables(dynaport, "users")["PORT"] == str(new)
    dynaport.wait_for_state("web", "READY")
    assert dynaport.pids()["web"] != web
    assert variables(dynaport, "web")["USERS_URL"] == f"http://127.0.0.1:{new}"
    assert f"port {new}: {old} was released" in dynaport.run("why", "users").expect(0).out


def test_a_pinned_port_is_not_released_and_moves_when_the_file_says_so(
    project: Project, dynaport: Dynaport
) -> None:
    old = free_port()
    new = next(port for port in iter(free_port, 0) if port != old)
    pinned = '[services.users]\napp = "tell:app"\nport = {}\n[services.web]\napp = "tell:app"'
    project({"services.toml": pinned.format(old), "tell.py": WITH_ITS_VARIABLES})
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line("users is ready")
    refused = dynaport.run("release", "users").expect(1)
    assert f"pinned in {project.file}, line 1" in refused.err

    project({"services.toml": pinned.format(new)})
    stream.wait_for_line(rf"users has port {new} now: it had {old}")
    stream.wait_for_line(rf"users is ready at http://127.0.0.1:{new}")
    assert refuses(old)
    assert variables(dynaport, "users")["PORT"] == str(new)
    wait_until(
        lambda: variables(dynaport, "web")["USERS_PORT"] == str(new), what="web knows the new port"
    )


def test_instances_and_named_ports_have_ports_of_their_own(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "services.toml": """
            [services.users]
            app = "tell:app"
            instances = 2
            ports = ["debug", "grpc-web"]
            [services.shop]
            app = "tell:app"
            instances = ["blue", "green"]
            [services.shop.instance.green]
            env = { COLOUR = "of grass" }
        """,
        "tell.py": WITH_ITS_VARIABLES,
    })  # fmt: skip
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait").expect(0)
    services = {entry["id"]: entry for entry in dynaport.look()["services"]}
    assert list(services) == ["users.1", "users.2", "shop.blue", "shop.green"]
    everything = [
        port for entry in services.values() for port in (entry["port"], *entry["ports"].values())
    ]
    assert len(set(everything)) == 8

    second = variables(dynaport, "users.2")
    assert second["PORT"] == str(services["users.2"]["port"])
    assert second["PORT_DEBUG"] == str(services["users.2"]["ports"]["debug"])
    assert second["PORT_GRPC_WEB"] == str(services["users.2"]["ports"]["grpc-web"])
    assert second["SHOP_URLS"].split(",") == [
        services[f"shop.{c}"]["url"] for c in ("blue", "green")
    ]
    green = variables(dynaport, "shop.green")
    assert (green["DYNAPORT_INSTANCE"], green["COLOUR"]) == ("green", "of grass")
    assert green["USERS_URL"] == services["users.1"]["url"]


def test_a_service_that_is_stopped_refuses_connections_until_it_is_started(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": TWO, "tell.py": WITH_ITS_VARIABLES})
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_for_state("users", "READY")
    port = ports(dynaport)["users"]
    dynaport.run("stop", "users").expect(0)
    assert refuses(port)
    assert variables(dynaport, "orders")["USERS_PORT"] == str(port)
    dynaport.run("start", "users", "--wait").expect(0)
    assert variables(dynaport, "users")["PORT"] == str(port)


class Caller:
    """Fetches a page again and again, in a thread, until it is told to stop."""

    def __init__(self, url: str) -> None:
        self.answers = 0
        self.errors: list[str] = []
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._call, daemon=True)

    def _call(self) -> None:
        while not self._stop.wait(0.002):
            try:
                answer = fetch(self._url, timeout=15)
            except OSError as error:
                self.errors.append(repr(error))
            else:
                self.answers += 1
                if answer.status != 200:
                    self.errors.append(f"{answer.status}: {answer.text}")

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Calls all the time, from before the block to after it."""
        self._thread.start()
        wait_until(lambda: self.answers, what="it answers")
        yield
        so_far = self.answers
        wait_until(lambda: self.answers > so_far, what="it still answers")
        self._stop.set()
        self._thread.join(20)


def test_a_restart_refuses_no_connection(project: Project, dynaport: Dynaport) -> None:
    project({
        "services.toml": """
            [services.app]
            app = "tell:app"
            [services.script]
            script = "run.py"
        """,
        "tell.py": WITH_ITS_VARIABLES,
        "run.py": A_SCRIPT,
    })  # fmt: skip
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait").expect(0)
    for service in ("app", "script"):
        caller = Caller(dynaport.service(service)["url"])
        pid = dynaport.pids()[service]
        with caller.calling():
            for _ in range(3):
                dynaport.run("restart", service, "--wait").expect(0)
        assert caller.errors == []
        assert dynaport.pids()[service] != pid


def test_a_port_range_that_is_too_small_changes_nothing_while_it_runs(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": TWO, "tell.py": WITH_ITS_VARIABLES})
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line("users is ready")
    stream.wait_for_line("orders is ready")
    before: dict[str, Any] = {"ports": ports(dynaport), "pids": dynaport.pids()}

    one = free_port()
    more = f"[project]\nports = [{one}, {one}]\n[services.a]\napp = 'tell:app'\n"
    (project.folder / "services.toml").write_text(more + "[services.b]\napp = 'tell:app'\n")
    stream.wait_for_line(rf"no free port in {one}-{one}: .*Write a wider range as `ports`")
    assert {"ports": ports(dynaport), "pids": dynaport.pids()} == before
