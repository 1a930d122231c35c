from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.ledger.ledger import Ledger
from dynaport_tui.model.machine import State
from tests.fakes import ServedEngine
from tests.project import Project
from tests.views.conftest import Command


def test_why_is_one_line(run: Command, served: ServedEngine) -> None:
    assert run("why", "users").out == "users is READY: answered GET /healthz in 3 ms\n"


def test_why_of_a_service_that_waits_is_the_chain(run: Command, served: ServedEngine) -> None:
    served.engine.change(
        "users", state=State.STOPPED, waiting=True, why="waits for db, which is broken: exit 1"
    )

    assert run("why", "users").out == "users waits for db, which is broken: exit 1\n"
    assert run("why", "--json", "users").json() == {
        "service": "users",
        "state": "STOPPED",
        "why": "waits for db, which is broken: exit 1",
    }


def test_url_is_the_address_alone(run: Command, served: ServedEngine) -> None:
    assert run("url", "users").out == "http://127.0.0.1:20417\n"
    assert [entry["service"] for entry in run("url", "orders", "--json").json()] == [
        "orders.1", "orders.2",
    ]  # fmt: skip


def test_a_service_that_listens_to_nothing_has_no_url(run: Command, served: ServedEngine) -> None:
    said = run("url", "worker")

    assert (said.code, said.out) == (1, "")
    assert "worker listens to nothing" in said.err


def test_env_is_masked_and_quoted_for_a_shell(run: Command, served: ServedEngine) -> None:
    served.engine.variables = {"PORT": "20417", "API_KEY": "abc", "GREETING": "a b"}

    assert run("env", "users").out.splitlines() == [
        "API_KEY='••••'",
        "GREETING='a b'",
        "PORT=20417",
    ]
    assert run("env", "users", "--reveal", "--json").json()["API_KEY"] == "abc"


def test_env_of_several_instances_asks_which(run: Command, served: ServedEngine) -> None:
    said = run("env", "orders")

    assert said.code == 2
    assert "orders.1, orders.2" in said.err


def test_check_says_that_the_file_is_fine(run: Command, project: Project) -> None:
    assert run("check").out == f"{project.file} is fine: 4 services\n"
    assert run("check", "--json").json() == {
        "file": str(project.file),
        "ok": True,
        "services": ["users", "orders.1", "orders.2", "worker"],
        "problems": [],
    }


def test_check_gives_every_problem_as_json(run: Command, project: Project) -> None:
    project.file.write_text('[services.users]\ncommand = "true"\nprot = 1\n')
    said = run("check", "--json")

    assert said.code == 2
    (problem,) = said.json()["problems"]
    assert (problem["line"], problem["key"]) == (3, "services.users.prot")


def test_check_looks_for_what_a_start_would_miss(run: Command, project: Project) -> None:
    project.file.write_text(
        """
        [services.users]
        command = "true"
        ports = ["debug"]
        env = { A = "${env.NOWHERE}", B = "${services.db.url}", C = "${env.NOR_HERE}" }

        [services.db]
        command = "true"
        """
    )
    said = run("check")

    assert said.code == 2
    assert "services.toml:5: services.users.env.A: ${env.NOWHERE}: the variable" in said.err
    assert "services.users.env.C: " in said.err
    assert "services.users.env.B" not in said.err


def test_check_leases_no_port(run: Command) -> None:
    run("check")

    with Ledger() as ledger:
        assert ledger.leases() == []


def test_schema_is_a_json_schema(run: Command) -> None:
    assert "$schema" in run("schema").json()


@pytest.mark.parametrize(
    "args",
    [
        ["why", "users"],
        ["url", "users"],
        ["env", "users"],
        ["exec", "users", "--", "true"],
        ["down"],
        ["stop", "users"],
        ["start", "--all"],
        ["wait"],
        ["events"],
        ["logs", "-f"],
    ],
)
def test_where_nothing_runs_the_exit_code_is_5(run: Command, args: list[str]) -> None:
    said = run(*args)

    assert said.code == 5
    assert "`dynaport up` starts it" in said.err


def test_a_stale_socket_is_no_engine(run: Command, served: ServedEngine, private: Path) -> None:
    served.close()
    (sock,) = [folder / "sock" for folder in (private / "run" / "dynaport").iterdir()]
    sock.touch()

    assert run("ps").code == 5
