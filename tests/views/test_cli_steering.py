from __future__ import annotations

import threading

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.view import ActionError
from tests.fakes import ServedEngine
from tests.views.conftest import Command


@pytest.mark.parametrize("verb", ["start", "restart", "reload"])
def test_a_wish_reaches_the_engine_by_ids(run: Command, served: ServedEngine, verb: str) -> None:
    said = run(verb, "orders")

    assert said.code == 0
    assert served.engine.acts == [(verb, ["orders.1", "orders.2"])]
    assert "orders.1 is BACKOFF" in said.err


def test_all_means_every_service_that_the_engine_has(run: Command, served: ServedEngine) -> None:
    said = run("restart", "--all")

    assert served.engine.acts == [("restart", [])]
    assert "worker is READY" in said.err


@pytest.mark.parametrize("args", [["stop"], ["stop", "users", "--all"]])
def test_services_or_all_must_be_said(run: Command, served: ServedEngine, args: list[str]) -> None:
    assert run(*args).code == 2
    assert served.engine.acts == []


def test_a_refusal_is_told_with_its_remedy(run: Command, served: ServedEngine) -> None:
    served.engine.refusal = ActionError("pinned", "the port of users is pinned", "Take it away.")
    said = run("release", "users")

    assert said.code == 1
    assert said.err == "error: the port of users is pinned\nTake it away.\n"


def test_stop_returns_when_nothing_is_left(run: Command, served: ServedEngine) -> None:
    def stop() -> None:
        served.watched()
        served.do(lambda: served.engine.change("users", wanted=False))
        served.do(lambda: served.engine.move("users", State.STOPPING, "stopped by you"))
        served.do(lambda: served.engine.change("users", pid=None))
        served.do(lambda: served.engine.move("users", State.STOPPED, "stopped by you"))

    served.engine.change("users", wanted=False, state=State.STOPPING)
    thread = threading.Thread(target=stop)
    thread.start()
    said = run("stop", "users")
    thread.join()

    assert (said.code, said.err) == (0, "dynaport: users is STOPPED\n")


def test_stop_says_what_would_not_go(run: Command, served: ServedEngine) -> None:
    served.engine.change("users", wanted=False, state=State.STOPPING, why="asked by SIGTERM")
    said = run("stop", "users", "--timeout", "50ms")

    assert said.code == 3
    assert "users is still there after 0.05 s: STOPPING, asked by SIGTERM" in said.err


def test_down_waits_until_the_engine_is_gone(run: Command, served: ServedEngine) -> None:
    def end() -> None:
        served.downed()
        served.close()

    thread = threading.Thread(target=end)
    thread.start()
    said = run("down")
    thread.join()

    assert (said.code, said.err) == (0, "dynaport: shop is down\n")
    assert served.engine.downs == 1


def test_wait_ends_when_everything_is_ready(run: Command, served: ServedEngine) -> None:
    def become_ready() -> None:
        served.watched()
        served.do(lambda: served.engine.move("orders.1", State.READY, "it answered"))

    thread = threading.Thread(target=become_ready)
    thread.start()
    said = run("wait", "--timeout", "5")
    thread.join()

    assert (said.code, said.err) == (0, "")


def test_wait_ends_at_once_when_a_service_failed(run: Command, served: ServedEngine) -> None:
    served.engine.change("orders.1", state=State.FAILED, why="exit 1 after 0.2 s")
    said = run("wait", "--timeout", "5")

    assert said.code == 1
    assert said.err == "error: orders.1 failed: exit 1 after 0.2 s\n"


def test_wait_names_what_is_not_ready_in_time(run: Command, served: ServedEngine) -> None:
    said = run("wait", "--timeout", "50ms")

    assert said.code == 3
    assert said.err == ("error: orders.1 is not ready after 0.05 s: BACKOFF, exit 1 after 0.2 s\n")


def test_wait_is_about_the_services_that_were_named(run: Command, served: ServedEngine) -> None:
    assert run("wait", "users", "--timeout", "5").code == 0


def test_what_is_not_wanted_is_not_waited_for(run: Command, served: ServedEngine) -> None:
    served.engine.change("orders.1", wanted=False, state=State.STOPPED)

    assert run("wait", "--timeout", "5").code == 0


def test_wait_tells_when_the_engine_ends(run: Command, served: ServedEngine) -> None:
    def end() -> None:
        served.watched()
        served.do(lambda: served.engine.end(130, "interrupted"))

    thread = threading.Thread(target=end)
    thread.start()
    said = run("wait", "--timeout", "5")
    thread.join()

    assert said.code == 1
    assert "the engine ended before everything was ready" in said.err
