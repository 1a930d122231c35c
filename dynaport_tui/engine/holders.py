"""Who has a port: the process behind it, and the service when it is one of ours."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from socket import AF_INET6
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from ..ledger.folders import project_key, runtime_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..ledger.lease import Lease

LONGEST_COMMAND = 80
"""Characters of a command line that are shown."""

NURSERY = "dynaport_tui/nursery/__main__.py"
"""Stands in the command line of every process that was forked without an exec."""

REACHED_BY_LOCALHOST = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"})


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A process that has a port."""

    pid: int
    command: str
    """Its arguments, shortened; its name where it hides them."""
    family: Literal["IPv4", "IPv6"]
    listening: bool = True
    """False where it only has a connection from that port."""
    project: str | None = None
    """With `service` and, if known, the folder `root`: whose it is, when dynaport started it."""
    service: str | None = None
    root: str | None = None


class Entry(NamedTuple):
    """One row of the kernel's table of TCP sockets."""

    family: int
    address: str
    port: int
    listening: bool
    pid: int | None
    """None where it belongs to another user, or to no process any more."""


def who_holds(port: int) -> Holder | None:
    """The process that listens on a TCP port, else one with a connection from it.

    None when there is none, or when it cannot be seen (another user's): then why_unnamed() tells.
    Reads every process of the machine: tens of milliseconds.
    """
    found = _on_port(port)
    return _holder(found[0], port) if found and found[0].pid is not None else None


def holders(port: int) -> list[Holder]:
    """Every process that listens on a TCP port, once for each address family.

    Where none does, the one that who_holds() names; reads as much.
    """
    found = [entry for entry in _on_port(port) if entry.pid is not None]
    heard = {(e.pid, e.family): e for e in reversed(found) if e.listening}
    chosen = sorted(heard.values(), key=lambda entry: (entry.family, _rank(entry), entry.pid))
    return [_holder(entry, port) for entry in chosen or found[:1]]


def listeners(ports: Collection[int]) -> dict[int, int | None]:
    """Of these ports the ones on which a process listens, and its pid where it can be seen.

    One look at every process of the machine, however many ports: tens of milliseconds.
    """
    entries = (entry for entry in _entries() if entry.listening and entry.port in ports)
    return {entry.port: entry.pid for entry in sorted(entries, key=_rank, reverse=True)}


def why_unnamed(port: int) -> str:
    """Why nobody can be named for a port that is taken."""
    found = _on_port(port)
    if any(entry.listening for entry in found):
        return "a process listens on it that cannot be named; it belongs to another user"
    if found:
        return "a connection on it has not quite ended; that takes up to a minute"
    return "a process keeps it that does not listen, or that belongs to another user"


def _on_port(port: int) -> list[Entry]:
    """Everything on a port, what stands in the way most first."""
    return sorted((entry for entry in _entries() if entry.port == port), key=_rank)


def _rank(entry: Entry) -> tuple[bool, bool, bool]:
    elsewhere = entry.address not in REACHED_BY_LOCALHOST
    return not entry.listening, entry.pid is None, elsewhere


def _entries() -> Iterator[Entry]:
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS shows all of them to root alone
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                yield from _read(process.net_connections("tcp"), process.pid)
    else:
        yield from _read(connections)


def _read(connections: Iterable[Any], pid: int | None = None) -> Iterator[Entry]:
    """`pid` is that of all connections, where they do not say it."""
    for conn in connections:
        if conn.laddr:
            ip, port = conn.laddr
            yield Entry(conn.family, ip, port, conn.status == "LISTEN", pid or conn.pid)


def _holder(entry: Entry, port: int) -> Holder:
    import psutil

    assert entry.pid is not None
    command, environ = f"pid {entry.pid}", dict[str, str]()
    with suppress(psutil.Error):  # it may end meanwhile, or hide what it was started with
        process = psutil.Process(entry.pid)
        command = process.name()
        command = " ".join(process.cmdline()) or command
        environ = process.environ()
    lease = _lease(port, entry.pid, command, environ)
    return Holder(
        pid=entry.pid,
        command=_shortened(command),
        family="IPv6" if entry.family == AF_INET6 else "IPv4",
        listening=entry.listening,
        project=environ.get("DYNAPORT_PROJECT") or (lease.project if lease else None),
        service=environ.get("DYNAPORT_SERVICE") or (lease.service_id if lease else None),
        root=lease.root if lease else None,
    )


def _shortened(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= LONGEST_COMMAND else f"{line[: LONGEST_COMMAND - 1]}…"


def _lease(port: int, pid: int, command: str, environ: dict[str, str]) -> Lease | None:
    """The one lease under which dynaport may have given that process its port."""
    engines = _engines()
    project = environ.get("DYNAPORT_PROJECT")
    if pid not in engines and NURSERY not in command and not project:
        return None
    # The control socket lies in a folder that is named by the project's key.
    key = engines.get(pid) or Path(environ.get("DYNAPORT_SOCKET", "")).parent.name
    leases = [lease for lease in _leases() if lease.port == port and lease.root]
    exact = [lease for lease in leases if project_key(Path(lease.root, "services.toml")) == key]
    named = [lease for lease in leases if project in (None, lease.project)]
    found = exact or named
    return found[0] if len(found) == 1 else None


def _engines() -> dict[int, str]:
    """Pid -> project key of the engines that hold a lock."""
    found = {}
    for lock in runtime_folder().glob("*/lock"):
        with suppress(OSError, ValueError):  # it may be going away, or empty
            found[int(lock.read_text(encoding="ascii"))] = lock.parent.name
    return found


def _leases() -> list[Lease]:
    from ..ledger.ledger import Ledger, LedgerError

    # A port is never refused because its holder's name could not be looked up.
    with suppress(LedgerError), Ledger(patience=0.2) as ledger:
        return ledger.leases()
    return []
