"""What the plain stream leaves out because another line says it."""

from __future__ import annotations

from dynaport_tui.headless.calm import Calm
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import Reloaded, StateChanged


def moved(old: State, new: State, service: str = "web") -> StateChanged:
    return StateChanged(at=0.0, service=service, old=old, new=new, why="")


def reloaded(*, ok: bool) -> Reloaded:
    return Reloaded(at=0.0, service="web", files=["app.py"], ok=ok, why="", seconds=0.1)


STOPPING = moved(State.READY, State.STOPPING)
STOPPED = moved(State.STOPPING, State.STOPPED)
STARTING = moved(State.STOPPED, State.STARTING)
READY = moved(State.STARTING, State.READY)
BACKOFF = moved(State.STARTING, State.BACKOFF)
CLEARED = moved(State.BACKOFF, State.STOPPED)


def test_a_first_start_and_a_stop_are_told() -> None:
    calm = Calm()
    assert calm.kept([STARTING]) == [STARTING]
    assert calm.kept([READY]) == [READY]
    assert calm.kept([STOPPING]) == [STOPPING]
    assert calm.kept([STOPPED]) == [STOPPED]


def test_a_restart_is_told_by_its_cause_and_its_end() -> None:
    calm = Calm()
    assert calm.kept([STOPPING]) == [STOPPING]
    assert calm.kept([STOPPED, STARTING]) == []
    assert calm.kept([READY]) == [READY]


def test_a_reload_is_told_by_what_changed_and_how_it_went() -> None:
    calm = Calm()
    assert calm.kept([STOPPING]) == [STOPPING]
    assert calm.kept([STOPPED, STARTING]) == []
    assert calm.kept([READY, reloaded(ok=True)]) == [reloaded(ok=True)]


def test_a_failed_reload_is_told_once() -> None:
    assert Calm().kept([BACKOFF, reloaded(ok=False)]) == [reloaded(ok=False)]


def test_a_backoff_that_is_over_is_no_news() -> None:
    calm = Calm()
    assert calm.kept([BACKOFF]) == [BACKOFF]
    assert calm.kept([CLEARED, STARTING]) == []
    assert calm.kept([READY]) == [READY]


def test_a_start_after_a_stop_is_told_again() -> None:
    calm = Calm()
    calm.kept([CLEARED, STARTING])
    calm.kept([STOPPED])
    assert calm.kept([STARTING]) == [STARTING]


def test_other_services_are_told_as_ever() -> None:
    other = moved(State.STOPPING, State.STOPPED, "users")
    assert Calm().kept([STOPPED, other, STARTING]) == [other]
