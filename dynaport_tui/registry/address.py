"""Where a service is, again and again: through restarts and moves to another port."""

from __future__ import annotations

import inspect
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..model.launch import variable
from .places import FILE_NAME, Place, by_lease, by_variable, nearest_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..service_registry import ServiceRegistry

C = TypeVar("C")

_PAUSE = 0.05
"""Seconds between two looks for one that is not there yet."""


class ServiceNotFound(LookupError):
    """A service was not there, or not yet; the message says where it was looked for."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message if not hint else f"{message}. {hint}")
        self.hint = hint


class ServiceAddress:
    """The address of one service; `str()` of it is the URL that is right now.

    It is looked up at every use, in a fraction of a millisecond, so it follows a restart and a
    moved port; while a service restarts, a use waits for it. Every use raises ServiceNotFound when
    it is not there in time, and LedgerError.

    >>> users = ServiceRegistry().address("user-service")
    >>> requests.get(f"{users}/users/1")
    >>> httpx.get(users.join("/users", name="Ada"))
    """

    def __init__(
        self, registry: ServiceRegistry, app_id: str, instance_id: str, *, timeout: float
    ) -> None:
        """`timeout`: seconds that a use waits at most."""
        self._registry = registry
        self.app_id = app_id
        self.instance_id = instance_id
        self.timeout = timeout
        self._good: Place | None = None

    def __str__(self) -> str:
        return self.base_url

    def __repr__(self) -> str:
        return f"ServiceAddress({self.app_id!r}, {self.instance_id!r})"

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:20417`, as soon as connections are accepted there.

        >>> users.base_url
        'http://127.0.0.1:20417'
        """
        deadline = time.monotonic() + self.timeout
        while True:
            tried = []
            for place in self._places():
                if place == self._good or place.answers():
                    self._good = place if place.mark is not None else None
                    return place.url
                tried.append(place)
            if time.monotonic() >= deadline:
                raise self._missing(tried)
            time.sleep(min(_PAUSE, max(deadline - time.monotonic(), 0)))

    def join(self, path: str, /, **query: object) -> str:
        """The URL of a path, with a query where there is one.

        >>> users.join("/users", name="Ada Lovelace")
        'http://127.0.0.1:20417/users?name=Ada+Lovelace'
        """
        url = f"{self.base_url}/{path.lstrip('/')}"
        if not query:
            return url
        from urllib.parse import urlencode

        return f"{url}{'&' if '?' in path else '?'}{urlencode(query, doseq=True)}"

    def bind(self, client: C) -> C:
        """Let a client of requests or httpx take paths of this service; returns the same client.

        Where its methods are given a path (`/users/1`), it goes to wherever the service is then;
        full URLs go where they say. For anything with a method `request(method, url, ...)`:
        requests.Session, httpx.Client, httpx.AsyncClient (its event loop is not blocked).

        >>> session = users.bind(requests.Session())
        >>> session.get("/users/1", timeout=3)
        >>> client = users.bind(httpx.AsyncClient())
        >>> await client.get("/users/1")
        """
        request = cast("Any", client).request
        wrapped = _awaited if inspect.iscoroutinefunction(request) else _direct
        cast("Any", client).request = wrapped(self, request)
        return client

    def _places(self) -> Iterator[Place]:
        """Where it may be, the most certain first."""
        if place := by_variable(self.app_id, self.instance_id, os.environ):
            yield place
        if place := self._registry.place(self.app_id, self.instance_id):
            yield place
        if place := by_lease(self._registry.path, self.app_id, self.instance_id):
            yield place

    def _missing(self, tried: list[Place]) -> ServiceNotFound:
        name = f"{self.app_id}:{self.instance_id}"
        if tried:
            where = " and ".join(f"nothing accepts connections at {place.url}" for place in tried)
            return ServiceNotFound(
                f"{name} was not there within {self.timeout:g} s: {where}", _WAIT
            )
        return ServiceNotFound(
            f"no service {name} was found within {self.timeout:g} s: {self._looked()}",
            self._remedy(),
        )

    def _looked(self) -> str:
        looked = ["the registry has none of that name"]
        if "DYNAPORT_PROJECT" in os.environ:
            looked.insert(0, f"{variable(self.app_id)}_URL is not set")
        if root := nearest_root():
            looked.append(f"{Path(root, FILE_NAME)} has no running one")
        else:
            looked.append(f"there is no {FILE_NAME} here or above")
        return ", ".join(looked)

    def _remedy(self) -> str:
        from ..model.problems import did_you_mean

        known = sorted({row.app_id for row in self._registry.rows()} - {self.app_id})
        return did_you_mean(
            self.app_id,
            known,
            f'Start the program that has DynaPortFlask(app_id="{self.app_id}"), or register it: '
            f"`dynaport service register {self.app_id} PORT`.",
        )


_WAIT = "If it is just starting, give it more time (`timeout=`); else look at what it printed."


def _direct(address: ServiceAddress, request: Callable[..., Any]) -> Callable[..., Any]:
    def to_service(method: str, url: Any, *args: Any, **options: Any) -> Any:
        return request(method, address.join(url) if _is_path(url) else url, *args, **options)

    return to_service


def _awaited(address: ServiceAddress, request: Callable[..., Any]) -> Callable[..., Any]:
    async def to_service(method: str, url: Any, *args: Any, **options: Any) -> Any:
        import asyncio

        if _is_path(url):
            url = await asyncio.to_thread(address.join, url)
        return await request(method, url, *args, **options)

    return to_service


def _is_path(url: object) -> bool:
    return isinstance(url, str) and url.startswith("/")
