"""Histories of several services: who waits for whom, and what a saved services.toml changes."""

from __future__ import annotations

import pytest

from dynaport_tui.model.fleet import Diff
from dynaport_tui.model.machine import State
from dynaport_tui.model.reports import Timer
from dynaport_tui.model.spec import RestartSpec
from tests.model.fleets import Story, changed, service, task

DB, ORDERS, WEB = service("db"), service("orders", "db"), service("web", "orders")
NEVER = RestartSpec(policy="never")


@pytest.fixture
def chain() -> Story:
    """`web` needs `orders`, which needs `db`; all READY."""
    story = Story(WEB, ORDERS, DB)
    story.ready("db")
    story.ready("orders")
    story.ready("web")
    story.did()
    return story


class TestStartOrder:
    def test_dependencies_start_first_whatever_the_order_of_the_file(self) -> None:
        story = Story(WEB, ORDERS, DB)
        assert story.did() == ["start db"]
        story.ready("db")
        assert story.did() == ["start orders"]
        story.ready("orders")
        assert story.did() == ["start web"]

    def test_wanting_one_service_wants_what_it_needs_and_no_more(self) -> None:
        story = Story(WEB, ORDERS, DB, want=False)
        story.want("orders")
        wanted = {name for name, record in story.fleet.records.items() if record.wanted}
        assert wanted == {"orders", "db"}

    @pytest.mark.parametrize("first", ["web", "cache"])
    def test_started_is_enough_where_services_toml_says_so(self, first: str) -> None:
        specs = {"web": service("web", "cache:started"), "cache": service("cache")}
        story = Story(specs.pop(first), *specs.values())
        assert story.did() == ["start cache", "start web"]

    def test_a_one_shot_is_waited_for_until_it_is_done(self) -> None:
        story = Story(task("migrate"), service("web", "migrate"))
        story.ready("migrate")
        assert story.did() == ["start migrate"]
        assert story.why("web") == "waits for migrate, which is still running"
        story.ended("migrate", 0)
        assert story.did()[-1] == "start web"

    def test_a_failed_one_shot_holds_back_those_that_need_it_and_names_the_cause(self) -> None:
        story = Story(task("migrate"), service("web", "migrate:completed"))
        story.now += 0.2
        story.ended("migrate", 1)
        assert story.why("web") == "waits for migrate, which is broken: exit 1 after 0.2 s"
        assert story.fleet.waiting(story.record("web"))

    def test_a_dependency_that_fails_later_stops_nobody(self, chain: Story) -> None:
        chain.ended("db", 1)
        assert chain.states == {"web": "READY", "orders": "READY", "db": "BACKOFF"}

    def test_a_done_one_shot_runs_again_only_when_it_is_named(self) -> None:
        story = Story(task("migrate"), service("web", "migrate"))
        story.ended("migrate", 0)
        story.ended("web", 1)
        story.did()
        story.want("web")
        assert story.did() == ["start web"]
        story.want("migrate")
        assert story.did() == ["start migrate"]

    def test_starting_a_service_revives_the_failed_one_that_it_needs(self) -> None:
        story = Story(service("db", restart=NEVER), service("web", "db"))
        story.ended("db", 1)
        story.did()
        story.want("web")
        assert story.did() == ["start db"]


class TestExplain:
    def test_the_chain_of_causes_is_one_line(self) -> None:
        story = Story(WEB, ORDERS, DB)
        story.now += 0.2
        story.exited("db", 1, why="no space left on device")
        assert story.why("web") == (
            "waits for orders, which waits for db, which is failing: "
            "no space left on device (exit 1 after 0.2 s); starts again in 0.1 s, try 2 of 5"
        )

    def test_all_that_is_waited_for_is_named(self) -> None:
        story = Story(service("a"), service("b"), service("c"), service("d", "a", "b", "c"))
        assert story.why("d") == "waits for a, b and c"

    def test_of_several_that_are_waited_for_the_broken_one_is_explained(self) -> None:
        story = Story(service("a"), service("b", restart=NEVER), service("c", "a", "b"))
        story.now += 0.2
        story.ended("b", 1)
        assert story.why("c") == "waits for a and b; b is broken: exit 1 after 0.2 s"

    def test_what_stands_behind_several_is_told_once(self) -> None:
        story = Story(
            task("migrate"),
            service("a", "migrate"),
            service("b", "migrate"),
            service("c", "a", "b"),
        )
        assert story.why("c") == ("waits for a and b; a waits for migrate, which is still running")

    def test_a_dependency_that_a_person_stopped_is_named_with_that(self) -> None:
        story = Story(DB, ORDERS)
        story.unwant("db")
        assert story.why("orders") == "waits for db, which is not to run (asked to stop)"
        assert story.fleet.held_back(story.record("orders"))

    def test_a_dependency_that_is_about_to_be_restarted_is_named_with_that(self) -> None:
        story = Story(DB, ORDERS, service("mail", "db", restart=RestartSpec(policy="always")))
        story.ready("db", "orders")
        story.restart("db", "orders")
        story.crash("mail")
        assert story.states == {"db": "READY", "orders": "STOPPING", "mail": "STOPPED"}
        assert story.why("mail") == "waits for db, which is to be restarted: asked to restart"
        story.ended("orders", 0)
        assert story.why("mail") == "waits for db, which is stopping"

    def test_a_service_that_runs_gives_its_own_cause(self, chain: Story) -> None:
        assert chain.why("web") == "its server is up"


class TestEnvFiles:
    def test_a_service_that_is_not_reloaded_becomes_stale_by_an_env_file(self) -> None:
        off, other = service("off", reload="off"), service("other")
        story = Story(off, other)
        story.ready("off", "other")
        story.did()
        story.save_env(changed(off, env={"A": "1"}), changed(other, env={"A": "1"}))
        assert story.did() == ["TERM other"]
        assert story.record("off").launch.env == {"A": "1"}
        story.save(changed(off, env={"A": "1"}), changed(other, env={"A": "1"}))
        assert story.did() == []
        story.save(changed(off, env={"A": "2"}), changed(other, env={"A": "1"}))
        assert story.did() == ["TERM off"]


class TestStopOrder:
    def test_everything_ends_in_reverse_dependency_order(self, chain: Story) -> None:
        chain.shut_down()
        assert chain.did() == ["TERM web"]
        chain.exited("web", 0)
        assert chain.did() == []
        chain.gone("web")
        assert chain.did() == ["TERM orders"]
        chain.ended("orders", 0)
        assert chain.did() == ["TERM db"]
        chain.ended("db", 0)
        assert chain.settled()
        assert set(chain.states.values()) == {"STOPPED"}
        assert chain.why("db") == "interrupted"

    def test_the_order_holds_although_the_one_between_does_not_run(self, chain: Story) -> None:
        chain.ended("orders", 1)
        chain.did()
        chain.shut_down()
        assert chain.did() == ["TERM web"]
        chain.ended("web", 0)
        assert chain.did() == ["TERM db"]

    def test_a_dependency_waits_for_what_a_dead_dependent_left(self, chain: Story) -> None:
        chain.exited("web", 1)
        chain.did()
        chain.shut_down()
        assert chain.did() == []
        chain.gone("web")
        assert chain.did() == ["TERM orders"]

    def test_one_that_would_not_die_does_not_hold_up_the_others(self, chain: Story) -> None:
        chain.shut_down()
        chain.fired("web", Timer.GRACE)
        chain.survivors("web", 77)
        chain.did()
        chain.fired("web", Timer.KILLED)
        assert chain.did() == ["TERM orders"]

    def test_what_is_done_or_failed_keeps_saying_so(self) -> None:
        story = Story(task("migrate"), service("web", restart=NEVER), service("db"))
        story.ended("migrate", 0)
        story.ended("web", 1)
        story.ended("db", 1)
        story.shut_down()
        assert story.states == {"migrate": "DONE", "web": "FAILED", "db": "STOPPED"}
        assert story.settled()

    def test_what_starts_is_stopped_too(self) -> None:
        story = Story(DB, ORDERS)
        story.did()
        story.shut_down()
        assert story.did() == ["TERM db"]
        assert story.states == {"db": "STOPPING", "orders": "STOPPED"}

    def test_nothing_that_crashes_meanwhile_is_started_again(self, chain: Story) -> None:
        chain.shut_down()
        chain.did()
        chain.ended("db", 1)
        assert "start db" not in chain.did()
        assert chain.states["db"] == "STOPPED"

    def test_a_person_may_stop_what_others_need(self, chain: Story) -> None:
        chain.unwant("db")
        assert chain.did() == ["TERM db"]
        assert chain.states["orders"] == "READY"

    def test_stopping_a_service_and_what_it_needs_keeps_the_order(self, chain: Story) -> None:
        chain.unwant("orders", "db")
        assert chain.did() == ["TERM orders"]
        chain.ended("orders", 0)
        assert chain.did() == ["TERM db"]


class TestRestartTogether:
    def test_all_stop_in_reverse_order_and_start_in_order(self, chain: Story) -> None:
        chain.restart("web", "orders", "db")
        for name in ("web", "orders", "db"):
            assert chain.did() == [f"TERM {name}"]
            chain.ended(name, 0)
        assert chain.did() == ["start db"]
        chain.ready("db")
        assert chain.did() == ["start orders"]
        chain.ready("orders")
        assert chain.did() == ["start web"]

    def test_a_restart_of_one_bounces_nobody_else(self, chain: Story) -> None:
        chain.restart("db")
        chain.ended("db", 0)
        chain.ready("db")
        assert chain.did() == ["TERM db", "start db"]
        assert set(chain.states.values()) == {"READY"}

    def test_a_save_meanwhile_keeps_the_order(self, chain: Story) -> None:
        chain.restart("web", "orders", "db")
        chain.change_file("db")
        assert chain.did() == ["TERM web"]

    def test_a_reload_of_a_dependency_does_not_wait_for_anybody(self, chain: Story) -> None:
        chain.restart("web")
        chain.did()
        chain.change_file("db")
        assert chain.did() == ["TERM db"]

    def test_a_stop_is_stronger_than_a_restart_that_has_not_begun(self, chain: Story) -> None:
        chain.restart("web", "orders")
        chain.unwant("orders")
        chain.ended("web", 0)
        chain.ended("orders", 0)
        assert chain.states == {"web": "STOPPED", "orders": "STOPPED", "db": "READY"}
        assert chain.why("orders") == "asked to stop"


class TestSavedFile:
    def test_it_applies_only_what_changed(self, chain: Story) -> None:
        diff = chain.save(WEB, changed(ORDERS, env={"THEME": "dark"}), DB, service("mail"))
        assert diff == Diff(added=["mail"], changed=["orders"])
        assert chain.did() == ["TERM orders", "start mail"]
        assert chain.why("orders") == "services.toml changed: env THEME"

    def test_the_same_file_changes_nothing(self, chain: Story) -> None:
        assert chain.save(WEB, ORDERS, DB) == Diff()
        assert chain.did() == []

    def test_another_order_of_the_file_changes_nothing_but_the_order(self, chain: Story) -> None:
        moved = [changed(spec, line=n) for n, spec in enumerate((DB, ORDERS, WEB))]
        assert chain.save(*moved) == Diff()
        assert (chain.did(), list(chain.states)) == ([], ["db", "orders", "web"])

    def test_a_service_taken_out_is_stopped_and_forgotten(self, chain: Story) -> None:
        diff = chain.save(ORDERS, DB)
        assert diff == Diff(removed=["web"])
        assert chain.did() == ["TERM web"]
        assert chain.why("web") == "taken out of services.toml"
        assert chain.save(ORDERS, DB) == Diff()
        chain.ended("web", 0)
        assert chain.did() == ["forget web"]
        assert "web" not in chain.states

    def test_one_taken_out_that_does_not_run_is_forgotten_at_once(self) -> None:
        story = Story(DB, ORDERS)
        story.did()
        story.save(DB)
        assert story.did() == ["forget orders"]

    def test_one_taken_out_is_forgotten_only_when_nothing_of_it_is_left(self) -> None:
        story = Story(DB, service("web", restart=NEVER))
        story.exited("web", 1)
        story.did()
        story.save(DB)
        assert story.did() == []
        story.gone("web")
        assert story.did() == ["forget web"]

    def test_one_taken_out_holds_the_order_of_those_around_it_until_they_ended(
        self, chain: Story
    ) -> None:
        chain.unwant("orders")
        chain.ended("orders", 0)
        chain.did()
        chain.save(changed(DB, env={"A": "1"}))
        assert chain.did() == ["TERM web"]
        chain.ended("web", 0)
        assert chain.did() == ["TERM db", "forget web", "forget orders"]

    def test_one_that_comes_back_before_it_ended_is_started_when_it_has(self, chain: Story) -> None:
        chain.save(ORDERS, DB)
        diff = chain.save(WEB, ORDERS, DB)
        assert diff == Diff(added=["web"])
        chain.ended("web", 0)
        assert chain.did() == ["TERM web", "start web"]

    def test_one_that_comes_back_before_its_stop_began_goes_on(self, chain: Story) -> None:
        chain.save(DB)
        chain.did()
        assert chain.state("orders") is State.READY
        chain.save(ORDERS, DB)
        assert chain.state("orders") is State.READY
        chain.ended("web", 0)
        assert chain.did() == ["forget web"]

    def test_one_that_comes_back_changed_before_its_stop_began_is_restarted(
        self, chain: Story
    ) -> None:
        chain.save(DB)
        chain.did()
        chain.save(changed(ORDERS, target="other"), DB)
        chain.ended("web", 0)
        chain.ended("orders", 0)
        assert chain.did() == ["TERM orders", "forget web", "start orders"]

    def test_what_was_taken_out_cannot_be_wanted_again(self, chain: Story) -> None:
        chain.save(ORDERS, DB)
        chain.want("web")
        chain.restart("web")
        chain.ended("web", 0)
        assert chain.did() == ["TERM web", "forget web"]

    def test_a_new_launch_revives_what_failed_with_the_count_begun_anew(self) -> None:
        web = service("web", restart=RestartSpec(max=2))
        story = Story(web)
        story.crash("web", 2)
        story.did()
        story.save(changed(web, env={"A": "1"}))
        assert story.did() == ["start web"]
        story.crash("web")
        assert story.state("web") is State.STARTING

    def test_a_new_launch_starts_nothing_that_a_person_stopped(self, chain: Story) -> None:
        chain.unwant("web")
        chain.ended("web", 0)
        chain.did()
        chain.save(changed(WEB, env={"A": "1"}), ORDERS, DB)
        assert chain.did() == []

    def test_a_new_launch_of_one_that_is_being_stopped_leaves_no_restart_behind(
        self, chain: Story
    ) -> None:
        chain.unwant("db", "orders")
        chain.save(WEB, ORDERS, changed(DB, env={"A": "1"}))
        chain.ended("orders", 0)
        chain.ended("db", 0)
        assert chain.states["db"] == "STOPPED"
        assert chain.why("db") == "asked to stop"
        assert chain.record("db").cycle is None

    def test_new_services_are_not_started_where_only_some_were_asked_for(self) -> None:
        story = Story(DB)
        story.did()
        story.save(DB, service("mail"), want_new=False)
        assert story.did() == []

    def test_a_new_dependency_of_what_runs_is_started_in_any_case(self) -> None:
        story = Story(service("web"))
        story.did()
        story.save(
            service("web", "cache"), service("cache", "disk"), service("disk"), want_new=False
        )
        assert story.did() == ["start disk"]

    def test_a_dependency_that_a_person_stopped_stays_stopped(self, chain: Story) -> None:
        chain.unwant("db")
        chain.ended("db", 0)
        chain.did()
        chain.save(WEB, changed(ORDERS, env={"A": "1"}), DB)
        chain.ended("orders", 0)
        assert chain.did() == ["TERM orders"]
        assert chain.why("orders") == "waits for db, which is not to run (asked to stop)"

    def test_services_that_changed_together_are_restarted_in_order(self, chain: Story) -> None:
        chain.save(*(changed(spec, env={"A": "1"}) for spec in (WEB, ORDERS, DB)))
        assert chain.did() == ["TERM web"]
        chain.ended("web", 0)
        assert chain.did() == ["TERM orders"]
