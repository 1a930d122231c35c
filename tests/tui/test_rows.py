"""The columns of the table and what stands in them."""

from __future__ import annotations

import itertools

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.view import Health, ServiceStatus
from dynaport_tui.tui import cause, rows
from dynaport_tui.tui.pieces import length
from dynaport_tui.tui.rows import Look
from tests.fakes import status

BUSY = status(
    "users",
    port=20112,
    uptime_s=130.0,
    cpu_percent=0.1,
    rss_bytes=31_000_000,
    restarts=2,
    reloads=12,
    health=Health(ok=True, latency_ms=2.9, recent=[2.8, 2.9, None, 2.9]),
)


def text(status: ServiceStatus, width: int, look: Look | None = None) -> str:
    columns = rows.plan(width, [status.id])
    return "".join(piece.text for piece in rows.row(status, columns, look or Look()))


def keys(width: int, *names: str) -> list[str]:
    return [column.key for column in rows.plan(width, names or ["catalog"])]


def why(found: ServiceStatus, *, timed: bool = True) -> str:
    return "".join(piece.text for piece in cause.why(found, timed=timed))


def test_a_wide_table_shows_everything() -> None:
    assert keys(160) == [
        "service", "state", "port", "sparks", "latency", "cpu", "mem", "up", "restarts",
        "reloads", "why",
    ]  # fmt: skip


def test_service_state_port_and_why_stay_when_all_else_is_given_up() -> None:
    assert keys(60) == ["service", "state", "port", "why"]


def test_the_word_of_the_state_goes_before_there_is_no_room_for_why() -> None:
    assert keys(54) == ["service", "port", "why"]
    assert rows.plan(54, ["catalog"])[-1].width >= 29


def test_columns_go_one_after_the_other_as_the_table_gets_narrower() -> None:
    order = ["reloads", "cpu", "mem", "up", "sparks", "restarts", "latency"]
    shown = [set(keys(width)) for width in range(170, 54, -1)]
    gone = [key for before, after in itertools.pairwise(shown) for key in before - after]
    assert [key for key in gone if key in order] == order


@pytest.mark.parametrize("width", [60, 80, 99, 100, 120, 159, 160, 250])
def test_a_row_is_exactly_as_wide_as_the_table(width: int) -> None:
    for found in (BUSY, status("x" * 60, State.FAILED, why="é漢字" * 99), status("y", port=None)):
        columns = rows.plan(width, [found.id])
        line = rows.row(found, columns, Look(errors=7))
        assert length(line) == width
        assert len(rows.heading(columns)) == width


def test_the_why_column_keeps_room_for_a_cause() -> None:
    for width in (60, 80, 120, 200):
        assert rows.plan(width, ["catalog"])[-1].width >= 20


def test_numbers_stand_below_each_other_whatever_they_are() -> None:
    other = status("users", port=8000, cpu_percent=104.2, rss_bytes=1_400_000_000, uptime_s=8e5)
    first, second = text(BUSY, 150), text(other, 150)
    for left, right in (("20112", "8000"), ("0.1%", "104%"), ("31 MB", "1.4 GB"), ("2m", "9d")):
        assert first.index(left) + len(left) == second.index(right) + len(right)


def test_a_row_says_the_state_by_glyph_and_word() -> None:
    line = text(status("web", State.FAILED), 80)
    assert line.startswith("  ✗ web")
    assert " broken " in line


def test_selection_mark_move_and_errors_stand_around_the_name() -> None:
    assert text(BUSY, 80, Look(selected=True)).startswith("▎ ● users")
    assert text(BUSY, 80, Look(marked=True)).startswith(" ◆● users")
    assert text(BUSY, 80, Look(moved=-1)).startswith(" ↑● users")
    assert "users   !3 " in text(BUSY, 80, Look(errors=3))
    assert "users   !99+ " in text(BUSY, 80, Look(errors=1234))


def test_lost_probes_are_counted_where_the_latency_would_stand() -> None:
    assert "3 lost" in text(status("a", State.UNHEALTHY, health=Health(ok=False, failures=3)), 120)


def test_what_does_not_run_has_no_health() -> None:
    old = Health(ok=True, latency_ms=2.9, recent=[2.9, 2.9])
    line = text(status("a", State.STOPPED, wanted=False, health=old), 120)
    assert "2.9" not in line
    assert "▁" not in line


def test_the_cause_never_repeats_the_state() -> None:
    assert why(status("a", State.STARTING, why="starting")) == ""
    assert why(status("a", State.STARTING, why="starting: asked to restart")) == "asked to restart"


def test_the_cause_never_repeats_the_latency_that_stands_beside_it() -> None:
    ready = status("a", why="answered GET /healthz in 3 ms")
    assert why(ready) == "answered GET /healthz"
    assert why(ready, timed=False) == "answered GET /healthz in 3 ms"


def test_a_service_that_waits_says_for_whom() -> None:
    found = status(
        "web", State.STOPPED, waiting=True, why="waits for billing, which is broken: exit 1"
    )
    assert why(found) == "← billing is broken: exit 1"


def test_stale_is_told_when_nothing_worse_is() -> None:
    stale = "differs from the files: requests 2.32 → 2.33"
    assert why(status("a", stale=stale)) == "stale: requests 2.32 → 2.33; r applies it"
    assert why(status("a", State.FAILED, stale=stale, why="exit 1")) == "exit 1"


def test_a_cause_of_several_lines_is_one() -> None:
    assert why(status("a", State.FAILED, why="one\n  two\tthree")) == "one two three"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, "SyntaxError: invalid syntax examples/billing/app.py:14 (exit 1); try again"),
        (57, "SyntaxError: invalid syntax examples/billing/app.py:14 (exit 1); try again"),
        (56, "SyntaxError: invalid syntax examples/billing/app.py:14"),
        (40, "SyntaxError: invalid syntax app.py:14 (exit 1); try again"),
        (37, "SyntaxError: invalid syntax app.py:14"),
        (28, "SyntaxError: inva… app.py:14"),
        (17, "app.py:14"),
    ],
)
def test_a_cause_that_is_too_long_keeps_its_file_and_line(width: int, text: str) -> None:
    whole = "SyntaxError: invalid syntax examples/billing/app.py:14 (exit 1); try again"
    found = cause.shortened(whole, width)
    assert found == text
    assert "app.py:14" in found[:width]


def test_an_error_that_explains_itself_gives_its_name_up_first() -> None:
    whole = "ModuleNotFoundError: No module named 'nothere' in /shop/.venv users/app.py:3 (exit 1)"
    assert cause.shortened(whole, 39).startswith("No module named 'nothere'")
    assert cause.shortened(whole, 39).endswith(" app.py:3")


def test_a_service_that_does_not_answer_says_at_which_port() -> None:
    lost = Health(ok=False, failures=9)
    found = status("a", State.STARTING, why="starting", port=5123, health=lost)
    assert why(found) == "nothing answers on port 5123 yet"


def test_what_did_not_start_says_why_at_once() -> None:
    found = status("a", State.FAILED, why="could not be started: port 6001 is held by pid 42")
    assert why(found) == "port 6001 is held by pid 42"


def test_a_remedy_is_the_key_of_the_service_that_it_concerns() -> None:
    said = "KeyError: 1; the next save, or `dynaport restart billing`, tries again"
    found = status("billing", State.FAILED, why=said)
    assert why(found) == "KeyError: 1; the next save, or r, tries again"
    assert cause.in_keys(said, "web") == said


@pytest.mark.parametrize("width", [12, 16, 20])
def test_who_is_waited_for_is_worth_more_than_a_place(width: int) -> None:
    found = status(
        "web", State.STOPPED, waiting=True, why="waits for api, which is broken: E: x api/app.py:3"
    )
    line = "".join(piece.text for piece in cause.cause(found, width, timed=True))
    assert line.startswith("← api is")


def test_nothing_is_said_beside_the_health_of_what_is_just_alive() -> None:
    assert why(status("a", why="alive for one second")) == ""


def test_a_long_cause_is_cut_with_an_ellipsis() -> None:
    assert text(status("a", State.FAILED, why="x" * 300), 80).endswith("x…")


def test_a_click_finds_the_column_of_its_heading() -> None:
    columns = rows.plan(120, ["users"])
    line = rows.heading(columns)
    for head, key in (("service", "service"), ("port", "port"), ("cpu", "cpu"), ("why", "why")):
        found = rows.column_at(columns, line.index(head))
        assert found is not None
        assert found.key == key
    assert rows.column_at(columns, 500) is None
