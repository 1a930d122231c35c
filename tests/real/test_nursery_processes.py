"""Programs that a nursery executes, and the end of everything that they started."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.nursery_client import (
    Nursery,
    Start,
    held_socket,
    is_alive,
    wait_dead,
)

SLEEPER = "import os, time; os.write(1, b'%d ' % os.getpid()); time.sleep(600)"

SLOW_LIBRARY = """
import os, importlib
count = 0
while not os.path.exists({go!r}):
    count += 1
    name = f"part{{count}}"
    with open(os.path.join(__path__[0], name + ".py"), "w") as file:
        file.write("import time; time.sleep(0.001)")
    importlib.invalidate_caches()
    importlib.import_module("jinja2." + name)
"""
"""Imports module after module until a file appears."""

ESCAPES = (
    f"SLEEPER = {SLEEPER!r}\n"
    + """
import os, subprocess, sys, time

def say():
    os.write(1, b"%d\\n" % os.getpid())

def daemon(exec_):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            say()
            if exec_:
                os.execvp("sleep", ["sleep", "600"])
            time.sleep(600)
        os._exit(0)
    os.wait()

say()
subprocess.Popen(["sh", "-c", "echo $$; sleep 600 & echo $!; wait"])
subprocess.Popen([sys.executable, "-c", SLEEPER],
                 start_new_session=True)
daemon(exec_=True)
daemon(exec_=False)
os.write(1, b"done\\n")
"""
)
"""A leader, a child, a grandchild, a child in a session of its own, two daemons: six processes."""

STAYS = ESCAPES + "time.sleep(600)\n"


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with Nursery(mode="bare") as nursery:
        yield nursery


def pids(nursery: Nursery, start: Start, count: int) -> list[int]:
    """Wait for that many numbers in its output."""

    def numbers() -> list[int]:
        found = [int(word) for word in start.stdout.split() if word.isdigit()]
        return found if len(found) >= count else []

    found: list[int] = nursery.until(numbers, f"{count} pids")
    return found


@pytest.fixture
def escapes(tmp_path: Path) -> Path:
    (tmp_path / "stays.py").write_text(STAYS)
    (tmp_path / "leaves.py").write_text(ESCAPES)
    return tmp_path


def test_a_program_is_executed_and_its_exit_code_is_told(nursery: Nursery) -> None:
    start = nursery.spawn("exec", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert nursery.wait_spawned(start) > 0
    assert nursery.wait_end(start) == {"event": "exited", "id": start.id, "code": 7, "signal": None}
    assert (start.stdout, start.stderr) == ("out\n", "err\n")


def test_a_signal_that_ended_a_program_is_told(nursery: Nursery) -> None:
    start = nursery.spawn("exec", "sleep", "600")
    pid = nursery.wait_spawned(start)
    assert nursery.signal(start, signal.SIGTERM) == [pid]
    exited = nursery.wait_end(start)
    assert (exited["code"], exited["signal"]) == (None, signal.SIGTERM)


def test_a_program_that_is_not_there_fails_with_its_name(nursery: Nursery) -> None:
    start = nursery.spawn("exec", "redis-servre")
    assert nursery.wait_event("failed", start)["error"] == (
        "No such file or directory: 'redis-servre' (not in PATH)"
    )
    assert nursery.signal(start, signal.SIGTERM) == []
    assert not any(event.get("id") == start.id for event in nursery.events)


def test_a_missing_cwd_fails_and_is_named(nursery: Nursery, tmp_path: Path) -> None:
    start = nursery.spawn("exec", "true", cwd=tmp_path / "gone")
    error = nursery.wait_event("failed", start)["error"]
    assert error == f"cannot enter its cwd: No such file or directory: '{tmp_path}/gone'"


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("#!/no/such/interpreter\n", 0o755, "not the interpreter that its first line names"),
        ("#!/bin/sh\n", 0o644, "chmod +x"),
        ("echo hello\n", 0o755, "has no first line such as #!/bin/sh"),
    ],
)
def test_a_file_that_cannot_be_executed_fails_with_the_remedy(
    nursery: Nursery, tmp_path: Path, text: str, mode: int, expected: str
) -> None:
    (tmp_path / "run").write_text(text)
    (tmp_path / "run").chmod(mode)
    start = nursery.spawn("exec", "./run", cwd=tmp_path)
    assert expected in nursery.wait_event("failed", start)["error"]


def test_programs_are_looked_up_in_the_path_of_their_own_environment(
    nursery: Nursery, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("#!/bin/sh\necho mine\n")
    (tmp_path / "mine").chmod(0o755)
    start = nursery.spawn("exec", "mine", env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    nursery.wait_end(start)
    assert start.stdout == "mine\n"


def test_a_program_inherits_three_descriptors_and_plain_signals(nursery: Nursery) -> None:
    start = nursery.spawn("exec", "/bin/sh", "-c", "ls /proc/self/fd; cat /proc/self/status")
    nursery.wait_end(start)
    words = start.stdout.split()
    assert words[: words.index("Name:")] == ["0", "1", "2", "3"]  # 3: what ls itself opened
    masks = {n: words[words.index(n) + 1] for n in ("SigBlk:", "SigIgn:", "SigCgt:")}
    assert set(masks.values()) == {"0" * 16}


def test_each_program_leads_a_session_of_its_own(nursery: Nursery) -> None:
    start = nursery.spawn("exec", "sleep", "600")
    pid = nursery.wait_spawned(start)
    assert os.getsid(pid) == os.getpgid(pid) == pid


def test_the_held_socket_is_handed_down_as_systemd_does(nursery: Nursery) -> None:
    program = (
        "import os, socket; s = socket.socket(fileno=3); print(s.getsockname()[1], s.getblocking(),"
        "os.environ['LISTEN_FDS'], os.environ['LISTEN_PID'] == str(os.getpid()),"
        "os.environ['LISTEN_FDNAMES'])"
    )
    with held_socket() as held:
        start = nursery.spawn(
            "exec",
            sys.executable,
            "-c",
            program,
            listen=held,
            hand_down=True,
            listen_names=["http"],
        )
        nursery.wait_end(start)
        assert start.stdout.split() == [str(held.getsockname()[1]), "True", "1", "True", "http"]
        assert not os.get_blocking(held.fileno())


def test_a_program_with_a_terminal_is_controlled_by_it(nursery: Nursery) -> None:
    start = nursery.spawn("exec", "sh", "-c", "test -t 0 && test -t 2 && tty </dev/tty", tty=True)
    assert nursery.wait_end(start)["code"] == 0
    assert start.stdout.startswith("/dev/tty")


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[Nursery]:
    """A nursery that imports a library until tmp_path/go exists."""
    (tmp_path / "jinja2").mkdir()
    library = SLOW_LIBRARY.format(go=str(tmp_path / "go"))
    (tmp_path / "jinja2" / "__init__.py").write_text(library)
    with Nursery(env={"PYTHONPATH": str(tmp_path)}) as nursery:
        nursery.until((tmp_path / "jinja2" / "part1.py").exists, "import")
        yield nursery


def test_programs_start_while_the_libraries_are_being_imported(
    importing: Nursery, tmp_path: Path
) -> None:
    start = importing.spawn("exec", "touch", "go", cwd=tmp_path)
    assert importing.wait_end(start)["code"] == 0
    importing.wait_event("preloaded")


def test_everything_ends_when_the_engine_goes_while_libraries_are_imported(
    importing: Nursery,
) -> None:
    start = importing.spawn("exec", sys.executable, "-c", SLEEPER)
    every = pids(importing, start, 1)
    importing.hang_up()
    wait_dead([*every, importing.process.pid])


def test_gone_waits_for_what_outlives_the_leader(nursery: Nursery, escapes: Path) -> None:
    start = nursery.spawn("exec", sys.executable, "leaves.py", cwd=escapes)
    nursery.wait_spawned(start)
    every = pids(nursery, start, 6)
    nursery.wait_event("exited", start)
    survivors = set(every) - {start.pid}
    assert set(nursery.signal(start, signal.SIGCONT)) == survivors
    assert not any(event["event"] == "gone" for event in nursery.events)
    assert set(nursery.signal(start, signal.SIGKILL)) == survivors
    nursery.wait_event("gone", start)
    wait_dead(every)


def test_a_signal_reaches_children_that_escaped(nursery: Nursery, escapes: Path) -> None:
    start = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes)
    nursery.wait_spawned(start)
    every = pids(nursery, start, 6)
    assert set(nursery.signal(start, signal.SIGTERM)) == set(every)
    nursery.wait_end(start)
    wait_dead(every)


def test_another_service_is_left_alone(nursery: Nursery, escapes: Path) -> None:
    first = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes, mark="engine/users")
    second = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes, mark="engine/orders")
    mine, others = pids(nursery, first, 6), pids(nursery, second, 6)
    assert set(nursery.signal(first, signal.SIGKILL)) == set(mine)
    nursery.wait_end(first)
    assert all(is_alive(pid) for pid in others)


def test_two_starts_of_one_service_keep_their_own_daemons(nursery: Nursery, escapes: Path) -> None:
    old = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes, mark="engine/users")
    before = pids(nursery, old, 6)
    nursery.wait_output(old, "done")
    time.sleep(0.02)  # processes are told apart by the kernel's clock, which ticks every 10 ms
    new = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes, mark="engine/users")
    after = pids(nursery, new, 6)
    nursery.wait_output(new, "done")
    assert set(nursery.signal(old, signal.SIGKILL)) == set(before)
    nursery.wait_end(old)
    assert all(is_alive(pid) for pid in after)


def test_a_process_that_forks_while_it_is_killed_does_not_get_away(nursery: Nursery) -> None:
    program = (
        "import os\nfor _ in range(200):\n    if os.fork() == 0: os.setsid()\n    else: os._exit(0)"
    )
    start = nursery.spawn("exec", sys.executable, "-c", program + "\n__import__('time').sleep(600)")
    nursery.wait_spawned(start)
    nursery.signal(start, signal.SIGKILL)
    nursery.wait_event("gone", start)


def test_everything_ends_within_half_a_second_when_the_engine_is_gone(escapes: Path) -> None:
    def seconds() -> float:
        with Nursery(mode="bare") as nursery:
            start = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes)
            every = pids(nursery, start, 6)
            nursery.hang_up()
            took = wait_dead([*every, nursery.process.pid])
            assert nursery.process.wait() == 0
            return took

    assert min(seconds() for _ in range(3)) < 0.5  # a busy machine may be late once


def test_quit_ends_everything(escapes: Path) -> None:
    with Nursery(mode="bare") as nursery:
        start = nursery.spawn("exec", sys.executable, "stays.py", cwd=escapes)
        every = pids(nursery, start, 6)
        nursery.quit()
        wait_dead(every)
        assert nursery.process.wait(20) == 0


def test_leaders_die_with_a_killed_nursery() -> None:
    with Nursery() as nursery:
        starts = [nursery.spawn("exec", sys.executable, "-c", SLEEPER) for _ in range(2)]
        every = [pid for start in starts for pid in pids(nursery, start, 1)]
        nursery.process.send_signal(signal.SIGKILL)
        wait_dead(every)


@pytest.mark.parametrize("spare", range(4))
def test_a_start_for_which_there_is_no_room_now_may_be_tried_again(spare: int) -> None:
    with Nursery(mode="bare") as nursery:
        nursery.wait_event("hello")
        pid = nursery.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = {int(fd.name) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        room = [number for number in range(64) if number not in used][spare]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (room, limits[1]))
        failed = nursery.wait_event("failed", nursery.spawn("exec", "true"))
        assert failed["again"]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert nursery.wait_end(nursery.spawn("exec", "true"))["code"] == 0


def test_many_starts_at_once_all_end(nursery: Nursery) -> None:
    starts = [nursery.spawn("exec", "sh", "-c", f"exit {number}") for number in range(40)]
    assert [nursery.wait_end(start)["code"] for start in starts] == list(range(40))


def test_a_nursery_ignores_the_end_of_its_terminal(nursery: Nursery) -> None:
    nursery.wait_event("hello")
    nursery.process.send_signal(signal.SIGHUP)
    start = nursery.spawn("exec", "true")
    assert nursery.wait_end(start)["code"] == 0


def test_the_nursery_listens_to_nobody_but_the_engine() -> None:
    """Its socket is inherited by none of its children: they would keep it open for ever."""
    with Nursery(mode="bare") as nursery:
        start = nursery.spawn("exec", "sleep", "600")
        pid = nursery.wait_spawned(start)
        assert not [link for link in _open_in(pid) if link.startswith("socket:")]


def _open_in(pid: int) -> list[str]:
    """What a process has open; what it closes while we look is left out."""
    found = []
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(fd.readlink()))
    return found
