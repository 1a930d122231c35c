"""The cause lines, as a person reads them."""

from __future__ import annotations

import pytest

from dynaport_tui.model import wording
from dynaport_tui.model.reports import Exited
from dynaport_tui.model.spec import ProbeSpec, RestartSpec
from dynaport_tui.model.view import Exit
from tests.model.fleets import service


def exited(exit_: Exit, *, left: tuple[int, ...] = ()) -> Exited:
    """A report of an end."""
    return Exited(service="web", run=1, exit=exit_, left=left)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.003, "3 ms"),
        (0.08, "80 ms"),
        (0.1, "0.1 s"),
        (0.84, "0.8 s"),
        (2.0, "2 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (119, "119 s"),
        (180, "3 min"),
        (7200, "2 h"),
    ],
)
def test_durations_are_as_exact_as_a_person_needs(value: float, text: str) -> None:
    assert wording.seconds(value) == text


def test_signals_have_names() -> None:
    assert wording.signal_name(15) == "SIGTERM"
    assert wording.signal_name(999) == "signal 999"


class TestExit:
    @pytest.mark.parametrize(
        ("exit_", "why", "text"),
        [
            (Exit(code=1), None, "exit 1 after 0.2 s"),
            (
                Exit(code=1),
                "KeyError: 'a'  app.py:3",
                "KeyError: 'a'  app.py:3 (exit 1 after 0.2 s)",
            ),
            (Exit(signal=11), None, "ended by SIGSEGV after 0.2 s"),
            (Exit(error="no such program: x"), None, "could not be started: no such program: x"),
        ],
    )
    def test_it_says_how_and_after_how_long(self, exit_: Exit, why: str | None, text: str) -> None:
        assert wording.exited(exit_, 0.2, why) == text

    def test_one_that_asks_for_a_terminal_is_told_how_to_get_one(self) -> None:
        why = "“stdin: Inappropriate ioctl for device”"
        assert wording.exited(Exit(code=1), 0.2, why, tty=False).endswith("say tty = true")
        assert "tty" not in wording.exited(Exit(code=1), 0.2, why, tty=True)

    def test_one_that_starts_again_says_when_and_which_try_that_is(self) -> None:
        assert (
            wording.backing_off("exit 1", 0.4, 3, 5) == "exit 1; starts again in 0.4 s, try 4 of 5"
        )
        assert wording.backing_off("exit 1", 0.1, 0, 5) == "exit 1; starts again in 0.1 s"

    def test_one_that_starts_afresh_says_so(self) -> None:
        why = wording.backing_off("exit 1", 0.1, 1, 5, cold=True)
        assert why == "exit 1; starts again in 0.1 s in a fresh interpreter, try 2 of 5"
        assert wording.last_words(why) == "exit 1"

    def test_what_comes_up_only_afresh_says_how_to_be_quiet(self) -> None:
        text = wording.cold_from_now_on("users", "RuntimeError: too late (exit 1 after 0.2 s)")
        assert text.startswith("users comes up only in a fresh interpreter")
        assert "RuntimeError: too late" in text
        assert text.endswith("warm = false")

    def test_a_daemon_is_told_to_stay_in_the_foreground(self) -> None:
        text = wording.left_behind("exit 0 after 0.2 s", (7,))
        assert text.startswith(
            "exit 0 after 0.2 s, but pid 7 went on in the background and was ended"
        )
        assert "--foreground" in text

    def test_of_many_processes_three_are_named(self) -> None:
        text = wording.left_behind("exit 0", (1, 2, 3, 4, 5))
        assert "pid 1 and pid 2 and pid 3 and more went on in the background and were" in text


class TestForGood:
    @pytest.mark.parametrize("streak", [1, 5])
    @pytest.mark.parametrize("policy", ["on-failure", "never"])
    def test_an_end_without_an_error_comes_with_its_remedy(self, policy: str, streak: int) -> None:
        spec = service("web", restart=RestartSpec(policy=policy))  # type: ignore[arg-type]
        text = wording.failed("exit 0 after 1 s", spec, exited(Exit(code=0)), streak)
        assert text.endswith(
            "but a service is meant to stay; if it is meant to end, say task = true"
        )

    def test_many_starts_that_did_not_last_are_counted(self) -> None:
        spec = service("web", restart=RestartSpec(policy="always"))
        text = wording.failed("exit 0", spec, exited(Exit(code=0)), 5)
        assert text == "exit 0; 5 starts in a row did not last"

    def test_what_follows_a_sentence_leaves_out_its_full_stop(self) -> None:
        said = "no such folder. Write cwd in services.toml."
        assert wording.lasted_no_time(said, 5).endswith(
            "services.toml; 5 starts in a row did not last"
        )
        assert wording.until_saved(said, "web").startswith(f"{said[:-1]}; the next save")
        assert wording.unhealthy("waits...", 3) == "waits..., 3 times in a row"

    def test_a_daemon_s_remedy_stands_alone(self) -> None:
        spec = service("web")
        text = wording.left_behind("exit 0", (7,))
        assert wording.failed(text, spec, exited(Exit(code=0), left=(7,)), 1) == text


class TestReadiness:
    def test_a_command_that_listens_to_nothing_is_told_the_remedy(self) -> None:
        assert wording.deadline(service("worker"), 5001, "nothing accepts") == (
            "not ready after 30 s: nothing listens on port 5001; let it listen on $PORT, "
            "or say port = false if it needs none"
        )

    def test_others_are_told_what_the_last_probe_found(self) -> None:
        spec = service("web", health=ProbeSpec(kind="http", path="/up", start_deadline=2.5))
        assert wording.deadline(spec, 5001, "GET /up: 503") == "not ready after 2.5 s: GET /up: 503"
        assert wording.deadline(spec, 5001, "") == "not ready after 2.5 s"

    def test_lost_probes_are_counted(self) -> None:
        assert wording.unhealthy("GET /up: 503", 1) == "GET /up: 503"
        assert wording.unhealthy("GET /up: 503", 3) == "GET /up: 503, 3 times in a row"


class TestStop:
    def test_a_kill_is_said_with_its_reason(self) -> None:
        spec = service("web", stop_signal="INT", stop_grace=3.0)
        assert wording.killed("asked to stop", spec, None) == (
            "asked to stop; killed, because it did not end within 3 s of SIGINT"
        )
        assert "something that it had started did not end" in wording.killed(
            "asked to stop", spec, Exit(code=0)
        )

    def test_what_outlives_a_kill_is_named(self) -> None:
        assert wording.would_not_die((7, 8)).startswith("pid 7 and pid 8 did not end")
        assert wording.would_not_die(()).startswith("a process did not end")
