"""The fleet as views see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .environment import url
from .launch import stale
from .machine import State
from .outcome import all_ready
from .view import Health, ProjectState, ServiceStatus

if TYPE_CHECKING:
    from .fleet import Fleet
    from .record import Record
    from .spec import ProjectSpec


def service_status(
    fleet: Fleet,
    record: Record,
    now: float,
    *,
    scheme: str = "http",
    port_why: str | None = None,
    log_lines: int = 0,
    log_errors: int = 0,
    packages: str = "",
) -> ServiceStatus:
    """One row; cpu and memory are the engine's to add.

    `packages`: those that were installed, upgraded or removed since it was started.
    """
    spec, launch, probe = record.spec, record.launch, record.probe
    number = record.spec.instance
    return ServiceStatus(
        id=spec.id,
        name=spec.name,
        instance=int(number) if number.isdigit() else number,
        state=record.state,
        why=fleet.explain(spec.id),
        stale=_stale(record, packages),
        port=launch.port,
        port_why=port_why,
        ports=launch.ports,
        url=None if launch.port is None else url(launch.host, launch.port, scheme),
        pid=record.pid,
        uptime_s=round(now - record.started_at, 3) if record.active else None,
        restarts=record.restarts,
        reloads=record.reloads,
        exit=record.exit,
        depends_on=list(spec.depends_on),
        health=Health(
            ok=probe.ok,
            latency_ms=None if probe.latency_ms is None else round(probe.latency_ms, 1),
            failures=probe.failures,
            checked_s_ago=None if probe.checked is None else round(now - probe.checked, 3),
            recent=[None if ms is None else round(ms, 1) for ms in probe.recent],
        ),
        log_lines=log_lines,
        log_errors=log_errors,
        wanted=record.wanted,
        task=spec.task,
        waiting=fleet.waiting(record),
        reloading=None if record.candidate is None else record.candidate.why,
        reload_error=record.behind if record.running else None,
    )


def _stale(record: Record, packages: str) -> str | None:
    if not record.running or record.started is None:
        return None
    found = stale(record.started, record.launch)
    if record.behind is not None:
        found = ["code of before the last save", *found]
    told = [f"differs from the files: {', '.join(found)}"] if found else []
    if packages:
        told.append(f"installed packages changed: {packages}")
    return "; ".join(told) or None


def notes(project: ProjectSpec) -> list[str]:
    """What services.toml says and nobody acts on yet."""
    tables = {"[gateway]": project.gateway, "[dashboard]": project.dashboard}
    idle = [name for name, table in tables.items() if table is not None]
    if not idle:
        return []
    verb = "is" if len(idle) == 1 else "are"
    told = f"{' and '.join(idle)} {verb} valid, but this version does not act on "
    return [f"services.toml: {told}{'it' if len(idle) == 1 else 'them'} yet"]


def project_state(fleet: Fleet, *, stopping: bool) -> ProjectState:
    """`degraded` as soon as something wanted cannot be expected to become READY by itself."""
    if stopping:
        return "stopping"
    wanted = [r for r in fleet.records.values() if r.wanted]
    if all_ready(fleet):
        return "ready"
    bad = (State.UNHEALTHY, State.BACKOFF, State.FAILED)
    hopeless = any(r.state in bad or fleet.held_back(r) for r in wanted)
    return "degraded" if hopeless else "starting"
