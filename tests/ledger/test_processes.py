"""Many processes that share one ledger."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dynaport_tui.ledger.ledger import Ledger, Want

from .conftest import Start

TEN_LEASES = """
import json, sys
from dynaport_tui.ledger.ledger import Ledger, Want
root = sys.argv[1]
print("here", flush=True)
sys.stdin.readline()
found = []
for number in range(10):
    with Ledger() as ledger:
        want = Want(service=f"s{number}", instance="1")
        found.append(ledger.lease(root, "shop", [want], (20000, 29999))[want.key].port)
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


@pytest.mark.timeout(90)
def test_twenty_processes_that_lease_at_once_get_no_port_twice(private: Path, start: Start) -> None:
    processes = [start(TEN_LEASES, private / f"checkout{number}") for number in range(20)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 20
    ports = [port for answer in answers for port in json.loads(answer)]
    assert len(ports) == len(set(ports)) == 200


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
