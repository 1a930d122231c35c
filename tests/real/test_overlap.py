"""New code takes over on a socket that clients use all the time, and nobody notices."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from itertools import count
from textwrap import dedent
from typing import Any

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, fetch, wait_until

APP = """
    import time
    from flask import Flask, Response

    app = Flask(__name__)

    @app.get("/")
    def home():
        return "{version}"

    @app.get("/slow")
    def slow():
        time.sleep(2)
        return "{version}"

    @app.get("/stream")
    def stream():
        def lines():
            for number in range(30):
                time.sleep(0.1)
                yield f"{{number}}\\n"
        return Response(lines())
"""

TOML = """
    [services.web]
    app = "web:app"
    {more}
"""


def project_of(project: Project, more: str = "") -> None:
    """One service, whose version is 0."""
    project({"services.toml": TOML.format(more=more), "web.py": APP.format(version=0)})


class Clients:
    """People who use a service all the time, each with a new connection for each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.failures: list[str] = []
        self.versions: list[int] = []
        """What the short requests were answered, in the order of the answers."""
        self.streams = 0
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(ask,))
            for ask in (self._short, self._short, self._slow, self._stream)
        ]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While this lasts, they ask; afterwards each has its last answer."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(20)

    def _repeat(self, ask: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                ask()
            except (OSError, AssertionError, ValueError) as error:
                self.failures.append(f"{ask.__name__}: {error!r}")

    def _short(self) -> None:
        self.versions.append(int(self._ask("/")))
        self._over.wait(0.01)

    def _slow(self) -> None:
        self._ask("/slow")

    def _stream(self) -> None:
        text = self._ask("/stream")
        assert text.split() == [str(number) for number in range(30)], text[-40:]
        self.streams += 1

    def _ask(self, path: str) -> str:
        answer = fetch(self.url + path, timeout=15)
        assert answer.status == 200, answer
        return answer.text

    def wait_for(self, version: int) -> None:
        """Until somebody was answered by it."""
        wait_until(lambda: self.versions[-1:] == [version], what=f"version {version} answers")


def test_no_request_fails_while_code_is_saved_and_the_service_is_restarted(
    project: Project, dynaport: Dynaport
) -> None:
    project_of(project)
    dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    clients = Clients(dynaport.service("web")["url"])
    with clients.busy():
        for version in range(1, 13):
            project({"web.py": APP.format(version=version)})
            clients.wait_for(version)
        for _ in range(3):
            before = dynaport.pids()["web"]
            dynaport.run("restart", "web").expect(0)
            assert dynaport.pids()["web"] != before
    assert clients.failures == []
    assert clients.streams
    assert dynaport.service("web")["reloads"] == 12


def test_no_old_answer_follows_a_new_one(project: Project, dynaport: Dynaport) -> None:
    project_of(project)
    dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    url = dynaport.service("web")["url"]
    for version in range(1, 6):
        project({"web.py": APP.format(version=version)})
        answers = iter(lambda: int(fetch(url).text), version)
        assert set(answers) <= {version - 1}
        assert {int(fetch(url).text) for _ in range(20)} == {version}


def test_the_old_process_ends_when_it_has_answered_and_not_later_than_its_grace(
    project: Project, dynaport: Dynaport
) -> None:
    project_of(project, "stop_grace = 1")
    dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    before = dynaport.service("web")
    answers: list[Any] = []

    def stream() -> None:
        try:
            answers.append(fetch(before["url"] + "/stream", timeout=15))
        except (OSError, HTTPException) as error:
            answers.append(error)

    client = threading.Thread(target=stream)
    client.start()
    wait_until(lambda: dynaport.service("web")["log_lines"], what="it has begun to answer")
    project({"web.py": APP.format(version=1)})
    wait_until(lambda: fetch(before["url"]).text == "1", what="the new code answers")
    wait_until(lambda: not alive(before["pid"]), what="the old process is gone", deadline=5)
    client.join(10)
    assert len(answers) == 1


def alive(pid: int) -> bool:
    """Whether a process of that number is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_broken_saves_change_nothing_for_clients_and_each_is_told(
    project: Project, dynaport: Dynaport
) -> None:
    project_of(project)
    stream = dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    clients = Clients(dynaport.service("web")["url"])
    versions = count(1)
    with clients.busy():
        for number in range(4):
            lines = "\n" * number + f"1 / 0 or broken{number}"
            (dynaport.folder / "web.py").write_text(lines)
            stream.wait_for_line(rf"web was not reloaded.*ZeroDivisionError.*web.py:{number + 1}\b")
            stream.wait_for_line(rf'web +\| +File ".*web.py", line {number + 1}, in <module>')
            found = dynaport.service("web")
            assert found["state"] == "READY"
            assert f"web.py:{number + 1}" in found["why"]
            version = next(versions)
            project({"web.py": APP.format(version=version)})
            clients.wait_for(version)
    assert clients.failures == []


def test_a_restart_with_code_that_does_not_load_ends_with_1_and_leaves_the_old_process(
    project: Project, dynaport: Dynaport
) -> None:
    project_of(project)
    dynaport.start("up", "--no-tui", "--no-watch")
    dynaport.wait_until_ready()
    before = dynaport.pids()["web"]
    project({"web.py": "import nowhere_to_be_found"})
    finished = dynaport.run("restart", "web").expect(1)
    assert "No module named 'nowhere_to_be_found'" in finished.err
    assert "the old process keeps serving" in finished.err
    assert dynaport.pids()["web"] == before
    assert dynaport.get("web").text == "0"


def test_a_hanging_process_is_replaced_by_the_next_save(
    project: Project, dynaport: Dynaport
) -> None:
    project_of(project, "stop_grace = 1")
    dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    hung = dynaport.pids()["web"]
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    project({"web.py": APP.format(version=1)})
    url = dynaport.service("web")["url"]
    wait_until(lambda: dynaport.pids()["web"] != hung, what="another process has taken over")
    assert fetch(url).text == "1"
    wait_until(lambda: not alive(hung), what="the hanging process is gone", deadline=5)


def test_a_stop_ends_the_old_and_the_loading_process_too(
    project: Project, dynaport: Dynaport
) -> None:
    project_of(project, "stop_grace = 2")
    stream = dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    loads_long = "import time\nprint('loading', flush=True)\ntime.sleep(60)\n"
    (dynaport.folder / "web.py").write_text(loads_long)
    stream.wait_for_line(r"web +\| loading")
    assert dynaport.service("web")["reloading"] == "web.py changed"
    dynaport.run("stop", "web").expect(0)
    dynaport.wait_for_state("web", "STOPPED")
    assert [p for p in dynaport.left() if "nursery" in " ".join(p.cmdline())][1:] == []


@pytest.mark.parametrize(("mode", "said"), [("restart", "alone"), ("overlap", "twice")])
def test_what_must_not_run_twice_never_does(
    project: Project, dynaport: Dynaport, mode: str, said: str
) -> None:
    project_of(project, f'reload = "{mode}"')
    stream = dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    once = """
        import atexit, pathlib
        flag = pathlib.Path("running")
        print("alone" if not flag.exists() else "twice", flush=True)
        flag.touch()
        atexit.register(lambda: flag.unlink(missing_ok=True))
    """
    text = dedent(once) + dedent(APP.format(version=1))
    project({"web.py": text})
    stream.wait_for_line(r"web +\| alone")
    wait_until(lambda: dynaport.get("web").text == "1", what="it serves")
    project({"web.py": text + "# saved again\n"})
    wait_until(lambda: printed(stream.out) == ["alone", said], what="the new code has begun")


def printed(out: str) -> list[str]:
    """What the application said of itself."""
    return re.findall(r"web +\| (alone|twice)$", out, re.MULTILINE)
