"""The life of a service as a table."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dynaport_tui.model.machine import (
    ACTIVE,
    RESTING,
    RUNNING,
    TRANSITIONS,
    IllegalTransition,
    State,
    Trigger,
    advance,
    satisfies,
)

PAIRS = [(state, trigger) for state in State for trigger in Trigger]
ILLEGAL = [(state, trigger) for state, trigger in PAIRS if trigger not in TRANSITIONS[state]]


def reachable(start: State) -> set[State]:
    found = {start}
    pending = [start]
    while pending:
        for state in TRANSITIONS[pending.pop()].values():
            if state not in found:
                found.add(state)
                pending.append(state)
    return found


def accepting(triggers: Iterable[Trigger]) -> set[State]:
    return {state for state in State for trigger in triggers if trigger in TRANSITIONS[state]}


def test_every_state_is_reached_from_stopped() -> None:
    assert reachable(State.STOPPED) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_can_reach_stopped(state: State) -> None:
    assert State.STOPPED in reachable(state)


def test_every_trigger_is_of_use() -> None:
    assert {trigger for table in TRANSITIONS.values() for trigger in table} == set(Trigger)


def test_only_what_runs_can_exit() -> None:
    assert accepting((Trigger.EXIT_AGAIN, Trigger.EXIT_DONE)) == RUNNING


def test_what_cannot_be_started_fails_without_a_process() -> None:
    assert accepting([Trigger.EXIT_FOR_GOOD]) == RUNNING | {State.STOPPED}
    assert advance(State.STOPPED, Trigger.EXIT_FOR_GOOD) is State.FAILED


def test_only_what_runs_can_be_stopped_or_become_ready() -> None:
    assert accepting([Trigger.STOP]) == RUNNING
    assert accepting([Trigger.READY, Trigger.DEADLINE, Trigger.PROBE_LOST]) == RUNNING


def test_only_what_rests_is_cleared() -> None:
    assert accepting([Trigger.CLEAR]) == RESTING
    assert {TRANSITIONS[state][Trigger.CLEAR] for state in RESTING} == {State.STOPPED}


def test_states_with_a_process_are_the_running_ones_and_stopping() -> None:
    assert RUNNING | {State.STOPPING} == ACTIVE
    assert ACTIVE | RESTING | {State.STOPPED} == set(State)
    assert not ACTIVE & RESTING


@pytest.mark.parametrize(("state", "trigger"), ILLEGAL)
def test_any_other_pair_is_refused_and_changes_nothing(state: State, trigger: Trigger) -> None:
    before = {each: dict(table) for each, table in TRANSITIONS.items()}
    with pytest.raises(IllegalTransition, match=state.value):
        advance(state, trigger)
    assert before == TRANSITIONS


@pytest.mark.parametrize(("state", "trigger"), [pair for pair in PAIRS if pair not in ILLEGAL])
def test_an_allowed_pair_leads_where_the_table_says(state: State, trigger: Trigger) -> None:
    assert advance(state, trigger) is TRANSITIONS[state][trigger]


def test_conditions_are_satisfied_by_their_states() -> None:
    assert {state for state in State if satisfies(state, "completed")} == {State.DONE}
    assert {state for state in State if satisfies(state, "ready")} == {State.READY, State.DONE}
    assert {state for state in State if satisfies(state, "started")} == RUNNING | {State.DONE}
