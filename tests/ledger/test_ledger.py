"""Who has which port, remembered."""

from __future__ import annotations

import random
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dynaport_tui.ledger.choice import Range, computed_port
from dynaport_tui.ledger.ledger import Ledger, LedgerError, NoFreePort, Want
from dynaport_tui.ledger.ports import is_free, outgoing_range
from dynaport_tui.ledger.schema import MIGRATIONS, SCHEMA, UPSERT

RANGE = (20000, 29999)


def wants(*services: str) -> list[Want]:
    return [Want(service=service, instance="1") for service in services]


def ports_of(
    ledger: Ledger, root: Path | str, *services: str, ports: Range = RANGE, project: str = ""
) -> dict[str, int]:
    leases = ledger.lease(str(root), project or Path(root).name, wants(*services), ports)
    return {service: leases[service, "1", ""].port for service in services}


@contextmanager
def write_lock(ledger: Ledger) -> Iterator[None]:
    """Another connection is in the middle of writing."""
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def a_free_range(size: int) -> Range:
    """Neighbouring ports that are free now, outside those of outgoing connections."""
    while True:
        low = random.randrange(20000, 29999 - size)
        if all(is_free(port) for port in range(low, low + size)):
            return low, low + size - 1


def test_a_service_gets_its_computed_port_and_keeps_it(private: Path, ledger: Ledger) -> None:
    first = ledger.lease(str(private), private.name, wants("users"), RANGE)
    lease = first["users", "1", ""]
    assert lease.computed == computed_port(private.name, "users", "1", "", RANGE)
    assert (lease.why is None) == (lease.port == lease.computed)
    with Ledger() as again:
        assert again.lease(str(private), private.name, wants("users"), RANGE) == first


def test_the_order_of_services_moves_nobody(private: Path) -> None:
    names = [f"s{number}" for number in range(12)]
    with Ledger(private / "one") as one, Ledger(private / "two") as two:
        ports = a_free_range(12)
        given = ports_of(one, private, *names, ports=ports)
        assert sorted(given.values()) == list(range(ports[0], ports[1] + 1))
        assert ports_of(two, private, *reversed(names), ports=ports) == given
        assert ports_of(one, private, *reversed(names), ports=ports) == given


def test_an_added_service_moves_nobody(private: Path, ledger: Ledger) -> None:
    before = ports_of(ledger, private, "users", "orders")
    after = ports_of(ledger, private, "admin", "users", "orders", "zebra")
    assert before.items() <= after.items()


def test_a_service_that_was_deleted_and_added_again_has_its_old_port(
    private: Path, ledger: Ledger
) -> None:
    ports = a_free_range(3)
    before = ports_of(ledger, private, "users", "orders", ports=ports)
    assert ports_of(ledger, private, "orders", "new", ports=ports)["new"] != before["users"]
    assert ports_of(ledger, private, "users", ports=ports)["users"] == before["users"]


def test_instances_and_further_ports_have_ports_of_their_own(private: Path, ledger: Ledger) -> None:
    several = [
        Want(service="users", instance=instance, slot=slot)
        for instance in ("1", "2", "green")
        for slot in ("", "debug")
    ]
    leases = ledger.lease(str(private), "shop", several, RANGE)
    assert list(leases) == [want.key for want in several]
    assert len({lease.port for lease in leases.values()}) == 6


def test_two_checkouts_of_one_project_never_collide(private: Path, ledger: Ledger) -> None:
    names = [f"s{number}" for number in range(20)]
    ports = a_free_range(40)
    one = ports_of(ledger, private / "one", *names, project="shop", ports=ports)
    two = ports_of(ledger, private / "two", *names, project="shop", ports=ports)
    assert not set(one.values()) & set(two.values())
    lease = next(lease for lease in ledger.leases() if lease.root.endswith("two") and lease.why)
    assert str(lease.computed) in str(lease.why)


def test_the_second_checkout_says_who_has_the_computed_port(private: Path, ledger: Ledger) -> None:
    ports = a_free_range(4)
    computed = ports_of(ledger, private / "one", "users", project="shop", ports=ports)["users"]
    second = ledger.lease(str(private / "two"), "shop", wants("users"), ports)["users", "1", ""]
    assert second.port != computed
    assert second.why == f"{computed} is leased to shop/users in {private / 'one'}"


def test_a_checkout_reached_through_a_link_is_the_same_one(private: Path, ledger: Ledger) -> None:
    (private / "real").mkdir()
    (private / "link").symlink_to(private / "real")
    one = ports_of(ledger, private / "real", "users", project="shop")
    assert ports_of(ledger, private / "link", "users", project="shop") == one


def test_an_app_of_the_whole_user_is_leased_without_a_folder(ledger: Ledger) -> None:
    want = Want(service="my-app", instance="default")
    one = ledger.lease("", "", [want], RANGE)[want.key]
    assert ledger.lease("", "", [want], RANGE)[want.key] == one
    assert one.root == ""
    assert one.owner == "app my-app"
    assert ledger.release("", "my-app") == [one.port]


def test_a_lease_outside_a_new_range_is_kept(private: Path, ledger: Ledger) -> None:
    before = ports_of(ledger, private, "users")
    new = (10000, 10099)
    assert ports_of(ledger, private, "users", ports=new) == before
    lease = ledger.leases()[0]
    assert lease.computed == computed_port(private.name, "users", "1", "", new)
    assert "another range" in str(lease.why)


def test_a_renamed_project_keeps_its_ports(private: Path, ledger: Ledger) -> None:
    before = ports_of(ledger, private, "users", project="shop")
    assert ports_of(ledger, private, "users", project="store") == before
    assert ledger.leases()[0].project == "store"


def test_a_known_lease_is_read_while_somebody_else_is_writing(
    private: Path, ledger: Ledger
) -> None:
    before = ports_of(ledger, private, "users", "orders")
    with write_lock(ledger), Ledger(patience=0) as reader:
        assert ports_of(reader, private, "orders", "users") == before
        assert len(reader.leases()) == 2


def test_a_new_lease_waits_for_the_writer_only_so_long(private: Path, ledger: Ledger) -> None:
    busy = rf"{ledger.path} was kept busy .* for 0\.1 s"
    with (
        write_lock(ledger),
        Ledger(patience=0.1) as other,
        pytest.raises(LedgerError, match=busy),
    ):
        ports_of(other, private, "users")
    assert ports_of(ledger, private, "users")


def test_ports_of_outgoing_connections_are_not_chosen(private: Path, ledger: Ledger) -> None:
    low, _ = outgoing_range()
    ports = (low - 40, low + 40)
    names = [f"s{number}" for number in range(20)]
    given = ports_of(ledger, private, *names, ports=ports)
    assert all(port < low for port in given.values())


def test_a_released_service_gets_a_new_port_each_time(private: Path, ledger: Ledger) -> None:
    ports = a_free_range(3)
    seen = []
    for _ in range(3):
        seen.append(ports_of(ledger, private, "users", ports=ports)["users"])
        assert ledger.release(str(private), "users") == [seen[-1]]
    assert sorted(seen) == list(range(ports[0], ports[1] + 1))
    assert ports_of(ledger, private, "users", ports=ports)["users"] in seen
    assert ledger.leases()


def test_a_released_port_may_go_to_another_service(private: Path, ledger: Ledger) -> None:
    ports = a_free_range(2)
    ports_of(ledger, private, "users", ports=ports)
    ledger.release(str(private), "users")
    others = ports_of(ledger, private, "orders", "web", ports=ports)
    assert set(others.values()) == set(ports)


def test_release_of_one_instance_leaves_the_others(private: Path, ledger: Ledger) -> None:
    two = [
        Want(service="users", instance=instance, slot=slot)
        for instance in ("1", "2")
        for slot in ("", "debug")
    ]
    leases = ledger.lease(str(private), "shop", two, RANGE)
    released = ledger.release(str(private), "users", "2")
    assert set(released) == {leases["users", "2", slot].port for slot in ("", "debug")}
    assert {lease.instance for lease in ledger.leases()} == {"1"}
    assert ledger.release(str(private), "nobody") == []


def test_what_is_remembered_of_released_ports_is_bounded(private: Path, ledger: Ledger) -> None:
    ports = a_free_range(20)
    for _ in range(20):
        ports_of(ledger, private, "users", ports=ports)
        ledger.release(str(private), "users")
    with closing(sqlite3.connect(ledger.path)) as db:
        assert db.execute("SELECT count(*) FROM given_up").fetchone() == (16,)


def pin(ledger: Ledger, root: Path, service: str, port: int | None) -> int:
    want = Want(service=service, instance="1", pinned=port)
    return ledger.lease(str(root), root.name, [want], RANGE)[want.key].port


def test_a_pin_is_recorded_and_others_avoid_it(private: Path, ledger: Ledger) -> None:
    port, _ = ports = a_free_range(2)
    assert pin(ledger, private / "shop", "web", port) == port
    lease = ledger.leases()[0]
    assert (lease.port, lease.why, lease.pinned) == (port, None, True)
    assert ports_of(ledger, private / "blog", "web", ports=ports)["web"] == port + 1


def test_two_projects_may_pin_the_same_port(private: Path, ledger: Ledger) -> None:
    assert pin(ledger, private / "shop", "web", 5001) == 5001
    assert pin(ledger, private / "blog", "web", 5001) == 5001


def test_a_pin_takes_a_leased_port_and_the_lease_is_kept_until_its_release(
    private: Path, ledger: Ledger
) -> None:
    ports = a_free_range(2)
    one, other = private / "shop", private / "blog"
    port = ports_of(ledger, one, "web", ports=ports)["web"]
    assert pin(ledger, other, "web", port) == port
    assert ports_of(ledger, one, "web", ports=ports)["web"] == port
    ledger.release(str(one), "web")
    assert ports_of(ledger, one, "web", ports=ports)["web"] != port


def test_a_pin_moves_the_service_of_the_same_project_that_has_the_port(
    private: Path, ledger: Ledger
) -> None:
    port = ports_of(ledger, private, "users")["users"]
    both = [Want(service="users", instance="1"), Want(service="web", instance="1", pinned=port)]
    leases = ledger.lease(str(private), private.name, both, RANGE)
    assert leases["web", "1", ""].port == port
    assert leases["users", "1", ""].port != port
    assert ledger.lease(str(private), private.name, both, RANGE) == leases


def test_a_new_pin_moves_the_service_and_a_lost_one_brings_the_computed_port(
    private: Path, ledger: Ledger
) -> None:
    assert pin(ledger, private, "web", 5001) == 5001
    assert pin(ledger, private, "web", 5002) == 5002
    assert pin(ledger, private, "web", None) not in (5001, 5002)
    lease = ledger.leases()[0]
    assert not lease.pinned
    assert (lease.why is None) == (lease.port == lease.computed)


def test_leases_of_folders_that_are_gone_make_room(private: Path, ledger: Ledger) -> None:
    ports = a_free_range(2)
    for name in ("one", "two", "three"):
        (private / name).mkdir()
    ports_of(ledger, private / "one", "users", ports=ports)
    ports_of(ledger, private / "two", "users", ports=ports)
    with pytest.raises(NoFreePort, match="2 leased"):
        ports_of(ledger, private / "three", "users", ports=ports)
    shutil.rmtree(private / "one")
    assert ports_of(ledger, private / "three", "users", ports=ports)
    assert {Path(lease.root).name for lease in ledger.leases()} == {"two", "three"}


def test_a_full_range_gives_nobody_anything(private: Path, ledger: Ledger) -> None:
    private.joinpath("shop").mkdir()
    ports = a_free_range(2)
    with pytest.raises(NoFreePort):
        ports_of(ledger, private / "shop", "a", "b", "c", ports=ports)
    assert ledger.leases() == []


def test_the_file_is_private(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_the_file_is_in_wal_mode_and_says_its_schema(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


def test_a_file_of_an_older_dynaport_is_brought_up_to_date_and_keeps_its_leases(
    private: Path,
) -> None:
    with closing(sqlite3.connect(private / "old", isolation_level=None)) as db:
        for statement in MIGRATIONS[0]:
            db.execute(statement)
        db.execute(UPSERT, ("", "alone", "1", "", "", 20123, 20123, None, 0.0, False))
        db.execute("PRAGMA user_version = 1")
    with Ledger(private / "old") as opened:
        assert [lease.port for lease in opened.leases()] == [20123]
    with closing(sqlite3.connect(private / "old")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert db.execute("SELECT count(*) FROM services").fetchone() == (0,)


def test_a_file_of_a_newer_dynaport_is_left_alone(private: Path) -> None:
    with closing(sqlite3.connect(private / "new")) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(LedgerError, match=rf"schema 7, this one knows {SCHEMA}\)\. Upd"):
        Ledger(private / "new")


def test_a_place_that_cannot_be_written_is_named_with_a_remedy(private: Path) -> None:
    with pytest.raises(LedgerError, match=r"missing/ledger cannot be used: No such file"):
        Ledger(private / "missing" / "ledger")
