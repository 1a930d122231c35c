"""Asking servers and waiting for answers."""

from __future__ import annotations

import json
import random
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

DEADLINE = 20.0
"""Seconds that a step may take on a busy machine."""


def wait_until(
    predicate: Callable[[], T], *, deadline: float = DEADLINE, what: str = "it came true"
) -> T:
    """Ask `predicate` every 20 ms until its answer is true, and return that answer.

    Fails the test after `deadline` seconds with `what` and the last answer.
    """
    end = time.monotonic() + deadline
    while not (answer := predicate()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:g} s: {what}; last answer: {answer!r}")
        time.sleep(0.02)
    return answer


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said; an error status is an answer too."""

    status: int
    text: str
    headers: dict[str, str]
    """Names in lower case."""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


def fetch(
    url: str,
    *,
    method: str = "GET",
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 5.0,
) -> Answer:
    """One request past all proxies; raises OSError when nobody answers in `timeout` seconds."""
    request = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        response = opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, response.read().decode("utf-8", "replace"), names)


def refuses(port: int) -> bool:
    """Whether nobody listens on the loopback port."""
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """A port that nobody has, outside dynaport's range and the system's ephemeral one."""
    for port in random.sample(range(30_000, 32_000), 200):
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("", port + 1)):
                return port
        except OSError:
            continue
    raise AssertionError("no free port between 30000 and 32000")
