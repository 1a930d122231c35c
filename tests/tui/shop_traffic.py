"""What the tea shop's services print and answer while somebody looks at its page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import quantiles
from typing import NamedTuple

from dynaport_tui.model.view import Request, Requests
from tests.fakes import NOON

VISITS = (9, 47, 95, 140, 203, 260, 333, 401, 455, 520, 566, 610, 655, 690, 718, 741)
"""Seconds after the start at which somebody looked at the page."""
_ORDERED = {1: "Sencha, 13.69", 5: "Teapot, 40.46", 11: "Darjeeling, 10.59", 14: "Sencha, 13.69"}
"""Visits with an order, and what was ordered."""
_SLOW = {3: (200, 86.0), 9: (200, 412.0), 13: (504, 1840.0)}
"""Visits whose invoices took long: status, milliseconds."""


class Said(NamedTuple):
    """A line of a log, and the request that it is about."""

    at: float
    service: str
    text: str
    request: Request | None = None


def said() -> list[Said]:
    """All of twelve minutes, in order."""
    lines = list(_start())
    for number, second in enumerate(VISITS):
        lines += visit(NOON + second + 0.204, number)
    return lines


def _start() -> Iterator[Said]:
    for n, text in enumerate(("products: 5 rows", "users: 3 rows", "orders: 3 rows")):
        yield Said(NOON + 0.3 + n / 1000, "migrate", text)
    yield Said(NOON + 0.5, "worker", "charging orders at http://127.0.0.1:23097")
    yield Said(NOON + 0.7, "billing", " * Debugger is active!")


def visit(at: float, number: int) -> list[Said]:
    """What the page asks of everybody, and an order now and then."""
    code, ms = _SLOW.get(number, (200, 5.2))
    lines = [
        _access(at, "catalog", "GET /products"),
        _access(at, "catalog", "GET /orders"),
        _access(at, "users", "GET /users"),
        _access(at, "catalog", "GET /status"),
        _access(at, "users", "GET /status"),
        _access(at, "catalog", "GET /orders?state=paid", code, ms),
        _access(at, "billing", "GET /invoices", 502 if code > 500 else 200, ms + 3),
        _access(at, "web", "GET /", 200, ms + 9),
    ]
    if number in _ORDERED:
        lines[:0] = _order(at, number)
    if number == 12:
        lines.insert(5, _access(at, "users", "GET /users/7", 404))
        lines.insert(2, Said(at, "catalog", "WARNING in products: only 3 of Sencha are left"))
    return [line._replace(at=at + n * 0.007) for n, line in enumerate(lines)]


def _order(at: float, number: int) -> list[Said]:
    invoice = f"INV-{number:05d}"
    return [
        _access(at, "catalog", "POST /orders", 201),
        _access(at, "web", "POST /orders", 302),
        _access(at, "catalog", f"GET /orders/{number}"),
        Said(at, "billing", f"{invoice}: {_ORDERED[number]} EUR"),
        _access(at, "billing", "POST /charges", 201),
        Said(at, "worker", f"order {number} paid, {invoice}"),
    ]


_COLOURS = {4: "\x1b[33m", 5: "\x1b[35m\x1b[1m"}
"""As Werkzeug prints what went wrong."""


def _access(at: float, service: str, what: str, code: int = 200, ms: float = 0.0) -> Said:
    stamp = time.strftime("%d/%b/%Y %H:%M:%S", time.gmtime(at))
    colour = _COLOURS.get(code // 100)
    request = f"{colour}{what} HTTP/1.1\x1b[0m" if colour else f"{what} HTTP/1.1"
    text = f'127.0.0.1 - - [{stamp}] "{request}" {code} -'
    method, path = what.split()
    took = ms or 1.8 + (len(path) * 7 + int(at)) % 61 / 10
    return Said(at, service, text, Request(0, at, method, path, code, took))


def requests(service: str) -> Requests:
    """What it was asked in these minutes."""
    found = [line.request for line in said() if line.service == service and line.request]
    if len(found) < 2:
        return Requests(service=service, counted=False)
    took = quantiles([each.ms for each in found], n=20)
    return Requests(
        service=service,
        requests=[
            Request(n, each.at, each.method, each.path, each.status, each.ms)
            for n, each in enumerate(found, 1)
        ],
        total=len(found),
        p50_ms=took[9],
        p95_ms=took[18],
        error_rate=sum(each.status >= 500 for each in found) / len(found),
    )
