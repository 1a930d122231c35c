"""The demo of the repository, run as a new user would."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import ROOT, Dynaport, fetch, refuses, wait_until

READY = {"migrate": "DONE"} | dict.fromkeys(
    ["catalog", "users", "billing", "worker", "web"], "READY"
)

ON_THE_PAGE = {
    "catalog": "Darjeeling",
    "users": "Ada Lindgren",
    "users' .env": "help@teashop.example",
    "billing": "3 invoices, with 19 % VAT",
    "worker": "badge paid",
}
"""Who says it -> what the shop's page shows of it."""


@pytest.fixture
def shop(project: Project) -> Path:
    """A copy of the demo, so that a run in the repository and this one do not meet."""
    shutil.copy(ROOT / "services.toml", project.folder)
    ignored = shutil.ignore_patterns("var", "__pycache__", ".venv")
    shutil.copytree(ROOT / "examples", project.folder / "examples", ignore=ignored)
    return project.folder


@pytest.mark.timeout(120)
def test_the_demo_runs_and_its_page_shows_data_of_every_service(
    shop: Path, dynaport: Dynaport
) -> None:
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait", "--timeout", "60", deadline=70).expect(0)
    services = {entry["id"]: entry for entry in dynaport.ps()["services"]}
    assert {name: entry["state"] for name, entry in services.items()} == READY

    url = dynaport.run("url", "web").expect(0).out.strip()
    wait_until(lambda: "3 invoices" in fetch(url).text, what="the worker charged all orders")
    page = fetch(url)
    assert page.status == 200
    assert {who: text for who, text in ON_THE_PAGE.items() if text not in page.text} == {}

    dynaport.run("down").expect(0)
    assert all(refuses(entry["port"]) for entry in services.values() if entry["port"])
    dynaport.wait_until_nothing_is_left()


@pytest.mark.timeout(120)
def test_the_shop_page_stays_up_while_a_neighbour_is_stopped(
    shop: Path, dynaport: Dynaport
) -> None:
    dynaport.run("up", "-d").expect(0)
    dynaport.run("wait", "--timeout", "60", deadline=70).expect(0)
    dynaport.run("stop", "users").expect(0)
    dynaport.wait_for_state("users", "STOPPED")
    page = dynaport.get("web")
    assert page.status == 200
    assert "The customers are not available now." in page.text
    assert "Darjeeling" in page.text

    dynaport.run("start", "users").expect(0)
    dynaport.wait_for_state("users", "READY")
    assert "Ada Lindgren" in dynaport.get("web").text


@pytest.mark.timeout(120)
def test_a_saved_page_of_the_shop_is_shown_at_once_and_restarts_nobody_else(
    shop: Path, dynaport: Dynaport
) -> None:
    dynaport.run("up", "-d").expect(0)
    dynaport.wait_until_ready()
    assert "Darjeeling" in dynaport.get("web").text
    before = dynaport.pids()
    template = shop / "examples/web/templates/index.html"
    template.write_text(template.read_text().replace("<h2>Invoices</h2>", "<h2>All paid</h2>"))
    wait_until(lambda: "All paid" in dynaport.get("web").text, what="the new page is shown")
    after = dynaport.pids()
    assert [service for service in before if before[service] != after[service]] == ["web"]


def test_the_demo_file_is_valid(shop: Path, dynaport: Dynaport) -> None:
    dynaport.run("check").expect(0)


@pytest.mark.timeout(120)
def test_ctrl_c_stops_the_demo_in_reverse_order_of_its_dependencies(
    shop: Path, dynaport: Dynaport
) -> None:
    stream = dynaport.start("up", "--no-tui", "--log-format", "json")
    stream.wait_for_line(r'(?=.*"service": ?"web")(?=.*"to": ?"READY")', deadline=60)
    stream.interrupt()
    finished = stream.wait(40).expect(130)
    dynaport.wait_until_nothing_is_left()

    events = [json.loads(line) for line in finished.out.splitlines()]
    stopped = [event["service"] for event in events if event.get("to") == "STOPPED"]
    assert {"web", "billing", "users", "catalog", "worker"} <= set(stopped)
    assert stopped.index("web") < min(stopped.index("billing"), stopped.index("users"))
    assert stopped.index("billing") < stopped.index("catalog")
