"""What is written of why a service is as it is."""

from typing import Any

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.view import Details, Exit, Health, Moment, ServiceStatus, Traceback
from dynaport_tui.tui.details import why
from dynaport_tui.tui.details.sheet import clock
from tests.fakes import status
from tests.tui.sheets import NOW, rows, sheet

TRACEBACK = b"""Traceback (most recent call last):
  File "/shop/billing/app.py", line 31, in create_app
    from .routes import invoices
  File "/shop/.venv/lib/python3.12/site-packages/flask/app.py", line 9, in wsgi_app
    response = self.full()
  File "/usr/lib/python3.12/runpy.py", line 2, in run
  File "<frozen importlib>", line 2, in load
  File "/shop/billing/app.py", line 14
    def total(items)
SyntaxError: invalid syntax
"""


def broken(**more: object) -> ServiceStatus:
    return status("billing", State.FAILED, **{"why": "SyntaxError  app.py:14", **more})


def traceback(**more: Any) -> Traceback:
    fields = {
        "file": "/shop/billing/app.py", "line": 14, "error": "SyntaxError: invalid syntax", **more
    }  # fmt: skip
    return Traceback(service="billing", number=7, last=9, at=NOW - 12, data=TRACEBACK, **fields)


def told(
    each: ServiceStatus,
    *others: ServiceStatus,
    details: Details | None = None,
    trace: Traceback | None = None,
    width: int = 120,
) -> list[str]:
    return rows(why.lines(sheet(each, *others, width=width), each, details, trace, "/shop"))


def test_the_cause_comes_first() -> None:
    assert told(status("users"))[0] == " ● ready  answered GET /healthz in 3 ms"


def test_a_long_cause_is_folded_and_copied_as_a_whole() -> None:
    each = broken(why="it could not be loaded, because the file has an error in line 14")
    lines = why.lines(sheet(each, width=40), each, None, None, "/shop")
    assert rows(lines) == [
        " ✗ broken  it could not be loaded,",
        "           because the file has an",
        "           error in line 14",
    ]
    assert [line.plain for line in lines if line.plain] == [each.why]


def test_nothing_is_said_of_a_service_that_has_not_begun() -> None:
    assert told(status("users", State.STOPPED, why=""))[0].endswith(
        "nothing has happened to it yet"
    )


def test_each_cause_stands_below_what_waits_for_it() -> None:
    services = (
        status("web", State.STOPPED, waiting=True, depends_on=["api", "users"]),
        status("api", State.STOPPED, waiting=True, depends_on=["db"]),
        status("users", State.STARTING),
        status("db", State.FAILED),
    )
    details = Details(
        service="web",
        causes=[
            "web waits for api and users",
            "api waits for db",
            "users is not ready yet",
            "db is broken: exit 1 after 0.2 s",
        ],
    )
    assert told(*services, details=details)[1:6] == [
        " because",
        " ◌ web waits for api and users",
        " ├ ◌ api waits for db",
        " │ └ ✗ db is broken: exit 1 after 0.2 s",
        " └ ◐ users is not ready yet",
    ]


def test_a_cause_of_an_unknown_service_is_taken_for_the_one_before() -> None:
    details = Details(service="web", causes=["web waits", "for the moon", "it is far"])
    assert told(status("web"), details=details)[2:5] == [
        " ● web waits",
        " └ for the moon",
        "   └ it is far",
    ]


def test_a_single_cause_is_not_said_twice() -> None:
    assert " because" not in told(status("web"), details=Details(service="web", causes=["web is"]))


def test_what_is_stale_says_what_applies_it() -> None:
    each = status(
        "users", stale="differs from the files: env", uptime_s=130.0, restarts=1, reloads=3
    )
    assert told(each)[1:] == [
        " stale       differs from the files: env  r applies it",
        " up          2m",
        " so far      1 restart, 3 reloads",
    ]


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (Exit(code=3), "exit 3"),
        (Exit(signal=9), "ended by SIGKILL"),
        (Exit(error="no such file"), "could not be started: no such file"),
    ],
)
def test_the_last_exit_is_told(end: Exit, text: str) -> None:
    assert told(broken(exit=end))[1] == f" last exit   {text}"


def test_the_frames_of_the_project_are_shown_and_no_others() -> None:
    assert told(broken(), trace=traceback())[1:] == [
        " last traceback  12s ago · t copies, E opens",
        " SyntaxError: invalid syntax  billing/app.py:14",
        "   billing/app.py:31  in create_app",
        "       from .routes import invoices",
        "   billing/app.py:14",
        "       def total(items)",
    ]


def test_of_a_service_that_runs_again_the_traceback_is_one_line() -> None:
    assert told(status("billing"), trace=traceback(file=None))[1:] == [
        " last traceback  12s ago · t copies, E opens",
        " SyntaxError: invalid syntax",
    ]


def test_a_service_that_does_not_answer_is_told_apart_from_one_that_just_starts() -> None:
    starting = status("billing", State.STARTING, why="starting", port=5123)
    assert told(starting)[0] == " ◐ starting  starting"
    lost = status(
        "billing", State.STARTING, why="starting", port=5123, health=Health(ok=False, failures=9)
    )
    said = "nothing answers on port 5123 yet; PORT tells it that number"
    assert told(lost)[0] == f" ◐ starting  {said}"


HISTORY = [
    Moment(at=NOW - 90, old=State.STOPPED, new=State.STARTING, why="asked to start"),
    Moment(at=NOW - 89, old=State.STARTING, new=State.READY, why="answered"),
    Moment(at=NOW - 5, old=State.READY, new=State.FAILED, why="exit 1"),
]


def test_the_history_tells_the_newest_first_and_how_long_each_lasted() -> None:
    at = [clock(moment.at, NOW) for moment in HISTORY]
    details = Details(service="billing", history=HISTORY)
    assert told(broken(), details=details)[1:] == [
        " history  as it is for 5s",
        f" {at[2]}     5s ago  ● → ✗ broken    after 84 s    exit 1",
        f" {at[1]}     1m ago  ◐ → ● ready     after 1 s     answered",
        f" {at[0]}     1m ago  ○ → ◐ starting                asked to start",
    ]


def test_a_reason_is_told_once_and_its_remedy_not_at_all_in_the_history() -> None:
    held = "could not be started: port 6001 is held by pid 42"
    told = why.once([
        f"{held}; 5 starts in a row did not last",
        "starting",
        f"{held}; starts again in 0.8 s",
        "KeyError: 'X' app.py:3 (exit 1); the next save, or `dynaport restart a`, tries again",
        held,
    ])  # fmt: skip
    assert list(told) == [
        f"{held}; 5 starts in a row did not last",
        "starting",
        "the same; starts again in 0.8 s",
        "KeyError: 'X' app.py:3 (exit 1)",
        held,
    ]


def test_a_narrow_history_keeps_time_state_and_cause() -> None:
    details = Details(service="billing", history=HISTORY)
    at = clock(NOW - 5, NOW)
    assert told(broken(), details=details, width=70)[2] == f" {at}  ✗ broken    exit 1"


def test_a_change_of_state_is_copied_with_both_states() -> None:
    details = Details(service="billing", history=HISTORY)
    lines = why.lines(sheet(broken()), broken(), details, None, "/shop")
    assert f"{clock(NOW - 5, NOW)} ready → broken after 84 s: exit 1" in [x.plain for x in lines]


def test_times_of_another_day_have_their_date() -> None:
    assert clock(NOW - 86400 * 3, NOW).startswith("2025-12-29 ")


def test_an_empty_history_says_what_will_be_there() -> None:
    assert "will be listed" in told(broken(), details=Details(service="billing"))[-1]
