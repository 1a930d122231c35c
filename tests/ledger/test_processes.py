"""Many processes that share one ledger."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dynaport_tui.ledger.ledger import Ledger, Want

from .conftest import REPOSITORY, Start

TEN_LEASES = """
import json, random, sys
from dynaport_tui.ledger.ledger import Ledger, Want
print("here", flush=True)
sys.stdin.readline()
found = {}
for root in sys.argv[1:]:
    wants = [Want(service=f"s{number}", instance="1") for number in range(10)]
    random.shuffle(wants)
    with Ledger() as ledger:
        leases = ledger.lease(root, "shop", wants, (20000, 29999))
    found[root] = {lease.service: lease.port for lease in leases.values()}
print(json.dumps(found))
"""

LEASES_WITHOUT_END = """
import itertools, sys
from dynaport_tui.ledger.ledger import Ledger, Want
with Ledger() as ledger:
    for number in itertools.count():
        want = Want(service=f"s{number}", instance="1")
        lease = ledger.lease(sys.argv[1], "shop", [want], (20000, 29999))[want.key]
        print(want.service, lease.port, flush=True)
"""


def started_together(start: Start, *roots: list[Path]) -> dict[str, dict[str, int]]:
    """What each of these processes leased, one project after the other."""
    processes = [start(TEN_LEASES, *some) for some in roots]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(roots)
    return {root: ports for answer in answers for root, ports in json.loads(answer).items()}


@pytest.mark.timeout(90)
def test_twenty_checkouts_that_start_together_never_collide_and_keep_their_ports(
    private: Path, start: Start
) -> None:
    checkouts = [private / f"checkout{number}" for number in range(20)]
    for checkout in checkouts:
        checkout.mkdir()
    first = started_together(start, *([checkout] for checkout in checkouts))
    given = [port for ports in first.values() for port in ports.values()]
    assert len(given) == len(set(given)) == 200
    again = list(reversed(checkouts))
    assert started_together(start, *(again[n::5] for n in range(5))) == first


@pytest.mark.timeout(60)
def test_fifty_processes_that_allocate_at_once_get_a_thousand_ports(private: Path) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/rivals/allocators.py", "dynaport", private, "50", "20"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    told = json.loads(done.stdout)
    assert (told["granted"], told["different"], told["kept"]) == (1000, 1000, 1000)
    assert told["errors"] == {}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("lines", [1, 4, 9])
def test_a_process_killed_while_it_leases_leaves_a_good_file(
    lines: int, private: Path, start: Start
) -> None:
    process = start(LEASES_WITHOUT_END, private)
    assert process.stdout is not None
    seen = [process.stdout.readline().split() for _ in range(lines)]
    process.kill()
    rest = [line.split() for line in process.stdout.read().splitlines(keepends=True)[:-1]]
    process.wait()
    with Ledger() as ledger:
        kept = {lease.service: lease.port for lease in ledger.leases()}
        assert {service: int(port) for service, port in [*seen, *rest]}.items() <= kept.items()
        want = Want(service="after", instance="1")
        port = ledger.lease(str(private), "shop", [want], (20000, 29999))[want.key].port
        assert port not in kept.values()
    with closing(sqlite3.connect(ledger.path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


LEAVE_WAL_MODE = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0)
try:
    print(*db.execute("PRAGMA journal_mode = DELETE").fetchone())
except sqlite3.OperationalError as error:
    print(error)
db.close()
"""


def test_a_second_ledger_in_one_process_takes_no_lock_from_the_first(
    ledger: Ledger, start: Start
) -> None:
    with Ledger() as second:
        assert second.leases() == []
    said, _ = start(LEAVE_WAL_MODE, ledger.path).communicate(timeout=30)
    assert said == "database is locked\n"
