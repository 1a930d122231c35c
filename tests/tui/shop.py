"""The tea shop as pictures show it: the same services, figures and lines every time."""

from __future__ import annotations

from typing import Any

import msgspec

from dynaport_tui.model.levels import Level, level_of
from dynaport_tui.model.machine import State
from dynaport_tui.model.text import plain
from dynaport_tui.model.view import (
    Details,
    Exit,
    Health,
    Moment,
    PortUse,
    ServiceStatus,
    Traceback,
)
from tests.fakes import NOON, FakeEngine, status
from tests.tui.log_host import Understanding
from tests.tui.shop_traffic import requests, said, visit

FOLDER = "/home/ann/shop"
NOW = NOON + 754.0
"""When the pictures are taken: 12:12:34."""

PORTS = {"catalog": 22623, "users": 25598, "billing": 23097, "web": 23316}
NEEDS = {
    "migrate": [],
    "catalog": ["migrate"],
    "users": ["migrate"],
    "billing": ["catalog"],
    "worker": ["migrate"],
    "web": ["catalog", "users", "billing"],
}
PROBES = {
    "catalog": [6.1, 5.8, 6.4, 7.2, 6.0, 24.8, 6.3, 5.9],
    "users": [2.9, 3.1, 2.8, 3.0, 2.7, 3.3, 2.9, 3.0],
    "billing": [1.9, 2.2, 1.8, 2.0, 2.1, 1.9, 2.4, 2.0],
    "web": [4.4, 4.1, 5.0, 4.2, 9.8, 4.3, 4.0, 4.6],
}
PATHS = {"catalog": "/healthz", "users": "/status", "billing": "/_dynaport/health"}
CPU = {"catalog": 0.4, "users": 0.2, "billing": 0.1, "worker": 0.0, "web": 0.6}
MEMORY = {"catalog": 38, "users": 31, "billing": 31, "worker": 24, "web": 36}

WHY_BROKEN = (
    "KeyError: 'de'  examples/billing/tariffs.py:14 (exit 1 after 46 ms); the next save, or "
    "`dynaport restart billing`, tries again"
)
TRACEBACK = [
    "Traceback (most recent call last):",
    f'  File "{FOLDER}/examples/billing/billing.py", line 8, in <module>',
    "    from tariffs import VAT_PERCENT",
    f'  File "{FOLDER}/examples/billing/tariffs.py", line 14, in <module>',
    '    VAT_PERCENT = RATES["de"]',
    "                  ~~~~~^^^^^^",
    "KeyError: 'de'",
]
MISTAKE = 'services.toml:12: services.migrate.prot: unknown key "prot". Write "port".'


def ready() -> FakeEngine:
    """Everything runs, and somebody has used the page."""
    engine = Understanding(*map(_running, NEEDS), file=f"{FOLDER}/services.toml")
    engine.variables = dict(VARIABLES)
    for service in NEEDS:
        engine.more[service] = _details(service)
        engine.answered[service] = requests(service)
    _say(engine, [line[:3] for line in said()])
    return engine


def broken() -> FakeEngine:
    """A save nine seconds ago broke billing; the page goes on without it."""
    engine = ready()
    _say(engine, [(NOW - 9 + n / 1000, "billing", text) for n, text in enumerate(TRACEBACK)])
    _break_billing(engine, reloads=3)
    _say(engine, [line[:3] for line in visit(NOW - 4, 0) if line.service != "billing"])
    moments = engine.more["billing"].history
    _history(
        engine, "billing",
        *moments,
        _moved(NOW - 9.2, State.READY, State.STOPPING, "examples/billing/tariffs.py changed"),
        _moved(NOW - 9.1, State.STOPPING, State.STARTING, "starting"),
        _moved(NOW - 9.0, State.STARTING, State.FAILED, WHY_BROKEN),
    )  # fmt: skip
    return engine


def waiting() -> FakeEngine:
    """Billing never came up, so web waits for it."""
    engine = ready()
    engine.change(
        "web",
        state=State.STOPPED, waiting=True, pid=None, uptime_s=None, cpu_percent=None,
        rss_bytes=None, health=Health(),
        why=f"waits for billing, which is broken: {WHY_BROKEN}",
    )  # fmt: skip
    _say(engine, [(NOON + 1 + n / 1000, "billing", text) for n, text in enumerate(TRACEBACK)])
    _break_billing(engine, reloads=0)
    engine.more["web"] = msgspec.structs.replace(
        engine.more["web"],
        causes=["web waits for billing", f"billing is broken: {WHY_BROKEN}"],
        history=[],
    )
    return engine


def mistaken() -> FakeEngine:
    """A services.toml with a mistake was saved; what runs goes on as it did."""
    engine = ready()
    engine.project = msgspec.structs.replace(engine.project, error=MISTAKE)
    return engine


def structured() -> FakeEngine:
    """The worker writes its log as JSON."""
    engine = ready()
    _say(engine, [(NOW - 12 + n, "worker", text) for n, text in enumerate(JSON)])
    return engine


# ---- rows


def _running(service: str) -> ServiceStatus:
    port = PORTS.get(service)
    fields: dict[str, Any] = {
        "port": port,
        "url": port and f"http://127.0.0.1:{port}",
        "depends_on": NEEDS[service],
        "uptime_s": 752.0,
        "cpu_percent": CPU.get(service),
        "rss_bytes": MEMORY.get(service, 0) * 1_000_000,
        "pid": 4000 + len(service),
        "why": "alive for one second",
    }
    if service == "migrate":
        done = {"why": "exit 0 after 0.3 s", "task": True, "exit": Exit(code=0)}
        gone = dict.fromkeys(("pid", "uptime_s", "cpu_percent", "rss_bytes"))
        return status(service, State.DONE, **fields | done | gone)
    if port is None:
        return status(service, **fields, health=Health(ok=True))
    fields["why"] = f"answered GET {PATHS.get(service, '/healthz')} in 5 ms"
    fields["reloads"] = 2 if service == "billing" else 0
    probes = PROBES[service]
    health = Health(ok=True, latency_ms=probes[-1], checked_s_ago=1.0, recent=list(probes))
    return status(service, **fields, health=health)


def _break_billing(engine: FakeEngine, reloads: int) -> None:
    engine.project = msgspec.structs.replace(engine.project, state="degraded")
    probes: list[float | None] = [*PROBES["billing"][:-1]] if reloads else []
    engine.change(
        "billing",
        state=State.FAILED, why=WHY_BROKEN, pid=None, uptime_s=None, cpu_percent=None,
        rss_bytes=None, exit=Exit(code=1), reloads=reloads,
        health=Health(recent=probes),
    )  # fmt: skip
    engine.more["billing"] = msgspec.structs.replace(
        engine.more["billing"], causes=[f"billing is broken: {WHY_BROKEN}"]
    )
    engine.last_traceback = Traceback(
        service="billing",
        number=1,
        last=len(TRACEBACK),
        at=NOW - 9 if reloads else NOON + 1,
        data="".join(f"{line}\n" for line in TRACEBACK).encode(),
        error="KeyError: 'de'",
        file=f"{FOLDER}/examples/billing/tariffs.py",
        line=14,
    )


# ---- logs


def _say(engine: FakeEngine, lines: list[tuple[float, str, str]]) -> None:
    for at, service, text in lines:
        engine.say(service, text, at=at)
        level = level_of(plain(text))
        if text != TRACEBACK[-1] and level is not None and level >= Level.ERROR:
            engine.change(service, log_errors=engine.services[service].log_errors + 1)


JSON = (
    '{"time": "2026-01-01T12:12:22Z", "level": "info", "message": "looking for orders", "open": 2}',
    '{"time": "2026-01-01T12:12:23Z", "level": "debug", "logger": "worker.charge", '
    '"message": "asking billing", "order": 15, "try": 1}',
    '{"time": "2026-01-01T12:12:24Z", "level": "warning", "logger": "worker.charge", '
    '"message": "billing is slow", "order": 15, "took_ms": 1840}',
    '{"time": "2026-01-01T12:12:25Z", "level": "info", "message": "order paid", "order": 15, '
    '"invoice": "INV-00015"}',
    '{"time": "2026-01-01T12:12:26Z", "level": "error", "logger": "worker.charge", '
    '"message": "no such product", "order": 16, "product": "Matcha"}',
)


# ---- details


def _details(service: str) -> Details:
    port = PORTS.get(service)
    uses = [
        PortUse(
            port=port,
            url=f"http://127.0.0.1:{port}",
            why=f"computed from shop / {service}: the same on every machine",
            held=True,
        )
        for port in ([port] if port else [])
    ]
    row = _running(service)
    moved = _moved(NOON + 0.4, State.STOPPED, State.STARTING, "starting")
    return Details(
        service=service,
        causes=[f"{service} is {'done' if row.task else 'ready'}: {row.why}"],
        history=[moved, _moved(NOON + 0.7, State.STARTING, row.state, row.why)],
        config={"cwd": f"examples/{service}", "env": {"SUPPORT_EMAIL": "help@teashop.example"}},
        command=["app:app"],
        cwd=f"{FOLDER}/examples/{service}",
        ports=uses,
        used_by=[other for other, needs in NEEDS.items() if service in needs],
        watched=[f"examples/{service}/app.py"],
    )


def _moved(at: float, old: State, new: State, why: str) -> Moment:
    return Moment(at=at, old=old, new=new, why=why)


def _history(engine: FakeEngine, service: str, *moments: Moment) -> None:
    engine.more[service] = msgspec.structs.replace(engine.more[service], history=list(moments))


VARIABLES = {
    "CATALOG_HOST": "127.0.0.1",
    "CATALOG_PORT": "22623",
    "CATALOG_URL": "http://127.0.0.1:22623",
    "DATABASE_URL": "postgresql://shop:teapot@127.0.0.1:5432/shop",
    "DYNAPORT_PROJECT": "shop",
    "DYNAPORT_SERVICE": "billing",
    "DYNAPORT_URL": "http://127.0.0.1:23097",
    "HOME": "/home/ann",
    "HOST": "127.0.0.1",
    "LANG": "en_GB.UTF-8",
    "PATH": f"{FOLDER}/.venv/bin:/usr/local/bin:/usr/bin:/bin",
    "PORT": "23097",
    "SECRET_KEY": "only for development",
    "SUPPORT_EMAIL": "help@teashop.example",
    "USERS_HOST": "127.0.0.1",
    "USERS_PORT": "25598",
    "USERS_URL": "http://127.0.0.1:25598",
}
