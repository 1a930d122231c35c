"""What a service finds in its environment, and what is executed for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dynaport_tui.model.environment import (
    Surroundings,
    Unresolved,
    launches,
    outside,
    reachable_host,
    url,
)
from dynaport_tui.model.launch import Launch
from dynaport_tui.model.spec import ServiceSpec
from tests.model.fleets import project, service

USERS, ORDERS = service("users"), service("orders-api")


def around(*specs: ServiceSpec, **keys: Any) -> Surroundings:
    """Surroundings with a port for each listener, and nothing else."""
    fields: dict[str, Any] = {
        "shell": {},
        "env_files": {},
        "pythons": {spec.id: ("/usr/bin/python3", None) for spec in specs},
        "ports": {s.id: {"": 5001 + i} for i, s in enumerate(specs) if s.listens},
        "socket": "/run/shop/sock",
    }
    return Surroundings(**{**fields, **keys})


def plan(*specs: ServiceSpec, **keys: Any) -> dict[str, Launch]:
    """The launches of these services."""
    return launches(project(*specs), around(*specs, **keys))


def env(*specs: ServiceSpec, **keys: Any) -> Mapping[str, str]:
    """What the first service finds."""
    launch = plan(*specs, **keys)[specs[0].id]
    return {**launch.env, **launch.peers}


class TestOwnVariables:
    def test_it_is_told_where_to_listen_in_every_usual_way(self) -> None:
        found = env(service("users", host="0.0.0.0"))
        assert {found[name] for name in ("PORT", "FLASK_RUN_PORT", "UVICORN_PORT")} == {"5001"}
        assert {found[name] for name in ("HOST", "FLASK_RUN_HOST", "UVICORN_HOST")} == {"0.0.0.0"}

    def test_it_is_told_who_it_is(self) -> None:
        spec = service("users.green", instance="green")
        assert env(spec).items() >= {
            ("DYNAPORT_PROJECT", "shop"),
            ("DYNAPORT_SERVICE", "users.green"),
            ("DYNAPORT_INSTANCE", "green"),
            ("DYNAPORT_URL", "http://127.0.0.1:5001"),
            ("DYNAPORT_SOCKET", "/run/shop/sock"),
        }

    def test_further_ports_have_variables_of_their_own(self) -> None:
        ports = {"users": {"": 5001, "debug": 6001}}
        launch = plan(service("users", ports=("debug",)), ports=ports)["users"]
        assert launch.env["PORT_DEBUG"] == "6001"
        assert (launch.port, launch.ports) == (5001, {"debug": 6001})

    def test_one_that_listens_to_nothing_is_given_no_port(self) -> None:
        found = env(service("worker", listens=False))
        assert not {"PORT", "HOST", "DYNAPORT_URL"} & found.keys()

    def test_the_gateway_is_named_where_there_is_one(self) -> None:
        assert "GATEWAY_URL" not in env(USERS)
        url = "http://127.0.0.1:8000"
        assert env(USERS, gateway_url=url)["GATEWAY_URL"] == url

    def test_output_comes_at_once(self) -> None:
        assert env(USERS)["PYTHONUNBUFFERED"] == "1"


class TestColour:
    def test_output_comes_in_colour(self) -> None:
        assert env(USERS)["FORCE_COLOR"] == "1"

    @pytest.mark.parametrize("place", ["shell", "file", "services.toml"])
    def test_never_where_anybody_says_no_color(self, place: str) -> None:
        no = {"NO_COLOR": "1"}
        spec = service("users", env=no if place == "services.toml" else {})
        shell = no if place == "shell" else {}
        files = {"users": no} if place == "file" else {}
        found = env(spec, shell=shell, env_files=files)
        assert found["NO_COLOR"] == "1"
        assert "FORCE_COLOR" not in found

    def test_an_empty_no_color_says_nothing(self) -> None:
        assert env(USERS, shell={"NO_COLOR": ""})["FORCE_COLOR"] == "1"


class TestPrecedence:
    def test_strongest_are_our_own_then_services_toml_then_the_shell_then_env_files(self) -> None:
        names = ("PORT", "A", "B", "C")
        found = env(
            service("users", env=dict.fromkeys(names[:2], "toml")),
            shell=dict.fromkeys(names[:3], "shell"),
            env_files={"users": dict.fromkeys(names, "file")},
        )
        assert [found[name] for name in names] == ["5001", "toml", "shell", "file"]

    def test_an_address_is_stronger_than_what_the_shell_says(self) -> None:
        found = env(USERS, ORDERS, shell={"ORDERS_API_URL": "http://elsewhere"})
        assert found["ORDERS_API_URL"] == "http://127.0.0.1:5002"

    @pytest.mark.parametrize(
        "name",
        [
            "WERKZEUG_RUN_MAIN",
            "WERKZEUG_SERVER_FD",
            "FLASK_RUN_FROM_CLI",
            "DYNAPORT_URL",
            "LISTEN_FDS",
            "NOTIFY_SOCKET",
            "WATCHDOG_USEC",
        ],
    )
    def test_what_belongs_to_another_process_is_not_inherited(self, name: str) -> None:
        assert name not in env(service("worker", listens=False), shell={name: "3"})

    @pytest.mark.parametrize(
        "name",
        ["DYNAPORT_URL", "DYNAPORT_SOCKET_X", "LISTEN_FDS", "NOTIFY_SOCKET", "WATCHDOG_USEC"],
    )
    def test_no_env_file_speaks_of_a_process_either(self, name: str) -> None:
        files = {"worker": {name: "3"}}
        assert name not in env(service("worker", listens=False), env_files=files)

    @pytest.mark.parametrize("name", ["DYNAPORT_STATE_DIR", "DYNAPORT_RUNTIME_DIR"])
    def test_where_dynaport_keeps_what_it_knows_is_inherited(self, name: str) -> None:
        assert env(USERS, shell={name: "/srv/dp"})[name] == "/srv/dp"

    def test_what_an_env_file_or_services_toml_says_is_meant(self) -> None:
        files = {"users": {"WERKZEUG_DEBUG_PIN": "off"}}
        assert env(USERS, env_files=files)["WERKZEUG_DEBUG_PIN"] == "off"
        assert (
            env(service("users", env={"WERKZEUG_DEBUG_PIN": "off"}))["WERKZEUG_DEBUG_PIN"] == "off"
        )

    def test_programs_of_its_virtual_environment_come_first(self) -> None:
        pythons = {"users": ("/shop/.venv/bin/python", "/shop/.venv")}
        found = env(USERS, pythons=pythons, shell={"PATH": "/usr/bin", "VIRTUAL_ENV": "/other"})
        assert found["PATH"] == "/shop/.venv/bin:/usr/bin"
        assert found["VIRTUAL_ENV"] == "/shop/.venv"


class TestPeers:
    def test_every_other_service_has_an_address(self) -> None:
        found = env(USERS, ORDERS)
        assert found["ORDERS_API_URL"] == "http://127.0.0.1:5002"
        assert found["ORDERS_API_HOST"] == "127.0.0.1"
        assert found["ORDERS_API_PORT"] == "5002"
        assert "ORDERS_API_URLS" not in found
        assert "USERS_URL" not in found

    def test_one_that_listens_to_nothing_has_none(self) -> None:
        assert not [n for n in env(USERS, service("worker", listens=False)) if n.startswith("WORK")]

    def test_with_instances_all_are_named_and_the_first_is_the_one(self) -> None:
        two = [service(f"api.{n}", instance=str(n)) for n in (1, 2)]
        found = env(USERS, *two)
        assert found["API_URL"] == "http://127.0.0.1:5002"
        assert found["API_PORT"] == "5002"
        assert found["API_URLS"] == "http://127.0.0.1:5002,http://127.0.0.1:5003"

    def test_they_are_kept_apart_from_the_rest(self) -> None:
        launch = plan(USERS, ORDERS)["users"]
        assert "ORDERS_API_URL" not in launch.env
        assert launch.peers.keys() == {"ORDERS_API_URL", "ORDERS_API_HOST", "ORDERS_API_PORT"}

    def test_a_service_whose_name_begins_one_of_our_variables_does_not_change_it(self) -> None:
        found = env(USERS, service("flask-run"), service("dynaport"), service("uvicorn"))
        assert found["FLASK_RUN_PORT"] == found["UVICORN_PORT"] == "5001"
        assert found["DYNAPORT_URL"] == "http://127.0.0.1:5001"
        assert found["FLASK_RUN_URL"] == "http://127.0.0.1:5002"

    @pytest.mark.parametrize(
        ("host", "reachable"),
        [
            ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "127.0.0.1"),
            ("localhost", "127.0.0.1"),
            ("::", "[::1]"),
            ("::1", "[::1]"),
            ("192.0.2.7", "192.0.2.7"),
        ],
    )
    def test_an_address_is_one_under_which_it_can_be_reached(
        self, host: str, reachable: str
    ) -> None:
        assert reachable_host(host) == reachable
        found = env(USERS, service("api", host=host))
        assert found["API_URL"] == url(host, 5002) == f"http://{reachable}:5002"
        assert found["API_HOST"] == reachable.strip("[]")


class TestInterpolation:
    def test_addresses_and_variables_are_filled_in(self) -> None:
        given = {
            "PEER": "${services.orders-api.url}/v1",
            "WHERE": "${services.orders-api.host}:${services.orders-api.port}",
            "HOME_DIR": "${env.HOME}",
            "PLAIN": "$HOME and $${env.HOME}",
        }
        found = env(service("users", env=given), ORDERS, shell={"HOME": "/home/ann"})
        assert found["PEER"] == "http://127.0.0.1:5002/v1"
        assert found["WHERE"] == "127.0.0.1:5002"
        assert found["HOME_DIR"] == "/home/ann"
        assert found["PLAIN"] == "$HOME and ${env.HOME}"

    def test_variables_may_come_from_env_files(self) -> None:
        spec = service("users", env={"DB": "${env.DB_HOST}/users"})
        assert env(spec, env_files={"users": {"DB_HOST": "db"}})["DB"] == "db/users"

    def test_all_instances_can_be_named(self) -> None:
        two = [service(f"api.{n}", instance=str(n)) for n in (1, 2)]
        found = env(service("users", env={"ALL": "${services.api.urls}"}), *two)
        assert found["ALL"] == "http://127.0.0.1:5002,http://127.0.0.1:5003"

    def test_all_of_one_is_that_one(self) -> None:
        found = env(service("users", env={"ALL": "${services.orders-api.urls}"}), ORDERS)
        assert found["ALL"] == "http://127.0.0.1:5002"

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            ("${env.NOWHERE}", "${env.NOWHERE}: the variable NOWHERE is not set"),
            ("${services.worker.url}", "${services.worker.url}: worker has no url"),
        ],
    )
    def test_what_has_no_value_is_named_with_its_service_and_variable(
        self, value: str, why: str
    ) -> None:
        with pytest.raises(Unresolved) as caught:
            env(service("users", env={"A": value}), service("worker", listens=False))
        assert [each[:2] for each in caught.value.missing] == [("users", "A")]
        assert str(caught.value) == why

    def test_all_that_has_no_value_is_said_at_once(self) -> None:
        given = {"A": "${env.NOWHERE}", "B": "there", "C": "${env.NOR_HERE}"}
        with pytest.raises(Unresolved) as caught:
            env(service("users", env=given), service("orders", env={"D": "${env.NOWHERE}"}))
        found = [each[:2] for each in caught.value.missing]
        assert found == [("users", "A"), ("users", "C"), ("orders", "D")]


class TestWhatIsExecuted:
    def test_a_string_goes_through_sh_and_a_list_does_not(self) -> None:
        found = plan(
            service("a", target="redis --port $PORT"), service("b", target=("redis", "-x"))
        )
        assert found["a"].argv == ("/bin/sh", "-c", "exec redis --port $PORT")
        assert found["b"].argv == ("redis", "-x")

    def test_a_script_s_arguments_are_split_as_a_shell_would(self) -> None:
        spec = service("a", kind="script", target="run.py --name 'Ann B'")
        assert plan(spec)["a"].argv == ("run.py", "--name", "Ann B")

    def test_an_app_is_its_reference(self) -> None:
        launch = plan(service("a", kind="app", target="app:create_app(1)"))["a"]
        assert (launch.kind, launch.argv, launch.held) == ("app", ("app:create_app(1)",), True)

    @pytest.mark.parametrize(
        ("server", "target", "args"),
        [
            ("gunicorn", "app:app", "--bind fd://3 --workers 2 app:app"),
            ("gunicorn", "app:make()", "--bind fd://3 --workers 2 app:make()"),
            (
                "hypercorn",
                "app:make()",
                "--bind fd://3 --backlog 1024 --graceful-timeout 3600 --workers 2 app:make()",
            ),
            ("uvicorn", "app:app", "--fd 3 --backlog 1024 --workers 2 app:app"),
            ("uvicorn", "app:make()", "--fd 3 --backlog 1024 --factory --workers 2 app:make"),
        ],
    )
    def test_another_server_serves_on_the_held_socket(
        self, server: str, target: str, args: str
    ) -> None:
        spec = service("a", kind="app", target=target, server=server, workers=2)
        launch = plan(spec)["a"]
        assert launch.kind == "command"
        assert launch.argv == ("/usr/bin/python3", "-m", server, *args.split())
        assert launch.hand_down
        assert launch.held

    def test_a_command_binds_its_port_itself_unless_the_socket_is_handed_down(self) -> None:
        found = plan(service("a"), service("b", hand_down=True))
        assert [(found[s].held, found[s].hand_down) for s in "ab"] == [(False, False), (True, True)]


def test_a_program_beside_the_services_finds_all_addresses() -> None:
    spec = project(USERS, ORDERS)
    found = outside(
        spec,
        around(USERS, ORDERS, shell={"HOME": "/home/ann", "A": "1"}, common={"A": "2", "B": "2"}),
    )
    assert found == {
        "HOME": "/home/ann",
        "A": "1",
        "B": "2",
        "DYNAPORT_PROJECT": "shop",
        "DYNAPORT_SOCKET": "/run/shop/sock",
        "USERS_URL": "http://127.0.0.1:5001",
        "USERS_HOST": "127.0.0.1",
        "USERS_PORT": "5001",
        "ORDERS_API_URL": "http://127.0.0.1:5002",
        "ORDERS_API_HOST": "127.0.0.1",
        "ORDERS_API_PORT": "5002",
    }
