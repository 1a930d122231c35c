"""The address of a service: found, waited for, followed."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dynaport_tui import ServiceNotFound, ServiceRegistry
from dynaport_tui.ledger.lease import Want
from dynaport_tui.ledger.opened import opened
from tests.fakes import FakeService


class FakeSession:
    """A client that only says where it would go."""

    def request(self, method: str, url: str, **options: Any) -> str:
        return f"{method} {url}"

    def get(self, url: str) -> str:
        return self.request("GET", url)


class FakeAsyncClient:
    """The same, to be awaited."""

    async def request(self, method: str, url: str, **options: Any) -> str:
        return f"{method} {url}"


def test_the_url_of_a_registered_service(registry: ServiceRegistry) -> None:
    with FakeService() as service:
        registry.register_service("users", service.port)
        assert registry.url("users") == f"http://127.0.0.1:{service.port}"


def test_an_address_follows_a_service_to_another_port(registry: ServiceRegistry) -> None:
    users = registry.address("users")
    with FakeService() as before, FakeService() as after:
        registry.register_service("users", before.port)
        assert users.base_url == str(users) == f"http://127.0.0.1:{before.port}"
        registry.register_service("users", after.port)
        assert f"{users}/1" == f"http://127.0.0.1:{after.port}/1"
        assert users.join("/find", q="a b") == f"http://127.0.0.1:{after.port}/find?q=a+b"
        assert users.join("find?x=1", y=2).endswith("/find?x=1&y=2")


def test_a_service_that_is_starting_is_waited_for(registry: ServiceRegistry) -> None:
    with FakeService() as service:
        late = threading.Timer(0.15, lambda: registry.register_service("users", service.port))
        late.start()
        assert registry.url("users", timeout=8) == f"http://127.0.0.1:{service.port}"
        late.join()


def test_a_process_that_took_the_place_of_another_is_waited_for(
    registry: ServiceRegistry,
) -> None:
    users = registry.address("users", timeout=0.1)
    with FakeService() as service:
        registry.register_service("users", service.port, pid=os.getppid())
        url = users.base_url
    registry.register_service("users", service.port, pid=os.getpid())
    with pytest.raises(ServiceNotFound, match=f"nothing accepts connections at {url}"):
        _ = users.base_url


def test_what_is_not_there_is_told_with_where_it_was_looked_for(
    registry: ServiceRegistry, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(private)
    begun = time.monotonic()
    with pytest.raises(ServiceNotFound) as raised:
        registry.url("users", timeout=0.1)
    assert time.monotonic() - begun < 5
    assert str(raised.value) == (
        "no service users:default was found within 0.1 s: the registry has none of that name, "
        "there is no services.toml here or above. Start the program that has "
        'DynaPortFlask(app_id="users"), or register it: `dynaport service register users PORT`.'
    )
    registry.register_service("user", 9)
    with pytest.raises(ServiceNotFound, match='Did you mean "user"'):
        registry.url("users", timeout=0)


def test_inside_a_project_its_variables_go_first(
    registry: ServiceRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAPORT_PROJECT", "shop")
    monkeypatch.setenv("DYNAPORT_SERVICE", "web.2")
    monkeypatch.setenv("DYNAPORT_INSTANCE", "2")
    with FakeService() as first, FakeService() as second, FakeService() as own:
        registry.register_service("order-api", own.port)
        monkeypatch.setenv("ORDER_API_URL", f"http://127.0.0.1:{first.port}")
        urls = f"http://127.0.0.1:{first.port},http://127.0.0.1:{second.port}"
        monkeypatch.setenv("ORDER_API_URLS", urls)
        monkeypatch.setenv("DYNAPORT_URL", f"http://127.0.0.1:{own.port}")

        assert registry.url("order-api").endswith(f":{first.port}")
        assert registry.url("order-api", "2").endswith(f":{second.port}")
        assert registry.url("web").endswith(f":{own.port}")


def test_a_project_at_hand_is_looked_at_where_nobody_registered(
    registry: ServiceRegistry, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (private / "services.toml").touch()
    (private / "deep").mkdir()
    monkeypatch.chdir(private / "deep")
    with FakeService() as service:
        with opened() as ledger:
            pinned = Want(service="users", instance="1", pinned=service.port)
            ledger.lease(str(private), "shop", [pinned], (20000, 29999))
        assert registry.url("users") == f"http://127.0.0.1:{service.port}"
    with pytest.raises(ServiceNotFound, match=f"nothing accepts connections at .*:{service.port}"):
        registry.url("users", timeout=0)


def test_a_client_is_bound_to_a_service(registry: ServiceRegistry) -> None:
    with FakeService() as service:
        registry.register_service("users", service.port)
        session = registry.address("users").bind(FakeSession())

        assert session.get("/1") == f"GET http://127.0.0.1:{service.port}/1"
        assert session.get("http://elsewhere/1") == "GET http://elsewhere/1"


async def test_a_client_that_is_awaited_is_bound_to_a_service(registry: ServiceRegistry) -> None:
    with FakeService() as service:
        registry.register_service("users", service.port)
        client = registry.address("users").bind(FakeAsyncClient())

        assert await client.request("GET", "/1") == f"GET http://127.0.0.1:{service.port}/1"
