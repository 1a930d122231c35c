"""What a service still gets to do when it is told to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.nursery_client import Nursery, held_socket
from tests.real.test_nursery_scripts import write

APP = """
    import atexit, logging, multiprocessing.util, os, sys, tempfile, threading, weakref
    from flask import Flask

    app = Flask(__name__)
    unflushed = open("unflushed.txt", "w")
    unflushed.write("all of it")
    raw = open("raw.txt", "wb", buffering=100)
    raw.write(b"bytes")
    folder = tempfile.TemporaryDirectory()
    open("folder.txt", "w").write(folder.name)
    sys.stdout = open(os.dup(1), "w")  # it does not end lines by itself

    class Thing:
        pass

    thing = Thing()
    weakref.finalize(thing, print, "finalized")
    atexit.register(print, "first registered")
    atexit.register(print, "registered last")

    def work():
        done.wait(20)
        print("a thread has finished")

    done = threading.Event()
    threading.Thread(target=work).start()
    threading._register_atexit(done.set)
"""
SCRIPT = (
    APP
    + """
    try:
        app.run()
    finally:
        print("finally")
"""
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def told_to_end(nursery: Nursery, folder: Path, kind: str, *, cold: bool) -> str:
    """What it printed; it ended with 0."""
    with held_socket() as held:
        target = "main:app" if kind == "app" else "main.py"
        start = nursery.spawn(kind, target, cwd=folder, listen=held, cold=cold)
        nursery.wait_ready(start)
        nursery.signal(start, signal.SIGTERM)
        exited = nursery.wait_end(start)
    assert (exited["code"], exited["signal"], start.stderr) == (0, None, "")
    return start.stdout


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
@pytest.mark.parametrize("kind", ["app", "script"])
def test_exit_handlers_run_threads_finish_and_files_are_flushed(
    nursery: Nursery, tmp_path: Path, kind: str, cold: bool
) -> None:
    write(tmp_path, main=APP if kind == "app" else SCRIPT)
    printed = told_to_end(nursery, tmp_path, kind, cold=cold).splitlines()
    assert printed == [
        *(["finally"] if kind == "script" else []),
        "a thread has finished",
        "registered last",
        "first registered",
        "finalized",
    ]
    assert (tmp_path / "unflushed.txt").read_text() == "all of it"
    assert (tmp_path / "raw.txt").read_text() == "bytes"
    assert not Path((tmp_path / "folder.txt").read_text()).exists()


def test_a_program_that_goes_on_after_it_has_served_ends_as_it_says(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(
        tmp_path,
        main="""
            import sys
            from flask import Flask
            class Witness:
                def __del__(self):
                    print("deleted")
            witness = Witness()
            try:
                Flask(__name__).run()
            except SystemExit:
                print("served")
            sys.exit(3)
            """,
    )
    with held_socket() as held:
        start = nursery.spawn("script", "main.py", cwd=tmp_path, listen=held)
        nursery.wait_ready(start)
        nursery.signal(start, signal.SIGTERM)
        exited = nursery.wait_end(start)
    assert (exited["code"], start.stdout) == (3, "served\ndeleted\n")


def test_a_child_that_a_service_forked_ends_as_python_does(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(
        tmp_path,
        main="""
            import os, sys
            from flask import Flask
            app = Flask(__name__)
            class Witness:
                def __del__(self):
                    os.write(1, b"deleted\\n")
            if os.fork() == 0:
                witness = Witness()
                sys.exit(7)
            os.write(1, b"%d\\n" % os.waitstatus_to_exitcode(os.wait()[1]))
            """,
    )
    assert told_to_end(nursery, tmp_path, "app", cold=False) == "deleted\n7\n"
