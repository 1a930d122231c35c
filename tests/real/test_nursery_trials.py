"""What a trial finds out about a library before a nursery imports it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.libraries import THREAD, library
from tests.real.nursery_client import Nursery


class Laboratory:
    """A nursery in which nothing is started, and where its libraries are."""

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self.nursery, self.folder = nursery, folder

    def has(self, **modules: str) -> None:
        """Stub packages."""
        library(self.folder, **modules)

    def tries(self, *modules: str, **without: str) -> dict[str, dict[str, Any]]:
        """Module -> its verdict."""
        self.nursery.ask({"op": "try", "modules": modules, "without": without})
        verdicts = self.nursery.wait_event("tried")["verdicts"]
        return {verdict["module"]: verdict for verdict in verdicts}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One for all tests: what is tried leaves nothing behind, and each has its own libraries."""
    folder = tmp_path_factory.mktemp("laboratory")
    (folder / "site-packages").mkdir()
    with Nursery(env={"PYTHONPATH": str(folder / "site-packages")}) as nursery:
        yield Laboratory(nursery, folder)


HARMFUL = {
    "starts a thread": THREAD,
    "opens a file or a socket and keeps it": "import socket; kept = socket.socket()",
    "starts a process": "import subprocess; kept = subprocess.Popen(['sleep', '600'])",
    "takes SIGUSR1": "import signal; signal.signal(signal.SIGUSR1, lambda *_: None)",
    "replaces sys.stdin, sys.stdout or sys.stderr": "import io, sys; sys.stdout = io.StringIO()",
    "traces the program, or notices its crashes": "import sys; sys.settrace(lambda *_: None)",
    "replaces time.sleep": "import time; time.sleep = lambda seconds: None",
    "sets the variable COLOUR": "import os; os.environ['COLOUR'] = 'red'",
    "changes the current folder, the umask or the locale": "import os; os.chdir('/usr')",
    "prints": "print('Hello from the library')",
    "reads the whole environment": "import os; kept = dict(os.environ)",
    "talks to the network": "import socket; socket.getaddrinfo('127.0.0.1', 80)",
    "makes a temporary file": "import tempfile; kept = tempfile.mkdtemp()",
    "opens settings.ini in the current folder": """
        try: open('settings.ini')
        except OSError: pass
        """,
    "fails: ValueError: no licence": "raise ValueError('no licence')",
    "fails: SystemExit: 3": "raise SystemExit(3)",
    "ends the program": "import os; os._exit(0)",
    "crashes (SIGSEGV)": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "needs gevent, which has its own sockets, which must be made after ours": """
        try: import gevent
        except Exception: pass
        """,
}


@pytest.mark.parametrize("why", HARMFUL)
def test_a_library_is_left_alone_when_it(laboratory: Laboratory, why: str) -> None:
    name = f"lib{list(HARMFUL).index(why)}"
    laboratory.has(**{name: HARMFUL[why]}, gevent="")
    verdicts = laboratory.tries(name, "never")
    assert list(verdicts) == [name]
    assert verdicts[name]["why"] == why
    assert verdicts[name]["fails"] == why.startswith("fails")
    assert laboratory.nursery.process.poll() is None


def test_a_harmless_library_shows_which_variables_it_read(laboratory: Laboratory) -> None:
    text = """
        import os, socket, wsgiref.handlers
        level = os.environ.get("LEVEL", "low"), os.getenv("COLOUR"), "DEBUG" in os.environ
        with socket.socket() as probe: probe.bind(("127.0.0.1", 0))
        open(os.devnull).close()
        """
    laboratory.has(reader=text, dependent="import reader")
    verdicts = laboratory.tries("reader", "dependent")
    assert verdicts["reader"]["why"] is None
    assert set(verdicts["reader"]["reads"]) >= {"LEVEL", "COLOUR", "DEBUG"}
    assert "PATH" not in verdicts["reader"]["reads"]
    assert (verdicts["dependent"]["why"], verdicts["dependent"]["reads"]) == (None, [])


def test_a_library_that_imports_code_of_the_project_is_left_alone(laboratory: Laboratory) -> None:
    own = laboratory.folder / "checkout" / "own.py"
    own.parent.mkdir()
    own.touch()
    laboratory.has(plugins=f"import sys; sys.path.append({str(own.parent)!r})\nimport own")
    (laboratory.folder / "site-packages" / "linked.py").symlink_to(own)
    why = f"imports own from {own}, which is not installed"
    assert laboratory.tries("plugins")["plugins"]["why"] == why
    assert "which is not installed" in laboratory.tries("linked")["linked"]["why"]


def test_what_needs_a_library_that_is_left_alone_is_left_alone_too(laboratory: Laboratory) -> None:
    laboratory.has(wants="try: import bad\nexcept ImportError: pass", bad=THREAD)
    verdict = laboratory.tries("wants", bad="starts a thread")["wants"]
    assert verdict["why"] == "needs bad, which starts a thread"


def test_a_trial_ends_with_the_first_library_that_leaves_something_behind(
    laboratory: Laboratory,
) -> None:
    laboratory.has(first="", second=THREAD, third="")
    assert list(laboratory.tries("first", "second", "third")) == ["first", "second"]


def test_threads_that_end_at_a_fork_are_no_reason(laboratory: Laboratory) -> None:
    text = """
        import os, threading
        end = threading.Event()
        thread = threading.Thread(target=end.wait, daemon=True)
        thread.start()
        os.register_at_fork(before=lambda: (end.set(), thread.join()))
        """
    laboratory.has(blas=text)
    assert laboratory.tries("blas")["blas"]["why"] is None
