"""A service that is down answers on its own port, and hands it back without losing anybody."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

from tests.project import Project
from tests.real.harness import Answer, Dynaport, fetch, refuses, wait_until

BROKEN = """
    import os

    def connect():
        print("<b>connecting</b> with", os.environ["API_TOKEN"], flush=True)
        return os.environ["NO_SUCH_VARIABLE"]

    connect()
"""

WORKING = """
    from flask import Flask

    app = Flask(__name__)
    app.route("/", methods=["GET", "POST"])(lambda: "works")
"""

FAILING = {
    "services.toml": """
        [services.users]
        app = "users:app"
        restart = "never"
        env = { API_TOKEN = "tok-95d1f2", THEME = "dark" }

        [services.orders]
        app = "orders:app"
        depends_on = ["users"]

        [services.plain]
        command = ["false"]
        hand_down = true
        restart = "never"
    """,
    "users.py": BROKEN,
    "orders.py": WORKING,
}

HTML = {"Accept": "text/html,*/*;q=0.8"}


def test_a_service_that_failed_says_why_until_it_is_mended_or_stopped(
    project: Project, dynaport: Dynaport
) -> None:
    project(FAILING)
    dynaport.start("up", "--no-tui", "--keep-going")
    why = dynaport.wait_for_state("users", "FAILED")["why"]
    url = dynaport.service("users")["url"]

    told = fetch(url + "/any?where")
    assert (told.status, told.headers["retry-after"]) == (503, "5")
    assert told.headers["x-dynaport-state"] == "FAILED"
    found = told.json()
    assert (found["service"], found["state"], found["why"]) == ("users", "FAILED", why)
    assert (found["file"], found["line"]) == ("users.py", 5)
    assert "KeyError: 'NO_SUCH_VARIABLE'" in found["traceback"]
    assert "<b>connecting</b> with ••••" in found["log"]

    page = fetch(url, headers=HTML, method="POST", data=b"x" * 300_000)
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    words = unescape(re.sub("<[^>]*>", "", page.text))
    assert "def connect():" in words  # a line of the source that the traceback does not have
    assert "&lt;b&gt;connecting&lt;/b&gt;" in page.text
    assert "tok-95d1f2" not in page.text + told.text

    stranger = fetch(url, headers={**HTML, "Host": "evil.example"})
    assert stranger.status == 503
    assert not {"users", "KeyError", "connect"} & set(stranger.text.replace("(", " ").split())

    dynaport.wait_for_state("plain", "FAILED")
    assert dynaport.get("plain").json()["why"] == dynaport.service("plain")["why"]
    waiting = dynaport.get("orders").json()
    assert waiting["why"] == dynaport.service("orders")["why"]
    assert waiting["why"].startswith("waits for users, which is broken: KeyError")

    project({"users.py": WORKING})
    assert fetch(url, timeout=20).status in (200, 503)
    for service in ("users", "orders"):
        dynaport.wait_for_state(service, "READY")
        assert dynaport.get(service).text == "works"

    dynaport.run("stop", "plain").expect(0)
    port = dynaport.service("plain")["port"]
    wait_until(lambda: refuses(port), what="one that was stopped refuses")


def test_one_that_starts_again_by_itself_says_when_and_then_answers(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "services.toml": """
            [services.users]
            app = "users:app"
            restart = { policy = "always", max = 100 }
        """,
        "users.py": """
            import os
            from flask import Flask

            if not os.path.exists("go"):
                raise SystemExit("there is no go")
            app = Flask(__name__)
            app.route("/")(lambda: "works")
        """,
    })  # fmt: skip
    dynaport.start("up", "--no-tui")
    url = dynaport.look()["services"][0]["url"]

    def answers() -> Answer | None:
        found = fetch(url)
        return found if int(found.headers.get("retry-after", 0)) > 1 else None

    told = wait_until(answers, what="a pause of more than a second")
    assert told is not None
    assert (told.status, told.headers["x-dynaport-state"]) == (503, "BACKOFF")
    assert "there is no go" in told.json()["why"]
    project({"go": ""})
    dynaport.wait_for_state("users", "READY")
    assert fetch(url).text == "works"


class Crowd:
    """Clients that ask one after the other, several at a time, and what each of them got."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._over = threading.Event()
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(size)]

    @contextmanager
    def asking(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(20)

    def _ask(self) -> None:
        before = ""
        while not self._over.is_set():
            try:
                answer = fetch(self._url, timeout=15)
            except OSError as error:
                self.wrong.append(repr(error))
                continue
            said = answer.text if answer.status == 200 else str(answer.status)
            self.seen[said] += 1
            if before == "works" and said == "503":
                self.wrong.append("an answer of the outage after one of the service")
            before = said
            time.sleep(0.002)


def test_nobody_is_refused_or_cut_off_when_broken_code_is_mended(
    project: Project, dynaport: Dynaport
) -> None:
    project({**FAILING, "services.toml": '[services.users]\napp = "users:app"\n'})
    project({"users.py": "raise ValueError('broken')"})
    dynaport.start("up", "--no-tui", "--keep-going")
    crowd = Crowd(dynaport.look()["services"][0]["url"], size=8)
    with crowd.asking():
        for _ in range(4):
            dynaport.wait_for_state("users", "FAILED")
            wait_until(lambda: crowd.seen["503"] > 20, what="twenty were told")
            crowd.seen.clear()
            project({"users.py": "raise ValueError('broken again')"})
        dynaport.wait_for_state("users", "FAILED")
        project({"users.py": WORKING})
        wait_until(lambda: crowd.seen["works"] > 50, what="fifty were served")
    assert not crowd.wrong
    assert set(crowd.seen) <= {"503", "works"}
