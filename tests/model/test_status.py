"""The fleet as views see it."""

from __future__ import annotations

from typing import Any

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.model.reports import Answered, Timer
from dynaport_tui.model.spec import RestartSpec
from dynaport_tui.model.status import notes, project_state, service_status
from dynaport_tui.model.view import Exit, Health, ServiceStatus
from tests.model.fleets import Story, changed, project, service, task


def row(story: Story, name: str = "web", **keys: Any) -> ServiceStatus:
    """The service's row now."""
    return service_status(story.fleet, story.record(name), story.now, **keys)


def state(story: Story) -> str:
    """The project's state now."""
    return project_state(story.fleet, stopping=False)


class TestService:
    def test_before_its_start_there_is_no_process_and_no_probe(self) -> None:
        status = row(Story(service("web"), want=False))
        assert (status.state, status.why) == (State.STOPPED, "not started yet")
        assert (status.pid, status.uptime_s, status.exit) == (None, None, None)
        assert status.health == Health()
        assert not status.wanted

    def test_while_it_runs_it_says_how_long_and_how_well(self) -> None:
        story = Story(service("web", "db"), service("db"))
        story.ready("db")
        story.spawned("web", 77)
        story.now += 1.25
        story.answered("web", "answered GET /healthz in 3 ms")
        story.now += 0.5
        status = row(story, log_lines=120)
        assert (status.state, status.why) == (State.READY, "answered GET /healthz in 3 ms")
        assert (status.pid, status.uptime_s, status.log_lines) == (77, 1.75, 120)
        health = Health(ok=True, latency_ms=3.0, failures=0, checked_s_ago=0.5, recent=[3.0])
        assert status.health == health
        assert (status.port, status.url) == (5000, "http://127.0.0.1:5000")
        assert status.depends_on == ["db"]
        assert status.wanted

    def test_lost_probes_are_counted(self) -> None:
        story = Story(service("web"))
        story.ready("web")
        story.unanswered("web", 2)
        health = Health(ok=False, failures=2, checked_s_ago=0, recent=[None, None])
        assert row(story).health == health

    def test_the_last_probes_are_kept_over_a_restart_without_those_of_the_start(self) -> None:
        story = Story(service("web"))
        story.unanswered("web", 2)
        story.answered("web")
        story.unanswered("web")
        story.crash("web")
        story.unanswered("web")
        story.answered("web")
        assert row(story).health.recent == [3.0, None, 3.0]
        for _ in range(20):
            story.answered("web")
        assert row(story).health.recent == [3.0] * 16

    def test_a_probe_that_measures_nothing_leaves_no_mark(self) -> None:
        story = Story(service("web"))
        epoch = story.record("web").epoch
        story.tell(Answered(service="web", epoch=epoch, why="alive for one second"))
        assert row(story).health.recent == []

    def test_its_scheme_is_in_its_url(self) -> None:
        assert row(Story(service("web")), scheme="https").url == "https://127.0.0.1:5000"

    def test_one_that_listens_to_nothing_has_no_url(self) -> None:
        status = row(Story(service("web", listens=False)))
        assert (status.port, status.url) == (None, None)

    def test_after_its_end_it_says_how_it_ended(self) -> None:
        story = Story(service("web", restart=RestartSpec(policy="never")))
        story.spawned("web")
        story.ended("web", 3)
        status = row(story)
        assert status.exit == Exit(code=3)
        assert (status.pid, status.uptime_s) == (None, None)

    def test_starts_and_reloads_are_counted(self) -> None:
        story = Story(service("web"))
        story.crash("web", 2)
        story.change_file("web")
        status = row(story)
        assert (status.restarts, status.reloads) == (2, 1)

    def test_an_instance_is_a_number_or_a_name(self) -> None:
        story = Story(
            service("web"), service("api.2", instance="2"), service("api.green", instance="green")
        )
        found = [row(story, name).instance for name in ("web", "api.2", "api.green")]
        assert found == [1, 2, "green"]

    def test_one_that_waits_says_so_and_for_what(self) -> None:
        story = Story(service("web", "db"), service("db"))
        status = row(story)
        assert status.waiting
        assert status.why == "waits for db, which is not ready yet"

    def test_a_one_shot_is_marked(self) -> None:
        story = Story(task("migrate"), service("web"))
        assert row(story, "migrate").task
        assert not row(story).task

    def test_what_runs_other_than_the_files_say_is_stale(self) -> None:
        web = service("web", "db")
        story = Story(web, service("db", "disk"), service("disk"))
        story.ready("disk", "db", "web")
        assert row(story, "db").stale is None
        story.restart("web")
        story.save(web, service("db", "disk", env={"A": "1"}), service("disk"))
        assert row(story, "db").stale == "differs from the files: env A"

    def test_changed_packages_make_it_stale_too(self) -> None:
        web = service("web", "db")
        story = Story(web, service("db", "disk"), service("disk"))
        story.ready("disk", "db", "web")
        told = "requests 2.31.0 \u2192 2.32.3"
        assert row(story, "db", packages=told).stale == f"installed packages changed: {told}"
        story.restart("web")
        story.save(web, service("db", "disk", env={"A": "1"}), service("disk"))
        both = f"differs from the files: env A; installed packages changed: {told}"
        assert row(story, "db", packages=told).stale == both

    def test_what_does_not_run_is_never_stale(self) -> None:
        web = service("web")
        story = Story(web, want=False)
        story.save(changed(web, env={"A": "1"}))
        assert row(story).stale is None


class TestProject:
    def test_it_starts_until_all_that_is_wanted_is_ready(self) -> None:
        story = Story(service("web", "db"), service("db"), task("migrate"))
        assert state(story) == "starting"
        story.ready("db", "web")
        assert state(story) == "starting"
        story.ended("migrate", 0)
        assert state(story) == "ready"

    def test_a_one_shot_that_still_runs_is_not_ready(self) -> None:
        story = Story(task("migrate"))
        story.ready("migrate")
        assert state(story) == "starting"

    def test_what_is_not_wanted_does_not_count(self) -> None:
        story = Story(service("web"), service("db"), want=False)
        story.want("web")
        story.ready("web")
        assert state(story) == "ready"

    def test_it_is_degraded_while_something_fails(self) -> None:
        story = Story(service("web"), service("db"))
        story.ready("web", "db")
        story.ended("web", 1)
        assert (story.state("web"), state(story)) == (State.BACKOFF, "degraded")

    def test_it_is_degraded_while_something_is_unhealthy(self) -> None:
        story = Story(service("web"))
        story.fired("web", Timer.DEADLINE)
        assert state(story) == "degraded"

    def test_it_is_degraded_while_something_waits_for_what_is_not_to_run(self) -> None:
        story = Story(service("web", "db"), service("db"))
        story.unwant("db")
        story.ended("db", 0)
        assert state(story) == "degraded"

    def test_it_stops_when_the_engine_does(self) -> None:
        assert project_state(Story(service("web")).fleet, stopping=True) == "stopping"


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({}, []),
        (
            {"gateway": {"port": 8000}},
            ["services.toml: [gateway] is valid, but this version does not act on it yet"],
        ),
        (
            {"gateway": {}, "dashboard": {}},
            [
                "services.toml: [gateway] and [dashboard] are valid, "
                "but this version does not act on them yet"
            ],
        ),
    ],
)
def test_a_table_that_nobody_acts_on_is_told(tables: dict[str, Any], told: list[str]) -> None:
    assert notes(project(**tables)) == told
