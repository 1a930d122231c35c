"""What the dashboard knows of the services."""

from __future__ import annotations

from dynaport_tui.model.machine import State
from dynaport_tui.model.view import ProjectStatus, ServiceStatus, Snapshot
from dynaport_tui.tui.board import Board
from tests.fakes import status

BROKEN = status("billing", State.FAILED)
WAITING = status("web", State.STOPPED, waiting=True)
READY = status("users")
STOPPED = status("orders", State.STOPPED, wanted=False)


def board(*services: ServiceStatus) -> Board:
    found = Board()
    update(found, *services)
    return found


def update(found: Board, *services: ServiceStatus, now: float = 100.0) -> None:
    project = ProjectStatus(name="shop", root="/", file="/f", state="ready", engine_pid=1)
    found.update(Snapshot(project=project, services=list(services)), now)


def shown(found: Board) -> list[str]:
    return [row.id for row in found.rows()]


def test_what_needs_eyes_stands_above_what_is_well() -> None:
    assert shown(board(STOPPED, READY, WAITING, BROKEN)) == ["billing", "web", "users", "orders"]


def test_what_is_equally_well_stands_as_in_services_toml() -> None:
    found = board(status("b"), status("a"), status("done", State.DONE, task=True), status("c"))
    assert shown(found) == ["b", "a", "c", "done"]


def test_a_figure_that_changes_moves_no_row() -> None:
    found = board(status("a", cpu_percent=1.0), status("b", cpu_percent=2.0))
    found.sort_by("cpu")
    update(found, status("a", cpu_percent=9.0), status("b", cpu_percent=2.0))
    assert shown(found) == ["b", "a"]


def test_a_state_that_changes_moves_its_row_and_marks_it_for_two_seconds() -> None:
    found = board(status("a"), status("b"))
    update(found, status("a"), status("b", State.FAILED), now=50.0)
    assert shown(found) == ["b", "a"]
    assert found.moved == {"b": (-1, 52.0)}
    assert found.settle(51.5) == 0.5
    assert found.settle(52.0) is None
    assert found.moved == {}


def test_the_first_picture_marks_nothing() -> None:
    assert board(READY, BROKEN).moved == {}


def test_the_selection_follows_its_service_when_rows_move() -> None:
    found = board(status("a"), status("b"))
    found.select("b")
    update(found, status("a"), status("b", State.FAILED))
    assert found.selected == "b"
    assert found.index() == 0


def test_the_top_row_is_selected_while_services_come_up_and_nobody_has_chosen() -> None:
    found = board(status("a", State.STARTING), WAITING)
    assert found.selected == "web"
    update(found, status("a", State.STARTING), status("web"))
    assert found.selected == "a"
    update(found, status("a"), status("web"))
    assert found.selected == "a"
    update(found, status("a"), status("web", State.FAILED))
    assert found.selected == "a"


def test_whoever_chose_a_row_keeps_it_while_services_come_up() -> None:
    found = board(status("a", State.STARTING), WAITING)
    found.move(0)
    update(found, status("a", State.STARTING), status("web"))
    assert found.selected == "web"


def test_another_service_is_selected_when_the_selected_one_is_gone() -> None:
    found = board(status("a"), status("b"))
    found.select("b")
    update(found, status("a"))
    assert found.targets() == ["a"]
    update(found)
    assert found.targets() == []


def test_moving_stops_at_both_ends() -> None:
    found = board(status("a"), status("b"), status("c"))
    found.move(-1)
    assert found.selected == "a"
    found.move(10)
    assert found.selected == "c"


def test_actions_concern_the_marked_services_else_the_selected_one() -> None:
    found = board(status("a"), status("b"), status("c"))
    found.select("b")
    assert found.targets() == ["b"]
    found.mark("c")
    found.mark("a")
    assert found.targets() == ["a", "c"]
    found.mark("a")
    assert found.targets() == ["c"]


def test_a_mark_ends_with_its_service() -> None:
    found = board(status("a"), status("b"))
    found.mark_all()
    update(found, status("a"))
    assert found.marked == {"a"}


def test_marking_all_marks_what_is_shown_and_a_second_time_none() -> None:
    found = board(status("users"), status("orders"))
    found.filter_by("use")
    found.mark_all()
    assert found.marked == {"users"}
    found.mark_all()
    assert found.marked == set()


def test_a_filter_looks_at_name_state_and_port() -> None:
    found = board(READY, BROKEN, status("x", port=31234))
    for text, ids in (("USE", ["users"]), ("broken", ["billing"]), ("3123", ["x"])):
        found.filter_by(text)
        assert shown(found) == ids
    found.filter_by("-ready")
    assert shown(found) == ["billing"]


def test_the_selection_stays_among_what_the_filter_shows() -> None:
    found = board(status("users"), status("orders"))
    found.filter_by("ord")
    assert found.selected == "orders"
    found.filter_by("nothing")
    assert found.rows() == []
    assert found.index() == 0


def test_the_same_order_chosen_again_is_turned_round_and_then_given_up() -> None:
    found = board(status("a"), status("c"), status("b"))
    found.sort_by("name")
    assert shown(found) == ["a", "b", "c"]
    found.sort_by("name")
    assert shown(found) == ["c", "b", "a"]
    found.sort_by("name")
    assert (found.sort, shown(found)) == ("state", ["a", "c", "b"])


def test_every_order_comes_round() -> None:
    found = board(status("a"))
    seen = []
    for _ in range(7):
        found.sort_next()
        seen.append(found.sort)
    assert seen == ["name", "port", "cpu", "memory", "uptime", "restarts", "state"]


def test_errors_are_new_until_the_log_is_looked_at() -> None:
    found = board(status("a", log_errors=2))
    assert found.unseen("a") == 2
    found.look_at(["a", "gone"])
    assert found.unseen("a") == 0
    update(found, status("a", log_errors=3))
    assert found.unseen("a") == 1


def test_errors_count_anew_after_another_engine_began() -> None:
    found = board(status("a", log_errors=5))
    found.look_at(["a"])
    update(found, status("a", log_errors=0))
    update(found, status("a", log_errors=1))
    assert found.unseen("a") == 1
