"""Nothing that a service started outlives it, whoever is killed and however far a child has run."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import venv

import psutil
import pytest

from tests.project import Project
from tests.real.families import FILES, SIZE, members, nurseries
from tests.real.harness import Dynaport, refuses, wait_until

FAMILIES = """
    [services.command]
    command = ["python", "command.py"]
    stop_grace = 0.3

    [services.script]
    script = "script.py"
    stop_grace = 0.3

    [services.app]
    app = "script:app"
    stop_grace = 0.3
"""
ALL = ("command", "script", "app")
WARM = ("script", "app")

WITH_ANOTHER_INTERPRETER = """
    [services.other]
    script = "other.py"
    python = "another"
"""
OTHER = """
    import http.server, os
    address = ("127.0.0.1", int(os.environ["PORT"]))
    http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""

LAYERS = """
    [services.db]
    command = ["python", "layer.py"]
    port = false
    health = { log = "up" }

    [services.api]
    command = ["python", "layer.py"]
    port = false
    health = { log = "up" }
    instances = 2
    depends_on = ["db"]

    [services.web]
    command = ["python", "layer.py"]
    port = false
    health = { log = "up" }
    depends_on = ["api"]
"""
LAYER = """
    import os, pathlib, signal, sys, time

    def note(word):
        with pathlib.Path("order").open("a") as file:
            file.write(f"{os.environ['DYNAPORT_SERVICE']} {word}\\n")

    def end(*_):
        note("is told")
        time.sleep(0.1)
        note("ends")
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    print("up")
    while True:
        signal.pause()
"""

DEAF = """
    [services.deaf]
    command = "trap '' TERM; echo deaf; while :; do sleep 600; done"
    port = false
    stop_grace = 100
    health = { log = "deaf" }
"""

AT_ONCE = 2.0
"""Seconds in which everything must be gone when the engine was killed; it takes about 0.05 s."""


@pytest.fixture
def families(project: Project, dynaport: Dynaport) -> dict[str, int]:
    """Three services with children of every kind, READY; their ports."""
    project({"services.toml": FAMILIES, **FILES})
    return _up(dynaport)


def _up(dynaport: Dynaport) -> dict[str, int]:
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait", "--timeout", "30", deadline=40).expect(0)
    return {entry["id"]: entry["port"] for entry in dynaport.ps()["services"]}


def _engine(dynaport: Dynaport) -> int:
    pid: int = dynaport.ps()["project"]["engine_pid"]
    return pid


def _sizes(dynaport: Dynaport) -> dict[str, int]:
    return {service: len(members(dynaport, service)) for service in ALL}


def _survivors(dynaport: Dynaport, old: dict[str, set[int]]) -> set[int]:
    return {pid for service, pids in old.items() for pid in members(dynaport, service) & pids}


def _wait_until_gone(pids: set[int]) -> None:
    wait_until(lambda: not any(map(psutil.pid_exists, pids)), what="the old ones are gone")


def _free(port: int) -> bool:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
    return True


def test_when_the_engine_is_killed_everything_is_gone_and_the_next_up_has_the_same_ports(
    families: dict[str, int], dynaport: Dynaport
) -> None:
    os.kill(_engine(dynaport), signal.SIGKILL)
    dynaport.wait_until_nothing_is_left(AT_ONCE)
    assert all(refuses(port) for port in families.values())

    assert _up(dynaport) == families


def test_an_up_right_after_the_engine_was_killed_starts_clean(
    families: dict[str, int], dynaport: Dynaport
) -> None:
    before = {service: members(dynaport, service) for service in ALL}
    os.kill(_engine(dynaport), signal.SIGKILL)
    assert _up(dynaport) == families
    assert not _survivors(dynaport, before)


def test_when_engine_and_fork_server_are_killed_together_the_next_up_ends_what_they_left(
    families: dict[str, int], dynaport: Dynaport
) -> None:
    before = {service: members(dynaport, service) for service in ALL}
    engine = _engine(dynaport)
    for pid in (engine, *nurseries(engine).values()):
        os.kill(pid, signal.SIGKILL)
    assert _up(dynaport) == families
    assert not _survivors(dynaport, before)
    assert _sizes(dynaport) == dict.fromkeys(ALL, SIZE)


def test_when_a_fork_server_is_killed_its_services_start_again_and_the_others_run_on(
    project: Project, dynaport: Dynaport
) -> None:
    venv.create(project.folder / "another", symlinks=True)
    project({"services.toml": FAMILIES + WITH_ANOTHER_INTERPRETER, "other.py": OTHER, **FILES})
    ports = _up(dynaport)
    engine = _engine(dynaport)
    others = members(dynaport, "other")
    before = {service: members(dynaport, service) for service in WARM}
    stream = dynaport.start("events", "--no-logs")
    stream.wait_for_line(r'"snapshot"')
    os.kill(nurseries(engine)[sys.executable], signal.SIGKILL)

    for service in WARM:
        stream.wait_for_line(rf'"{service}".*"STOPPED".*"STARTING"')
        dynaport.wait_for_state(service, "READY")
    assert _up(dynaport) == ports
    assert not _survivors(dynaport, before)
    assert _sizes(dynaport) == dict.fromkeys(ALL, SIZE)
    assert members(dynaport, "other") == others
    other = dynaport.service("other")
    assert (other["state"], other["restarts"]) == ("READY", 0)
    assert re.search(r'"why": ?"its fork server died', stream.out)


def test_stopping_one_service_ends_all_its_children_frees_its_port_and_touches_nobody_else(
    families: dict[str, int], dynaport: Dynaport
) -> None:
    for service in ALL:
        others = {other: members(dynaport, other) for other in ALL if other != service}
        dynaport.run("stop", service).expect(0)
        assert members(dynaport, service) == set()
        assert dynaport.service(service)["state"] == "STOPPED"
        assert _free(families[service])
        assert {other: members(dynaport, other) for other in others} == others

        dynaport.run("start", service).expect(0)
        assert dynaport.wait_for_state(service, "READY")["port"] == families[service]


def test_restarting_one_service_leaves_none_of_its_old_children(
    families: dict[str, int], dynaport: Dynaport
) -> None:
    for service in ALL:
        others = {other: members(dynaport, other) for other in ALL if other != service}
        old = members(dynaport, service)
        dynaport.run("restart", service).expect(0)
        _wait_until_gone(old)
        assert dynaport.wait_for_state(service, "READY")["port"] == families[service]
        assert len(members(dynaport, service)) == SIZE
        assert {other: members(dynaport, other) for other in others} == others


def test_a_service_whose_leader_crashed_starts_again_when_its_old_children_are_gone(
    families: dict[str, int], dynaport: Dynaport
) -> None:
    for service in ALL:
        old = members(dynaport, service)
        os.kill(dynaport.service(service)["pid"], signal.SIGKILL)
        _wait_until_gone(old)
    assert _up(dynaport) == families
    assert _sizes(dynaport) == dict.fromkeys(ALL, SIZE)


def test_when_the_terminal_is_gone_the_services_are_stopped_in_order(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": LAYERS, "layer.py": LAYER})
    stream = dynaport.start("up", "--no-tui", terminal=True)
    stream.wait_for_line(r"web is ready")
    stream.hang_up()
    stream.wait().expect(128 + signal.SIGHUP)
    dynaport.wait_until_nothing_is_left(AT_ONCE)
    _expect_order(project)


def test_ctrl_c_stops_instances_after_what_depends_on_them_and_before_what_they_depend_on(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": LAYERS, "layer.py": LAYER})
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line(r"web is ready")
    stream.interrupt()
    stream.wait().expect(128 + signal.SIGINT)
    dynaport.wait_until_nothing_is_left(AT_ONCE)
    _expect_order(project)


def _expect_order(project: Project) -> None:
    """Each layer is told to end when the one above it has ended."""
    lines = (project.folder / "order").read_text().splitlines()
    api = ["api.1 is told", "api.2 is told", "api.1 ends", "api.2 ends"]
    assert lines[:2] == ["web is told", "web ends"]
    assert sorted(lines[2:6]) == sorted(api)
    assert lines[6:] == ["db is told", "db ends"]


def test_a_ctrl_c_that_arrives_twice_at_once_is_one(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": LAYERS, "layer.py": LAYER})
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line(r"web is ready")
    stream.interrupt()
    stream.interrupt()
    stream.wait().expect(128 + signal.SIGINT)
    _expect_order(project)


def test_a_second_ctrl_c_kills_at_once(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": DEAF})
    stream = dynaport.start("up", "--no-tui")
    stream.wait_for_line(r"deaf is ready")
    stream.interrupt()
    stream.wait_for_line(r"deaf is stopping")

    def pressed_again() -> bool:
        stream.interrupt()
        return "killing what is left" in stream.out

    wait_until(pressed_again, what="it kills")
    stream.wait(10).expect(128 + signal.SIGINT)
    dynaport.wait_until_nothing_is_left(AT_ONCE)
