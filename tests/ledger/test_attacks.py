"""The ledger's file is damaged, taken away, locked, full, or of another version."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dynaport_tui.ledger.folders import project_runtime
from dynaport_tui.ledger.ledger import Ledger, Want
from dynaport_tui.ledger.opened import close_all
from dynaport_tui.ledger.rows import KEPT_GIVEN_UP
from dynaport_tui.ledger.schema import MIGRATIONS
from dynaport_tui.service_registry import ServiceRegistry
from tests.fakes import FakeEngine, ServedEngine, status

from .conftest import REPOSITORY, Start

RANGE = (20000, 29999)


def lease(ledger: Ledger, root: Path, *services: str) -> dict[str, int]:
    wants = [Want(service=service, instance="1") for service in services]
    return {
        key[0]: held.port for key, held in ledger.lease(str(root), "shop", wants, RANGE).items()
    }


def kept(path: Path) -> dict[str, int]:
    with Ledger(path) as ledger:
        return {held.service: held.port for held in ledger.leases()}


def with_leases(path: Path, count: int) -> dict[str, int]:
    """Make a ledger of one project, all of it in the one file."""
    with Ledger(path) as ledger:
        return lease(ledger, path.parent, *(f"service{number}" for number in range(count)))


@pytest.mark.parametrize(
    ("text", "why"),
    [(b"", "it is empty"), (b"no ledger at all, " * 400, "file is not a database")],
    ids=["emptied", "overwritten"],
)
def test_a_destroyed_file_is_moved_aside_and_made_anew_and_that_is_said_once(
    text: bytes, why: str, private: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = private / "ledger.sqlite3"
    with_leases(path, 3)
    path.write_bytes(text)
    assert kept(path) == {}
    assert kept(path) == {}
    (aside,) = private.glob("ledger.sqlite3.damaged-*")
    assert re.fullmatch(r".*\.damaged-\d{8}T\d{6}Z", aside.name)
    assert aside.read_bytes() == text
    assert capfd.readouterr().err.splitlines() == [
        f"dynaport: the ledger {path} was damaged ({why}). It was moved to "
        f"{aside.name}, beside a new one: none of its ports could be read, so all are chosen anew."
    ]


def test_what_a_truncated_file_still_tells_is_kept(
    private: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = private / "ledger.sqlite3"
    before = with_leases(path, 300)
    ServiceRegistry(path).register_service("search", 9200, health_endpoint=None)
    close_all()
    os.truncate(path, path.stat().st_size - 3 * 4096)
    with Ledger(path) as ledger:
        after = lease(ledger, private, *before)
        assert ledger.read(lambda db: db.execute("PRAGMA integrity_check").fetchone()) == ("ok",)
    assert len(set(after.values())) == 300
    assert [row.app_id for row in ServiceRegistry(path).rows()] == ["search"]
    assert re.search(r"of its ports \d+ could still be read in it", capfd.readouterr().err)


def test_a_process_that_has_a_damaged_ledger_open_keeps_its_own_ports(
    private: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = private / "ledger.sqlite3"
    with Ledger(path) as engine:
        before = lease(engine, private, "users", "orders")
        for part in private.glob("ledger.sqlite3*"):
            part.write_bytes(b"\xff" * part.stat().st_size)
        assert kept(path) == {}
        assert lease(engine, private, "users", "orders") == before
    assert kept(path) == before
    assert capfd.readouterr().err.count("was damaged") == 1


def test_a_ledger_that_was_taken_away_is_made_anew_with_what_is_in_use(private: Path) -> None:
    path = private / "ledger.sqlite3"
    with Ledger(path) as engine:
        before = lease(engine, private, "users")
        for part in private.glob("ledger.sqlite3*"):
            part.unlink()
        engine.leases()
        assert kept(path) == before


def test_the_ports_of_running_engines_are_known_again(
    private: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = private / "ledger.sqlite3"
    with_leases(path, 3)
    path.write_bytes(b"")
    services = (
        status("users.1", port=20418, ports={"debug": 20419}),
        status("users.2", instance=2, port=20420),
        status("worker", port=None),
    )
    running = project_runtime(private / "services.toml") / "sock"
    engine = FakeEngine(*services, file=str(private / "services.toml"))
    with ServedEngine(engine, running), Ledger(path) as ledger:
        found = {(held.root, *held.key): held.port for held in ledger.leases()}
        wants = [Want(service="users", instance=instance) for instance in ("1", "2")]
        again = ledger.lease(str(private), "shop", wants, RANGE)
    root = str(private)
    assert found == {
        (root, "users", "1", ""): 20418,
        (root, "users", "1", "debug"): 20419,
        (root, "users", "2", ""): 20420,
    }
    assert [held.port for held in again.values()] == [20418, 20420]
    assert "of its ports 3 are known from what runs, all others" in capfd.readouterr().err


UNWRITABLE = """
import os, sys
from pathlib import Path
from dynaport_tui.ledger.ledger import Ledger, LedgerError, Want
if not os.geteuid():
    os.setuid(65534)
try:
    with Ledger(Path(sys.argv[1])) as ledger:
        ledger.lease("/shop", "shop", [Want(service="new", instance="1")], (20000, 29999))
except LedgerError as error:
    print(error)
"""


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o777), (0o444, 0o555)])
def test_a_ledger_that_may_not_be_written_is_named_with_the_remedy(
    file: int, folder: int, private: Path, start: Start
) -> None:
    private.chmod(0o755)
    path = private / "kept" / "ledger.sqlite3"
    path.parent.mkdir()
    with_leases(path, 1)
    path.chmod(file)
    path.parent.chmod(folder)
    said, _ = start(UNWRITABLE, path).communicate(timeout=30)
    assert said.startswith(
        f"the ledger {path} cannot be used: it, or its folder, cannot be written"
    )
    assert f"`chmod u+rwX {path.parent} {path}`, or set DYNAPORT_STATE_DIR" in said


FULL = """
import resource, signal, sys
from dynaport_tui.ledger.ledger import Ledger, LedgerError, Want
def lease(ledger, *names):
    wants = [Want(service=name, instance="1") for name in names]
    return [held.port for held in ledger.lease(sys.argv[1], "shop", wants, (20000, 29999)).values()]
ledger = Ledger()
given = []
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
try:
    for number in range(2000):
        given += lease(ledger, f"s{number}")
except LedgerError as error:
    print(error)
print(0 < len(given) < 2000)
kept = sorted(ledger.leases(), key=lambda held: int(held.service[1:]))
print([held.port for held in kept] == given)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(len(lease(ledger, "s9999")))
"""


def test_a_full_disk_is_an_error_that_loses_nothing(private: Path, start: Start) -> None:
    said, _ = start(FULL, private).communicate(timeout=30)
    error, *rest = said.splitlines()
    assert rest == ["True", "True", "1"]
    assert "cannot be used" in error


def test_an_older_file_is_brought_up_to_date_while_an_older_dynaport_has_it_open(
    private: Path,
) -> None:
    path = private / "old"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
        put = "INSERT INTO leases VALUES (?, ?, '1', '', 'shop', ?, ?, NULL, 1.0, 0)"
        old.execute(put, ("/gone/before", "users", 20001, 20001))
        with Ledger(path) as new:
            lease(new, private, "users")
            old.execute(put, ("/gone/after", "users", 20002, 20002))
            assert {held.root for held in new.leases()} == {
                "/gone/before",
                "/gone/after",
                str(private),
            }
            assert new.read(lambda db: db.execute("PRAGMA user_version").fetchone()) == (2,)


def test_a_clock_that_is_set_back_brings_no_released_port_back(
    private: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = time.time()
    seen = set()
    for hour in range(20):
        now = clock - 3600 * hour
        monkeypatch.setattr(time, "time", lambda now=now: now)
        seen.add(lease(ledger, private, "users")["users"])
        ledger.release(str(private), "users")
    assert len(seen) == KEPT_GIVEN_UP + 1


def test_a_copied_folder_gets_ports_of_its_own(private: Path, ledger: Ledger) -> None:
    original, copy = private / "shop", private / "copy"
    original.mkdir()
    before = lease(ledger, original, "users", "orders")
    shutil.copytree(original, copy)
    assert not set(lease(ledger, copy, "users", "orders").values()) & set(before.values())
    assert lease(ledger, original, "users", "orders") == before


def test_a_renamed_folder_keeps_its_ports_also_under_another_name(
    private: Path, ledger: Ledger
) -> None:
    old, new = private / "shop", private / "store"
    old.mkdir()
    before = lease(ledger, old, "users", "orders")
    old.rename(new)
    wants = [Want(service=service, instance="1") for service in ("users", "orders", "added")]
    after = ledger.lease(str(new), "store", wants, RANGE)
    assert {key[0]: held.port for key, held in after.items()}.items() >= before.items()
    assert {held.root for held in ledger.leases()} == {str(new)}


def test_a_new_checkout_in_the_place_of_a_removed_one_has_its_ports(
    private: Path, ledger: Ledger
) -> None:
    old, new = private / "build1", private / "build2"
    old.mkdir()
    before = lease(ledger, old, "users", "orders")
    new.mkdir()
    old.rmdir()
    assert lease(ledger, new, "users", "orders") == before


def test_a_project_whose_folder_is_out_of_reach_keeps_its_ports(
    private: Path, ledger: Ledger
) -> None:
    disk, other = private / "disk", private / "other"
    (disk / "shop").mkdir(parents=True)
    other.mkdir()
    before = lease(ledger, disk / "shop", "users")
    disk.rename(private / "elsewhere")
    assert lease(ledger, other, "users") != before
    (private / "elsewhere").rename(disk)
    assert lease(ledger, disk / "shop", "users") == before


@pytest.mark.timeout(60)
def test_processes_killed_at_random_instants_lose_nothing_that_was_acknowledged() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ledger.killing", "24"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("24 processes killed")
