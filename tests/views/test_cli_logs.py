from __future__ import annotations

import json
import threading
import time

import pytest

from dynaport_tui.engine.files import log_folder
from tests.fakes import ServedEngine
from tests.project import Project
from tests.views.conftest import Command


@pytest.fixture
def talking(served: ServedEngine) -> ServedEngine:
    """Two services that said something by turns."""
    now = time.time()
    for number in range(1, 4):
        served.engine.say("users", f"users {number}", at=now - 100 + number)
        served.engine.say("worker", f"worker {number}", at=now - 100 + number + 0.5)
    return served


def texts(out: str) -> list[str]:
    return [line.partition(" | ")[2] for line in out.splitlines()]


def test_lines_of_all_services_are_merged_by_time(run: Command, talking: ServedEngine) -> None:
    assert texts(run("logs").out) == [
        "users 1", "worker 1", "users 2", "worker 2", "users 3", "worker 3",
    ]  # fmt: skip


def test_the_last_lines_of_named_services(run: Command, talking: ServedEngine) -> None:
    assert texts(run("logs", "-n", "2", "users").out) == ["users 2", "users 3"]


def test_more_lines_than_one_page_come_whole(run: Command, served: ServedEngine) -> None:
    served.engine.say("users", *(f"line {n}" for n in range(5001)))

    assert texts(run("logs", "users").out) == [f"line {n}" for n in range(5001)]


def test_grep_sees_through_colours(run: Command, talking: ServedEngine) -> None:
    talking.engine.say("users", "an \x1b[31mer\x1b[0mror")

    assert texts(run("logs", "--grep", "error|users 2").out) == ["users 2", "an error"]
    assert texts(run("logs", "--grep", "users", "-n", "1").out) == ["users 3"]


def test_since_takes_durations_and_times(run: Command, talking: ServedEngine) -> None:
    talking.engine.say("users", "now")

    assert texts(run("logs", "--since", "30s").out) == ["now"]
    assert texts(run("logs", "--since", "2001-01-01").out)[-1] == "now"
    assert run("logs", "--since", "yesterday").code == 2
    assert run("logs", "--grep", "(").code == 2


def test_json_is_a_list(run: Command, talking: ServedEngine) -> None:
    lines = run("logs", "--json", "-n", "1", "users").json()

    assert [(line["number"], line["text"]) for line in lines] == [(3, "users 3")]


def test_follow_shows_what_was_and_what_comes_without_a_gap(
    run: Command, talking: ServedEngine
) -> None:
    def go_on() -> None:
        talking.watched()
        talking.do(lambda: talking.engine.say("users", "users 4"))
        talking.do(lambda: talking.engine.say("worker", "not asked for"))
        talking.do(lambda: talking.engine.end(0, "asked to stop"))

    thread = threading.Thread(target=go_on)
    thread.start()
    said = run("logs", "-f", "-n", "1", "users")
    thread.join()

    assert texts(said.out) == ["users 3", "users 4"]
    assert "the engine has ended" in said.err


def test_events_are_an_object_a_line(run: Command, talking: ServedEngine) -> None:
    def end() -> None:
        talking.watched()
        talking.do(lambda: talking.engine.say("users", "users 4"))
        talking.do(lambda: talking.engine.end(0, "asked to stop"))

    thread = threading.Thread(target=end)
    thread.start()
    said = run("events")
    thread.join()

    assert [json.loads(line)["event"] for line in said.out.splitlines()] == [
        "snapshot", "log", "ended",
    ]  # fmt: skip


def test_the_files_are_shown_where_nothing_runs(run: Command, project: Project) -> None:
    folder = log_folder(project.file)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users.log").write_bytes(b"one\n\x1b[2Ktwo\n")
    (folder / "users.log.1").write_bytes(b"zero\n")
    (folder / "orders.1.log").write_bytes(b"from orders\n")

    assert texts(run("logs", "users").out) == ["zero", "one", "two"]
    assert texts(run("logs", "-n", "1", "users").out) == ["two"]
    assert texts(run("logs", "orders").out) == ["from orders"]
    assert run("logs", "--path", "users").out.splitlines() == [
        str(folder / "users.log"), str(folder / "users.log.1"),
    ]  # fmt: skip
    said = run("logs", "usres")
    assert said.code == 2
    assert 'Did you mean "users"?' in said.err
