"""A service's table as it would stand in services.toml with nothing left to defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .relative import relative
from .text import mask

if TYPE_CHECKING:
    from .launch import Launch
    from .spec import ProbeSpec, RestartSpec, ServiceSpec

_ASKED = "/_dynaport/health"
"""Where our own runner answers for a service that names no probe."""


def table(spec: ServiceSpec, launch: Launch, root: str) -> dict[str, Any]:
    """Keys that do not apply to the kind of service are left out; secrets are masked.

    Values are builtins. Paths in the project count from `root`, the folder of services.toml.
    """
    return {
        spec.kind: _plain(spec.target),
        "cwd": relative(spec.cwd, root),
        **_interpreter(spec, launch, root),
        **({"instance": spec.instance} if spec.id != spec.name else {}),
        **_address(spec, launch),
        "env": mask(spec.env),
        "env_file": [relative(file, root) for file in spec.env_files],
        "depends_on": dict(spec.depends_on),
        **({} if spec.task else {"health": _health(spec.health)}),
        "restart": _restart(spec.restart),
        "task": spec.task,
        **_reloading(spec),
        **_running(spec),
        **_routes(spec),
        "profiles": list(spec.profiles),
    }


def _interpreter(spec: ServiceSpec, launch: Launch, root: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if spec.kind != "command" or spec.python is not None:
        found["python"] = relative(launch.python, root)
    if spec.kind == "app":
        found["server"] = spec.server
    if spec.foreign:
        found["workers"] = spec.workers
    return found


def _address(spec: ServiceSpec, launch: Launch) -> dict[str, Any]:
    if not spec.listens:
        return {"port": False, "ports": list(spec.ports)}
    return {"port": launch.port, "host": spec.host, "ports": list(spec.ports)}


def _health(probe: ProbeSpec) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "runner": {"http": _ASKED},
        "http": {"http": probe.path},
        "tcp": {"tcp": True},
        "command": {"command": _plain(probe.command)},
        "log": {"log": probe.pattern},
        "alive": {"alive": True},
    }
    pace = {} if probe.kind in ("log", "alive") else _pace(probe)
    return {**kinds[probe.kind], **pace, "start_deadline": _seconds(probe.start_deadline)}


def _pace(probe: ProbeSpec) -> dict[str, Any]:
    return {
        "interval": _seconds(probe.interval),
        "timeout": _seconds(probe.timeout),
        "retries": probe.retries,
    }


def _restart(restart: RestartSpec) -> dict[str, Any]:
    return {"policy": restart.policy, "max": restart.max, "unhealthy": restart.unhealthy}


def _reloading(spec: ServiceSpec) -> dict[str, Any]:
    watch: Any = spec.watched if spec.watch is None or not spec.watched else list(spec.watch)
    restarts = spec.kind == "command" and spec.reload == "overlap"
    return {
        "watch": watch,
        "ignore": list(spec.ignore),
        "reload": "restart" if restarts else spec.reload,
        **({} if spec.kind == "command" else {"warm": spec.warm}),
    }


def _running(spec: ServiceSpec) -> dict[str, Any]:
    only = {"hand_down": spec.hand_down} if spec.kind == "command" else {"debug": spec.debug}
    return {
        **only,
        "stop_signal": spec.stop_signal,
        "stop_grace": _seconds(spec.stop_grace),
        "tty": spec.tty,
    }


def _routes(spec: ServiceSpec) -> dict[str, Any]:
    if not spec.listens:
        return {}
    more: dict[str, Any] = {"gateway": dict(spec.gateway)} if spec.gateway else {}
    return {"prefix": spec.prefix, "hosts": list(spec.hosts), **more}


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _seconds(value: float) -> float:
    return int(value) if value == int(value) else value
