"""What there is to know of one service beside its row, in whatever state it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from dynaport_tui.engine.changes import Changes, globs_of
from dynaport_tui.engine.facts import Moments, details
from dynaport_tui.engine.supervisor import Supervisor
from dynaport_tui.model.machine import State
from dynaport_tui.model.record import Transition
from dynaport_tui.model.spec import ProbeSpec, ServiceSpec
from dynaport_tui.model.text import MASK
from dynaport_tui.model.view import Details, PortUse
from tests.fakes import NOON
from tests.model.fleets import ROOT, Story, project, service, task


class FakeReloads:
    """What services loaded, as a test says."""

    def __init__(self) -> None:
        self.changes = Changes()

    def loaded(self, service: str, *files: str) -> None:
        self.changes.loaded(service, {f"{ROOT}/{file}": (1, 1, 1) for file in files})

    def files(self, record: Any) -> Any:
        return self.changes.own_files(record)

    def globs(self, record: Any) -> Any:
        return globs_of(record)


class Known:
    """A fleet, and what the rest of an engine would know of it."""

    def __init__(self, *specs: ServiceSpec, **keys: Any) -> None:
        self.story = Story(*specs)
        self.port_whys: dict[tuple[str, str], str] = {}
        self.held: set[str] = set()
        self.moments = Moments()
        self.reloads = FakeReloads()
        self.watching = True
        self.project = project(*specs, **keys)

    def launched(self, name: str, **keys: Any) -> None:
        """Its launch, with other values."""
        record = self.story.record(name)
        record.launch = replace(record.launch, **keys)

    def details(self, name: str) -> Details:
        """As the engine gives them."""
        engine = SimpleNamespace(
            fleet=self.story.fleet,
            moments=self.moments,
            reloads=self.reloads,
            options=SimpleNamespace(watch=self.watching),
            planner=SimpleNamespace(
                project=self.project,
                port_why=lambda name, slot: self.port_whys.get((name, slot)),
            ),
            hands={
                s: SimpleNamespace(scheme="http", held=object() if s in self.held else None)
                for s in self.story.fleet.records
            },
        )
        return details(cast("Supervisor", engine), name)


def app(name: str, *needs: str, **keys: Any) -> ServiceSpec:
    fields = {"kind": "app", "target": f"{name}:app", "health": ProbeSpec(kind="runner")}
    return service(name, *needs, **{**fields, **keys})


class TestCauses:
    def test_of_one_that_runs_there_is_its_own_alone(self) -> None:
        known = Known(service("web"))
        known.story.answered("web")
        assert known.details("web").causes == ["web is ready: answered GET /healthz in 3 ms"]

    def test_one_that_waits_names_whom_and_those_say_why(self) -> None:
        known = Known(service("web", "api", "db"), service("api", "db"), service("db"))
        known.story.exited("db", 1, why="OSError: disk is full", again=False)
        assert known.details("web").causes == [
            "web waits for api and db",
            "api waits for db",
            "db is broken: OSError: disk is full (exit 1 after 0 ms)",
        ]

    def test_one_that_is_not_to_run_says_who_said_so(self) -> None:
        known = Known(service("web", "db"), service("db"), service("api", "db"))
        known.story.unwant("db")
        known.story.gone("db")
        assert known.details("web").causes == [
            "web waits for db",
            "db is not to run (asked to stop)",
        ]

    def test_one_that_starts_says_after_what(self) -> None:
        known = Known(service("web"))
        assert known.details("web").causes == ["web is not ready yet: starting"]


class TestHistory:
    def test_moments_are_kept_by_the_clock_on_the_wall(self) -> None:
        known = Known(service("web"))
        for second in range(60):
            change = Transition(
                service="web",
                now=float(second),
                old=State.READY,
                new=State.STOPPING,
                why=f"save {second}",
            )
            known.moments.add(change, NOON + second)
        history = known.details("web").history
        assert (len(history), history[-1].at, history[-1].why) == (50, NOON + 59, "save 59")
        known.moments.forget("web")
        assert known.details("web").history == []


class TestConfig:
    def test_every_default_is_filled_in_and_paths_count_from_the_project(self) -> None:
        known = Known(app("web", cwd=f"{ROOT}/shop", env={"API_KEY": "abc", "THEME": "dark"}))
        known.launched("web", python=f"{ROOT}/.venv/bin/python")
        config = known.details("web").config
        assert list(config)[:6] == ["app", "cwd", "python", "server", "port", "host"]
        assert (config["app"], config["cwd"]) == ("web:app", "shop")
        assert config["python"] == ".venv/bin/python"
        assert config["env"] == {"API_KEY": MASK, "THEME": "dark"}
        assert config["health"] == {
            "http": "/_dynaport/health",
            "interval": 5,
            "timeout": 2,
            "retries": 3,
            "start_deadline": 30,
        }
        assert config["restart"] == {"policy": "on-failure", "max": 5, "unhealthy": False}
        assert (config["watch"], config["reload"], config["warm"]) == (True, "overlap", True)

    def test_keys_that_mean_nothing_for_it_are_left_out(self) -> None:
        config = Known(task("migrate", target=("python", "m.py"))).details("migrate").config
        assert config["command"] == ["python", "m.py"]
        assert (config["port"], config["task"], config["reload"]) == (False, True, "restart")
        assert not {"host", "health", "python", "server", "warm", "debug", "prefix"} & set(config)

    @pytest.mark.parametrize(
        ("probe", "shown"),
        [
            (ProbeSpec(kind="http", path="/up"), {"http": "/up"}),
            (ProbeSpec(kind="tcp"), {"tcp": True}),
            (ProbeSpec(kind="command", command=("ping", "x")), {"command": ["ping", "x"]}),
            (ProbeSpec(kind="log", pattern="up"), {"log": "up", "start_deadline": 30}),
            (ProbeSpec(kind="alive"), {"alive": True, "start_deadline": 30}),
        ],
    )
    def test_a_probe_is_shown_as_it_is_written(
        self, probe: ProbeSpec, shown: dict[str, Any]
    ) -> None:
        config = Known(service("web", health=probe)).details("web").config
        assert shown.items() <= config["health"].items()


class TestPorts:
    def test_each_port_says_where_it_comes_from(self) -> None:
        known = Known(app("web", ports=("debug", "admin")))
        known.launched("web", ports={"debug": 5001, "admin": 5002})
        known.port_whys["web", "debug"] = "5009 was in use"
        known.held.add("web")
        assert known.details("web").ports == [
            PortUse(
                port=5000,
                url="http://127.0.0.1:5000",
                why="computed from shop / web: the same on every machine",
                held=True,
            ),
            PortUse(name="debug", port=5001, why="not the computed one: 5009 was in use"),
            PortUse(
                name="admin",
                port=5002,
                why="computed from shop / web / admin: the same on every machine",
            ),
        ]

    def test_a_pinned_one_names_its_line(self) -> None:
        known = Known(service("web.2", instance="2", port=5000, line=12))
        (use,) = known.details("web.2").ports
        assert use.pinned
        assert use.why == "pinned in services.toml, line 12"

    def test_one_of_several_instances_is_computed_from_its_number_too(self) -> None:
        known = Known(service("web.2", instance="2"))
        assert known.details("web.2").ports[0].why.startswith("computed from shop / web / 2: ")

    def test_one_that_listens_to_nothing_has_none(self) -> None:
        assert Known(task("migrate")).details("migrate").ports == []


class TestWatched:
    def test_what_it_loaded_and_its_env_files_reload_it(self) -> None:
        known = Known(app("web", env_files=(f"{ROOT}/web.env",)), env_file=f"{ROOT}/.env")
        known.reloads.loaded("web", "web.py", "shop/prices.py")
        expected = ["shop/prices.py", "web.py", "web.env", ".env"]
        assert known.details("web").watched == expected

    def test_many_files_are_named_by_their_folders(self) -> None:
        known = Known(app("web"))
        known.reloads.loaded("web", "web.py", *(f"shop/{n}.py" for n in range(30)))
        assert known.details("web").watched == ["./ (1 loaded file)", "shop/ (30 loaded files)"]

    def test_many_folders_are_counted(self) -> None:
        known = Known(app("web"))
        known.reloads.loaded("web", *(f"shop{n}/a.py" for n in range(13)))
        assert known.details("web").watched[-1] == "3 more folders"

    def test_globs_count_from_the_project(self) -> None:
        known = Known(service("web", cwd=f"{ROOT}/shop", watch=("**/*.py", "!old/**")))
        assert known.details("web").watched == ["shop/**/*.py", "!shop/old/**"]

    def test_while_it_is_broken_any_python_file_is_watched(self) -> None:
        known = Known(service("web"))
        assert known.details("web").watched == []
        known.story.exited("web", 1, again=False)
        assert known.details("web").watched == ["**/*.py"]

    @pytest.mark.parametrize("keys", [{"watched": False}, {"reload": "off"}])
    def test_nothing_reloads_one_that_is_not_watched(self, keys: dict[str, Any]) -> None:
        known = Known(app("web", **keys), env_file=f"{ROOT}/.env")
        known.reloads.loaded("web", "web.py")
        assert known.details("web").watched == []

    def test_nothing_reloads_where_nobody_watches(self) -> None:
        known = Known(app("web"), env_file=f"{ROOT}/.env")
        known.watching = False
        assert known.details("web").watched == []


def test_who_depends_on_it_is_named_in_the_order_of_the_file() -> None:
    known = Known(service("web", "db"), service("db"), service("api", "db", "web"))
    assert known.details("db").used_by == ["web", "api"]
    assert known.details("api").used_by == []


def test_what_is_executed_is_named_with_its_folder_and_interpreter() -> None:
    known = Known(app("web"), service("db", target=("redis-server", "--port", "1")))
    web, db = known.details("web"), known.details("db")
    assert (web.command, web.cwd, web.python) == (["web:app"], ROOT, "/usr/bin/python3")
    assert (db.command, db.python) == (["redis-server", "--port", "1"], None)
