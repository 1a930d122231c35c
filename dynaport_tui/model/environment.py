"""What a service finds in its environment, and the Launch that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .interpolate import InterpolationError, expand
from .launch import Launch, port_variable, variable
from .shell import shell_command

if TYPE_CHECKING:
    from .spec import ProjectSpec, ServiceSpec

OURS_ALONE = ("DYNAPORT_", "LISTEN_", "NOTIFY_", "WATCHDOG_")
"""Prefixes of variables that speak of one process, and that we give ourselves."""
NOT_INHERITED = ("WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD", *OURS_ALONE)
"""Prefixes of the shell's variables that speak of somebody else's process."""
_FOLDERS = ("DYNAPORT_STATE_DIR", "DYNAPORT_RUNTIME_DIR")
"""Where dynaport keeps what it knows: the same for a dynaport that a service runs."""
NOT_INHERITED_NAMES = frozenset({"FLASK_RUN_FROM_CLI", "__PYVENV_LAUNCHER__"})

BACKLOG = 1024
"""Connections that wait on a held socket; a server that calls listen(2) must not change that."""
_AN_HOUR = 3600


class Missing(NamedTuple):
    """A `${...}` in the value of `variable`, in the `env` of `service`, that has no value."""

    service: str
    variable: str
    error: InterpolationError


class Unresolved(LookupError):
    """Every `${...}` of a project that has no value; there is at least one."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__("; ".join(str(each.error) for each in missing))
        self.missing = tuple(missing)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a Launch needs beside services.toml; all of it read by the engine."""

    shell: Mapping[str, str]
    """The environment of the shell that started the engine."""
    env_files: Mapping[str, Mapping[str, str]]
    """Service id -> what its env files and the project's say, the service's own winning."""
    common: Mapping[str, str] = {}
    """What the project's env file says."""
    pythons: Mapping[str, tuple[str, str | None]]
    """Service id -> interpreter and the virtual environment it belongs to."""
    ports: Mapping[str, Mapping[str, int]]
    """Service id -> slot -> port; the slot of the main port is the empty string."""
    socket: str = ""
    gateway_url: str | None = None


def reachable_host(host: str) -> str:
    """The address under which this machine reaches a listener on `host`, ready for a URL."""
    if host in ("0.0.0.0", "", "localhost"):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def url(host: str, port: int, scheme: str = "http") -> str:
    """The URL of a listener."""
    return f"{scheme}://{reachable_host(host)}:{port}"


def launches(project: ProjectSpec, around: Surroundings) -> dict[str, Launch]:
    """The Launch of every service; raises Unresolved where a `${...}` has no value."""
    addresses = {s: _address(spec, around.ports.get(s, {})) for s, spec in project.services.items()}
    missing: list[Missing] = []
    found = {
        service: _launch(project, spec, around, addresses, missing)
        for service, spec in project.services.items()
    }
    if missing:
        raise Unresolved(missing)
    return found


def outside(project: ProjectSpec, around: Surroundings) -> dict[str, str]:
    """What a program that is no service finds: the shell's variables over the env files', and all
    addresses.
    """
    addresses = {s: _address(spec, around.ports.get(s, {})) for s, spec in project.services.items()}
    return {
        **_inherited(around.shell, around.common),
        **_peers(project, addresses, but=""),
        "DYNAPORT_PROJECT": project.name,
        "DYNAPORT_SOCKET": around.socket,
    }


def _address(spec: ServiceSpec, ports: Mapping[str, int]) -> dict[str, str]:
    port = ports.get("")
    if not spec.listens or port is None:
        return {}
    host = reachable_host(spec.host)
    return {"url": url(spec.host, port), "host": host.strip("[]"), "port": str(port)}


def _launch(
    project: ProjectSpec,
    spec: ServiceSpec,
    around: Surroundings,
    addresses: Mapping[str, Mapping[str, str]],
    missing: list[Missing],
) -> Launch:
    python, venv = around.pythons[spec.id]
    ports = dict(around.ports.get(spec.id, {}))
    port = ports.pop("", None)
    env = _inherited(around.shell, around.env_files.get(spec.id, {}))
    if venv is not None:
        env["PATH"] = f"{venv}/bin:{env.get('PATH', '/usr/bin:/bin')}"
        env["VIRTUAL_ENV"] = venv
    env |= _given(spec, {**addresses, **_by_name(project, addresses)}, env, missing)
    own = _own(project, spec, around, port, ports)
    if not env.get("NO_COLOR"):
        own["FORCE_COLOR"] = "1"
    env |= own
    peers = _peers(project, addresses, but=spec.name)
    kind, argv = _argv(spec, python)
    return Launch(
        kind=kind,
        argv=argv,
        python=python,
        python_named=spec.python is not None,
        venv=venv,
        cwd=spec.cwd,
        env=env,
        peers={name: value for name, value in peers.items() if name not in own},
        host=spec.host,
        port=port,
        ports=ports,
        held=spec.held,
        hand_down=spec.hand_down or spec.foreign,
        server=spec.server,
        workers=spec.workers,
        warm=spec.warm,
        debug=spec.debug,
        tty=spec.tty,
    )


def _inherited(shell: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """The shell's environment over the env files, both without what belongs to another process."""
    filed = {name: value for name, value in files.items() if not name.startswith(OURS_ALONE)}
    inherited = {
        name: value
        for name, value in shell.items()
        if name in _FOLDERS or not (name.startswith(NOT_INHERITED) or name in NOT_INHERITED_NAMES)
    }
    return {**filed, **inherited}


def _given(
    spec: ServiceSpec,
    services: Mapping[str, Mapping[str, str]],
    env: Mapping[str, str],
    missing: list[Missing],
) -> dict[str, str]:
    """The `env` of services.toml with its `${...}` replaced; those without a value are added to
    `missing`.
    """
    given = {}
    for name, value in spec.env.items():
        try:
            given[name] = expand(value, services, env)
        except InterpolationError as error:
            missing.append(Missing(spec.id, name, error))
    return given


def _own(
    project: ProjectSpec,
    spec: ServiceSpec,
    around: Surroundings,
    port: int | None,
    ports: Mapping[str, int],
) -> dict[str, str]:
    own = {
        "DYNAPORT_PROJECT": project.name,
        "DYNAPORT_SERVICE": spec.id,
        "DYNAPORT_INSTANCE": spec.instance,
        "DYNAPORT_SOCKET": around.socket,
        "PYTHONUNBUFFERED": "1",
    }
    if port is not None:
        listen = {"PORT": str(port), "HOST": spec.host}
        own |= {
            f"{server}{n}": v
            for server in ("", "FLASK_RUN_", "UVICORN_")
            for n, v in listen.items()
        }
        own["DYNAPORT_URL"] = url(spec.host, port)
    if around.gateway_url:
        own["GATEWAY_URL"] = around.gateway_url
    return own | {port_variable(name): str(number) for name, number in ports.items()}


def _by_name(
    project: ProjectSpec, addresses: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Service name -> the address of its first instance, and the URLs of all."""
    found: dict[str, dict[str, str]] = {}
    for service, spec in project.services.items():
        address = addresses[service]
        if not address:
            continue
        first = found.setdefault(spec.name, {**address, "urls": ""})
        first["urls"] = ",".join(filter(None, (first["urls"], address["url"])))
    return found


def _peers(
    project: ProjectSpec, addresses: Mapping[str, Mapping[str, str]], *, but: str
) -> dict[str, str]:
    peers: dict[str, str] = {}
    several = {spec.name for spec in project.services.values() if spec.id != spec.name}
    for name, address in _by_name(project, addresses).items():
        if name == but:
            continue
        keys = ("url", "host", "port", "urls") if name in several else ("url", "host", "port")
        peers |= {f"{variable(name)}_{key.upper()}": address[key] for key in keys}
    return peers


def _argv(spec: ServiceSpec, python: str) -> tuple[Any, tuple[str, ...]]:
    """What is executed, and as what: an app of a foreign server is that server's command."""
    if spec.foreign:
        return "command", _foreign(spec, python)
    if spec.kind == "command":
        target = spec.target
        return "command", shell_command(target) if isinstance(target, str) else target
    if spec.kind == "script":
        import shlex

        return "script", tuple(shlex.split(str(spec.target)))
    return "app", (str(spec.target),)


def _foreign(spec: ServiceSpec, python: str) -> tuple[str, ...]:
    """The command line of another server, told to serve on descriptor 3."""
    target = str(spec.target)
    bind = ["--bind", "fd://3"]
    if spec.server == "hypercorn":
        # The backlog is the shared socket's; how long a stop may take is for `stop_grace` to say.
        bind += ["--backlog", str(BACKLOG), "--graceful-timeout", str(_AN_HOUR)]
    if spec.server == "uvicorn":
        # The others evaluate what follows the colon, and so call a factory by themselves.
        bind = ["--fd", "3", "--backlog", str(BACKLOG)]
        bind += ["--factory"] if target.endswith("()") else []
        target = target.removesuffix("()")
    return (python, "-m", spec.server, *bind, "--workers", str(spec.workers), target)
