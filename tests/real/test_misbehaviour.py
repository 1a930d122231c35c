"""Services that misbehave get the state and the cause that a person would expect, and harm nobody.

They all run together once (`tests/real/zoo.py`); each test looks at what was seen of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.conftest import private_folder, project_in
from tests.project import Project
from tests.real.harness import Dynaport
from tests.real.zoo import UGLY, Zoo, visit


@pytest.fixture(scope="module")
def zoo() -> Iterator[Zoo]:
    """What was seen of them."""
    with private_folder() as folder:
        project = project_in(folder)
        dynaport = Dynaport(project.folder, folder)
        try:
            yield visit(project, dynaport)
        finally:
            dynaport.close()


def test_a_service_beside_them_notices_nothing(zoo: Zoo) -> None:
    states = [state for state, _why in zoo.history("good")]
    assert states == ["READY", "STOPPING", "STOPPED"]
    assert zoo.services["good"]["health"]["failures"] == 0


def test_one_that_always_exits_is_started_less_and_less_often_and_then_no_more(zoo: Zoo) -> None:
    delays = [why.partition("; ")[2] for state, why in zoo.history("crasher") if state == "BACKOFF"]
    assert delays == [
        "starts again in 0.1 s, try 2 of 5",
        "starts again in 0.2 s, try 3 of 5",
        "starts again in 0.4 s, try 4 of 5",
        "starts again in 0.8 s, try 5 of 5",
    ]
    assert re.fullmatch(
        r"“no database at /var/db” \(exit 3 after .* m?s\); 5 starts in a row did not last",
        zoo.why("crasher"),
    )
    assert zoo.said("crasher").count("starting") == 5
    assert zoo.services["crasher"]["exit"] == {"code": 3, "signal": None, "error": None}


def test_the_cause_of_a_traceback_is_its_error_with_file_and_line(zoo: Zoo) -> None:
    assert zoo.why("raises").startswith("ConnectionError: no route to db  raises.py:2 (exit 1 ")


def test_an_exit_with_0_of_what_is_no_task_names_the_remedy(zoo: Zoo) -> None:
    said = (
        r"exit 0 after .*, but a service is meant to stay; if it is meant to end, say task = true"
    )
    assert re.fullmatch(said, zoo.why("zero"))


def test_a_program_that_does_not_exist_is_named_and_tried_once(zoo: Zoo) -> None:
    assert "No such file or directory: 'no-such-program' (not in PATH)" in zoo.why("missing")
    assert zoo.services["missing"]["restarts"] == 0


def test_the_shells_word_for_a_program_that_does_not_exist_is_the_cause(zoo: Zoo) -> None:
    assert re.search(r"no-such-program: .*not found” \(exit 127 ", zoo.why("mistyped"))


def test_a_program_that_is_not_executable_names_the_remedy(zoo: Zoo) -> None:
    assert "Permission denied: './locked.sh'" in zoo.why("locked")
    assert zoo.why("locked").endswith("chmod +x ./locked.sh")


def test_a_command_that_listens_to_nothing_and_did_not_say_so_names_the_remedy(zoo: Zoo) -> None:
    port = zoo.services["forgot"]["port"]
    why = (
        f"not ready after 1 s: nothing listens on port {port}; let it listen on $PORT, "
        "or say port = false if it needs none"
    )
    assert zoo.history("forgot")[0] == ("UNHEALTHY", why)
    assert zoo.why("forgot") == why
    assert zoo.services["forgot"]["pid"]


def test_one_whose_health_answers_503_is_unhealthy_at_its_deadline(zoo: Zoo) -> None:
    why = "not ready after 3 s: GET /health answered 503 Service Unavailable"
    assert zoo.history("sick")[0] == ("UNHEALTHY", why)
    assert zoo.why("sick") == why


def test_one_whose_health_hangs_is_unhealthy_after_its_retries_and_runs_on(zoo: Zoo) -> None:
    why = "no answer to GET /health within 400 ms, 2 times in a row"
    assert zoo.history("hangs")[0][0] == "READY"
    assert zoo.history("hangs")[1] == ("UNHEALTHY", why)
    assert zoo.services["hangs"]["restarts"] == 0
    assert zoo.services["hangs"]["pid"]


def test_one_that_is_unhealthy_is_restarted_where_its_policy_says_so(zoo: Zoo) -> None:
    states = [state for state, _why in zoo.history("revived")][:6]
    assert states == ["READY", "UNHEALTHY", "STOPPING", "STOPPED", "STARTING", "READY"]
    assert "no answer to GET /health" in zoo.history("revived")[4][1]


def test_one_that_crashes_after_a_while_is_started_again_and_says_what_it_said(zoo: Zoo) -> None:
    history = zoo.history("later")
    assert [state for state, _why in history[:2]] == ["READY", "BACKOFF"]
    assert re.match(r"“out of paper” \(exit 1 after .*\); starts again in 0.1 s", history[1][1])
    assert zoo.services["later"]["state"] == "READY"


def test_one_that_goes_into_the_background_is_told_to_stay_in_the_foreground(zoo: Zoo) -> None:
    assert re.fullmatch(
        r"exit 0 after .*, but pid \d+ went on in the background and was ended; a service must "
        r"stay in the foreground: look for an option such as --foreground or --no-daemon",
        zoo.why("daemon"),
    )


def test_one_that_closes_its_output_runs_on_and_its_last_words_are_kept(zoo: Zoo) -> None:
    assert zoo.services["mute"]["state"] == "READY"
    assert zoo.said("mute") == ["last words"]


def test_one_that_fails_without_a_terminal_is_told_how_to_get_one(zoo: Zoo) -> None:
    assert "/dev/tty" in zoo.why("proud")
    assert zoo.why("proud").endswith("; if it needs a terminal, say tty = true")


def test_what_is_written_to_the_terminal_of_a_service_that_has_one_is_in_its_log(zoo: Zoo) -> None:
    assert zoo.said("served") == ["to the terminal"]


def test_bytes_that_are_no_text_and_cursor_codes_do_not_reach_a_view(zoo: Zoo) -> None:
    assert [re.sub(r"\x1b\[\d*m", "", line) for line in zoo.said("ugly")] == [
        "bad \ufffd\ufffd bytes",
        "cursor",
        "100 %",
        "red",
        "bell, title!",
        "snow ☃",
    ]
    assert "\x1b[2J" not in "".join(zoo.said("ugly"))


def test_the_log_file_keeps_every_byte(zoo: Zoo) -> None:
    assert zoo.log["ugly"] == UGLY


def test_what_waits_for_a_task_that_failed_says_so_and_never_starts(zoo: Zoo) -> None:
    assert zoo.why("migrate").startswith("“cannot migrate” (exit 4 after ")
    assert zoo.why("dependent") == f"waits for migrate, which is broken: {zoo.why('migrate')}"
    assert "STARTING" not in [state for state, _why in zoo.history("dependent")]


def test_one_that_ignores_its_stop_signal_is_killed_after_its_grace_and_says_so(zoo: Zoo) -> None:
    why = "interrupted; killed, because it did not end within 0.3 s of SIGTERM"
    assert zoo.history("deaf")[-1] == ("STOPPED", why)


def test_a_task_that_fails_ends_the_run_with_1(project: Project, dynaport: Dynaport) -> None:
    project({"services.toml": TASK})
    finished = dynaport.run("up", "--no-tui").expect(1)
    assert "migrate failed: “no such table” (exit 4 after " in finished.out
    assert "never" not in finished.out
    dynaport.wait_until_nothing_is_left()


TASK = """
    [services.migrate]
    command = "echo no such table >&2; exit 4"
    port = false
    task = true

    [services.web]
    command = "echo never; sleep 600"
    port = false
    depends_on = ["migrate"]
"""
