"""A dashboard whose engine ended without being asked by it says why, and leaves with its code."""

from __future__ import annotations

import os
import signal

import pytest

from tests.project import Project
from tests.real.harness import Dynaport
from tests.real.terminal import terminal
from tests.real.tour import Tour

SHOP = """
    [services.users]
    command = "echo up; exec sleep 600"
    port = false
    health = { log = "up" }
"""
NEVER_UP = SHOP.replace("echo up; ", "")
ELSEWHERE = r"asked to stop by `dynaport down` or\s+another dashboard"


@pytest.mark.parametrize("command", ["up", "attach"])
def test_a_stop_that_somebody_else_asked_for_is_told_and_is_no_failure(
    command: str, project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": SHOP})
    if command == "attach":
        dynaport.run("up", "-d").expect(0)
    with terminal() as screen:
        Tour(project, dynaport, screen).open(command).ready()
        dynaport.run("down").expect(0)
        screen.until(rf"the engine has ended: {ELSEWHERE}")
        screen.press("q")
        assert screen.wait() == 0
        screen.until(rf"^dynaport: the engine has ended: {ELSEWHERE}$")
    dynaport.wait_until_nothing_is_left()


def test_a_deadline_that_passed_is_told_when_the_dashboard_is_left(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": NEVER_UP})
    with terminal() as screen:
        Tour(project, dynaport, screen).open("up", "--timeout", "1")
        screen.until(r"the engine has ended: .*users")
        screen.press("q")
        assert screen.wait() == 3
        screen.until(r"^dynaport: the engine has ended: .*users")


def test_an_engine_that_was_interrupted_is_told_with_its_code(
    project: Project, dynaport: Dynaport
) -> None:
    project({"services.toml": SHOP})
    with terminal() as screen:
        Tour(project, dynaport, screen).open().ready()
        os.kill(dynaport.look()["project"]["engine_pid"], signal.SIGINT)
        screen.until("the engine has ended: interrupted")
        screen.press("q")
        assert screen.wait() == 130
        screen.until("^dynaport: the engine has ended: interrupted$")
