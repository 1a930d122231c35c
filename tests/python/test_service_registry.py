"""What is registered, and how it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dynaport_tui import ServiceRegistry
from dynaport_tui.ledger.ledger import Ledger
from dynaport_tui.ledger.liveness import birth, lives
from tests.fakes import FakeService


@pytest.fixture
def registry(private: Path) -> ServiceRegistry:
    return ServiceRegistry()


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def table(registry: ServiceRegistry) -> list[tuple[str, int]]:
    """What is in the file, dead or alive."""
    with Ledger(registry.path) as ledger:
        query = "SELECT app_id, pid FROM services ORDER BY app_id, pid"
        return ledger.read(lambda db: db.execute(query).fetchall())


def test_a_record_made_by_hand_has_no_pid_and_stays_until_it_is_unregistered(
    registry: ServiceRegistry,
) -> None:
    made = registry.register_service("search", 9, name="Search", health_endpoint=None)

    assert (made.pid, made.url, made.health_status) == (None, "http://127.0.0.1:9", "unknown")
    found = registry.get_service("search")
    assert found is not None
    assert (found.name, found.pid, found.status) == ("Search", None, "running")
    assert registry.unregister_service("search")
    assert registry.get_service("search") is None
    assert not registry.unregister_service("search")


def test_a_record_goes_with_its_process(registry: ServiceRegistry) -> None:
    with sleeper() as process:
        registry.register_service("users", 9, pid=process.pid, health_endpoint=None)
        found = registry.get_service("users")
        assert found is not None
        assert found.pid == process.pid
        os.kill(process.pid, 9)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert registry.list_services() == []


def test_another_process_with_the_pid_of_a_dead_one_is_not_taken_for_it(
    registry: ServiceRegistry,
) -> None:
    registry.register_service("users", 9, pid=os.getpid())
    with Ledger() as ledger:
        ledger.write(lambda db: db.execute("UPDATE services SET born = 'another boot:17'"))

    assert registry.get_service("users") is None
    assert not lives(os.getpid(), "another boot:17")
    assert lives(os.getpid(), birth(os.getpid()))


def test_what_is_dead_is_swept_when_somebody_writes(registry: ServiceRegistry) -> None:
    with sleeper() as process:
        registry.register_service("users", 9, pid=process.pid)
        process.kill()
    assert table(registry) == [("users", process.pid)]

    registry.register_service("orders", 10)

    assert table(registry) == [("orders", 0)]


def test_a_process_that_does_not_run_cannot_be_registered(registry: ServiceRegistry) -> None:
    with sleeper() as process:
        process.kill()
    with pytest.raises(ValueError, match=rf"no process {process.pid} runs: give a living pid"):
        registry.register_service("users", 9, pid=process.pid)


def test_processes_behind_one_port_are_one_service(registry: ServiceRegistry) -> None:
    with sleeper() as worker:
        registry.register_service("users", 9, pid=os.getpid(), health_endpoint=None)
        registry.register_service("users", 9, pid=worker.pid, health_endpoint=None)
        assert [service.pid for service in registry.list_services()] == [worker.pid]
        worker.kill()
    assert [service.pid for service in registry.list_services()] == [os.getpid()]


def test_health_is_asked_at_the_reading(registry: ServiceRegistry) -> None:
    with FakeService() as service:
        registry.register_service("users", service.port)
        before = registry.get_service("users")
        service.status = 503
        service.body = '{"checks": {"db": {"healthy": false, "error": "no connection"}}}'
        after = registry.get_service("users")
        health = registry.check_health("users")

    assert service.asked[0] == "GET /health HTTP/1.1"
    assert before is not None
    assert before.health_status == "healthy"
    assert after is not None
    assert after.health_status == "unhealthy"
    assert (health.status, health.healthy) == ("unhealthy", False)
    assert health.reason == "answered GET /health with 503: db failed (no connection)"
    assert registry.check_health("users").reason == f"nothing listens on port {service.port}"


def test_a_redirect_is_healthy_and_not_followed(registry: ServiceRegistry) -> None:
    with FakeService(302) as service:
        registry.register_service("users", service.port, health_endpoint="/up?deep=1")
        assert registry.check_health("users").healthy
        assert service.asked == ["GET /up?deep=1 HTTP/1.1"]


def test_without_an_endpoint_a_connection_is_answer_enough(registry: ServiceRegistry) -> None:
    with FakeService(silent=True) as service:
        registry.register_service("cache", service.port, health_endpoint=None)
        assert registry.check_health("cache").reason.startswith("accepts connections on port")


def test_services_that_hang_are_asked_all_at_once(
    registry: ServiceRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAPORT_SERVICE_REGISTRY_HEALTH_TIMEOUT", "0.3")
    with FakeService(silent=True) as hangs, FakeService() as well:
        for number in range(12):
            registry.register_service(f"hangs-{number:02}", hangs.port)
        registry.register_service("well", well.port)
        begun = time.monotonic()
        services = registry.list_services()
        took = time.monotonic() - begun

    assert [service.health_status for service in services] == ["unhealthy"] * 12 + ["healthy"]
    assert services[0].health_reason == "did not answer GET /health within 0.3 s"
    assert took < 12 * 0.3  # one after the other would take at least as long


def test_nothing_but_this_machine_is_asked(registry: ServiceRegistry) -> None:
    registry.register_service("far", 80, host="192.0.2.1")

    health = registry.check_health("far")

    assert health.status == "unknown"
    assert "192.0.2.1 is not asked" in health.reason


def test_what_is_not_registered_is_unhealthy_and_says_why(registry: ServiceRegistry) -> None:
    health = registry.check_health("nobody")

    assert not health.healthy
    assert health.reason == "nobody:default is not registered, or its process has ended"


def test_a_status_is_one_word(registry: ServiceRegistry) -> None:
    registry.register_service("users", 9, health_endpoint=None)

    assert registry.update_status("users", "draining")
    assert [service.status for service in registry.list_services()] == ["draining"]
    assert not registry.update_status("orders", "running")
    with pytest.raises(ValueError, match='write one word, such as "running"'):
        registry.update_status("users", "not well")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"app_id": ""}, "app_id '' cannot be used: write 1 to 200 characters without spaces"),
        ({"app_id": "a:b"}, "app_id 'a:b' cannot be used"),
        ({"port": 0}, "port 0 cannot be used: write a number from 1 to 65535"),
        ({"health_endpoint": "up"}, "health_endpoint 'up' is no path: write \"/up\", or None"),
        ({"dependencies": ["a:b:c"]}, "dependency 'a:b:c': instance_id 'b:c' cannot be used"),
    ],
)
def test_what_can_never_be_right_is_refused_with_what_to_write(
    registry: ServiceRegistry, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        registry.register_service(**{"app_id": "users", "port": 9, **arguments})  # type: ignore[arg-type]
