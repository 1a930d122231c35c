"""Processes killed at random instants while they use one ledger, and what it holds afterwards.

python -m tests.ledger.killing 200
"""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from dynaport_tui.ledger import opened
from dynaport_tui.ledger.ledger import Ledger
from dynaport_tui.port_allocator import PortAllocator
from dynaport_tui.service_registry import ServiceRegistry

AT_ONCE = 3
"""Processes that use the ledger at the same time, so that the killed one leaves others behind."""

LONGEST = 0.03
"""Seconds after its first acknowledged step at which a process is killed at the latest."""

PATIENCE = 20.0


class Step(NamedTuple):
    """Something that a process does to one app."""

    verb: str
    app_id: str


def steps(name: str) -> Iterator[Step]:
    """What a process does: of three apps one is released, and one registered."""
    number = 0
    while True:
        for verb, app in (("allocate", 0), ("allocate", 1), ("register", 0), ("release", 1)):
            yield Step(verb, f"{name}-{number + app}")
        number += 2


def do(step: Step, ports: PortAllocator, services: ServiceRegistry) -> int:
    """One step; the port."""
    if step.verb == "allocate":
        return ports.allocate_port(step.app_id)
    if step.verb == "release":
        return int(ports.release_port(step.app_id))
    return services.register_service(step.app_id, 20000, health_endpoint=None).port


def work(name: str, path: Path, told: int) -> None:
    """A process without end: each step is acknowledged after it was done."""
    ports, services = PortAllocator(path), ServiceRegistry(path)
    for step in steps(name):
        os.write(told, f"{do(step, ports, services)}\n".encode())


class Victim:
    """A forked process that works until it is killed."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._read, told = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                work(name, path, told)
            finally:
                os._exit(1)
        os.close(told)
        self.dies_at = 0.0

    def begins(self) -> None:
        """Wait for its first acknowledged step, and choose the instant of its end."""
        assert select.select([self._read], [], [], PATIENCE)[0], f"{self.name} does nothing"
        self.dies_at = time.monotonic() + random.uniform(0, LONGEST)

    def kill(self) -> list[tuple[Step, int]]:
        """End it at its instant; the steps that were acknowledged, and what they said."""
        # Read meanwhile: a full pipe would stop it.
        said = b""
        while (rest := self.dies_at - time.monotonic()) > 0:
            if select.select([self._read], [], [], rest)[0]:
                chunk = os.read(self._read, 65536)
                assert chunk, f"{self.name} ended by itself"
                said += chunk
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        while chunk := os.read(self._read, 65536):
            said += chunk
        os.close(self._read)
        numbers = [int(line) for line in said.split(b"\n")[:-1]]
        return list(zip(steps(self.name), numbers, strict=False))


class Kept(NamedTuple):
    """What the ledger holds."""

    ports: dict[str, int]
    registered: set[str]


def look(path: Path) -> Kept:
    """Open it and read all; fails when a port is there twice, or the file is not sound."""
    with Ledger(path) as ledger:
        leases = ledger.leases()
        rows = ledger.read(lambda db: db.execute("SELECT app_id FROM services").fetchall())
        assert ledger.read(lambda db: db.execute("PRAGMA integrity_check").fetchone()) == ("ok",)
    twice = [port for port, count in Counter(lease.port for lease in leases).items() if count > 1]
    assert not twice, f"given twice: {twice}"
    return Kept({lease.service: lease.port for lease in leases}, {app for (app,) in rows})


def expect(done: list[tuple[Step, int]], name: str, kept: Kept) -> None:
    """What was acknowledged is there; the one step after it may be, and nothing else."""
    ports: dict[str, int] = {}
    registered: set[str] = set()
    for step, number in done:
        if step.verb == "allocate":
            ports[step.app_id] = number
        elif step.verb == "release":
            assert number, f"{step} found nothing"
            del ports[step.app_id]
        else:
            registered.add(step.app_id)
    doubtful = next(step for at, step in enumerate(steps(name)) if at == len(done)).app_id
    own = {app: port for app, port in kept.ports.items() if app.startswith(f"{name}-")}
    own.pop(doubtful, None), ports.pop(doubtful, None)
    assert own == ports
    assert {app for app in kept.registered if app.startswith(f"{name}-")} - {doubtful} == (
        registered - {doubtful}
    )


def kill(count: int, path: Path) -> int:
    """Kill so many processes; how many steps they had been told were done."""
    opened.close_all()
    steps_done = 0
    for first in range(0, count, AT_ONCE):
        names = [f"k{number}" for number in range(first, min(first + AT_ONCE, count))]
        victims = [Victim(name, path) for name in names]
        for victim in victims:
            victim.begins()
        done = {v.name: v.kill() for v in sorted(victims, key=lambda v: v.dies_at)}
        kept = look(path)
        for name in names:
            expect(done[name], name, kept)
            steps_done += len(done[name])
        empty(path)
    return steps_done


def empty(path: Path) -> None:
    """Forget all of them, so that the range is never full."""
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as db, db:
        for table in ("leases", "given_up", "services"):
            db.execute(f"DELETE FROM {table}")


def main() -> int:
    """Kill as many as are wanted."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="dp", dir="/tmp") as folder:
        began = time.monotonic()
        done = kill(count, Path(folder) / "ledger.sqlite3")
    sys.stdout.write(
        f"{count} processes killed, {done} acknowledged steps, all of them kept, "
        f"{time.monotonic() - began:.1f} s\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
