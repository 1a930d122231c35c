"""Run under an allocator's own interpreter: many processes that allocate at once.

    python allocators.py NAME FOLDER PROCESSES EACH

All have imported what they need before they begin together; what they open, they open then. Prints
one JSON document. It knows nothing of ours, since the interpreter may not either.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 120.0
"""Seconds until all must be done."""

Allocate = Any
"""A function: the name of an app -> its port."""


def port_for(folder: str) -> Callable[[], Allocate]:
    """A file in which each process looks and writes, without a lock."""
    store: Any = import_module("port_for").PortStore
    return lambda: store(f"{folder}/ports").bind_port


def portpicker(folder: str) -> Callable[[], Allocate]:
    """The kernel is asked, and nothing remembered."""
    pick: Any = import_module("portpicker").pick_unused_port
    return lambda: lambda _: pick()


def dynaport(folder: str) -> Callable[[], Allocate]:
    """The ledger; its folder is in the environment."""
    for module in ("dynaport_tui.settings", "dynaport_tui.ledger.opened"):
        import_module(module)
    from dynaport_tui.port_allocator import PortAllocator

    return lambda: PortAllocator().allocate_port


def kept(name: str, folder: str) -> int | None:
    """How many of the apps have a port in the end; None where nothing is remembered."""
    if name == "port-for":
        return len(import_module("port_for").PortStore(f"{folder}/ports").bound_ports())
    if name == "dynaport":
        from dynaport_tui.port_allocator import PortAllocator

        return len(PortAllocator().list_allocations())
    return None


def work(opened: Callable[[], Allocate], number: int, each: int, begin: int, answers: int) -> None:
    """One process: say that it is there, wait for the beginning, allocate, tell."""
    os.write(answers, b"\n")
    select.select([begin], [], [], PATIENCE)
    ports: list[int] = []
    errors: dict[str, int] = {}
    allocate: Allocate = None
    for one in range(each):
        try:
            allocate = allocate or opened()
            ports.append(allocate(f"app{number}-{one}"))
        except Exception as error:  # whatever a rival may raise is counted
            name = type(error).__name__
            errors[name] = errors.get(name, 0) + 1
    os.write(answers, json.dumps([ports, errors]).encode() + b"\n")


def wait_for(processes: int, answers: int) -> None:
    """Until all have said that they are there, or have ended; for at most PATIENCE seconds each."""
    there = 0
    while there < processes and select.select([answers], [], [], PATIENCE)[0]:
        there += len(os.read(answers, processes - there)) or processes


def together(opened: Callable[[], Allocate], processes: int, each: int) -> dict[str, Any]:
    """Start all, let them begin, and wait for them."""
    begin, beginning = os.pipe()
    answers, answering = os.pipe()
    pids = []
    for number in range(processes):
        pid = os.fork()
        if not pid:
            os.close(beginning)
            try:
                work(opened, number, each, begin, answering)
            finally:
                os._exit(0)
        pids.append(pid)
    os.close(answering)
    wait_for(processes, answers)
    began = time.monotonic()
    os.close(beginning)
    told = b""
    while told.count(b"\n") < processes and select.select([answers], [], [], PATIENCE)[0]:
        chunk = os.read(answers, 65536)
        if not chunk:
            break
        told += chunk
    seconds = time.monotonic() - began
    for pid in pids:
        os.waitpid(pid, 0)
    found = [json.loads(line) for line in told.splitlines()]
    ports = [port for some, _ in found for port in some]
    errors: dict[str, int] = {}
    for _, some in found:
        for name, count in some.items():
            errors[name] = errors.get(name, 0) + count
    return {
        "seconds": seconds,
        "granted": len(ports),
        "different": len(set(ports)),
        "errors": errors,
    }


def main() -> int:
    """Measure one of them."""
    name, folder, processes, each = sys.argv[1:]
    ways = {"port-for": port_for, "portpicker": portpicker, "dynaport": dynaport}
    told = together(ways[name](folder), int(processes), int(each))
    json.dump({**told, "kept": kept(name, folder)}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
