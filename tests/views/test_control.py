from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynaport_tui.control.client import Client, NoAnswer, NotRunning
from dynaport_tui.control.server import serve
from dynaport_tui.model.machine import State
from dynaport_tui.model.view import (
    ActionError,
    Ended,
    LogAdvanced,
    LogLine,
    Notice,
    Snapshot,
    StateChanged,
)
from tests.fakes import FakeEngine, ServedEngine, status
from tests.real.asking import wait_until


@pytest.fixture
def served(private: Path) -> Iterator[ServedEngine]:
    engine = FakeEngine(status("users"), status("orders"))
    with ServedEngine(engine, private / "sock") as running:
        yield running


@pytest.fixture
def client(served: ServedEngine, private: Path) -> Client:
    return Client(private / "sock", timeout=5)


def ask(path: Path, request: str) -> tuple[int, Any]:
    """A request as it is written; status and JSON of the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_the_socket_is_for_its_user_alone(served: ServedEngine, private: Path) -> None:
    mode = (private / "sock").stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_the_socket_is_gone_after_the_end_and_nobody_answers(
    served: ServedEngine, client: Client, private: Path
) -> None:
    served.close()

    assert list(private.glob("sock*")) == []
    with pytest.raises(NotRunning):
        client.snapshot()


def test_a_stale_socket_is_replaced(private: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(private / "sock"))

    with ServedEngine(FakeEngine(status("users")), private / "sock"):
        assert Client(private / "sock").snapshot().project.name == "shop"


async def test_a_socket_whose_folder_went_is_made_anew(private: Path) -> None:
    path = private / "at-login" / "sock"
    path.parent.mkdir()
    server = await serve(FakeEngine(status("users")), path, look=0.01)
    path.unlink()
    path.parent.rmdir()
    await asyncio.to_thread(wait_until, path.exists)
    found = await asyncio.to_thread(Client(path, timeout=5).snapshot)
    assert [row.id for row in found.services] == ["users"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await server.close()
    assert not path.exists()


async def test_a_path_that_is_too_long_is_an_error_of_the_caller(private: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        await serve(FakeEngine(), private / ("x" * 120))


def test_a_client_sees_the_snapshot(served: ServedEngine, client: Client) -> None:
    assert client.snapshot() == served.engine.snapshot()


def test_a_client_reads_log_lines_page_by_page(served: ServedEngine, client: Client) -> None:
    served.do(lambda: served.engine.say("users", "one", "two", "three"))

    assert [line.text for line in client.logs("users", limit=2)] == ["one", "two"]
    assert [(line.number, line.text) for line in client.logs("users", 2)] == [(3, "three")]
    assert client.logs("users", 3) == []


def test_a_client_reads_what_was_printed_in_the_run_before(
    served: ServedEngine, client: Client
) -> None:
    served.engine.said_before("users", "one", "two")

    assert [(line.number, line.text) for line in client.past("users")] == [(-2, "one"), (-1, "two")]
    assert [line.text for line in client.past("users", 1)] == ["two"]
    assert client.past("orders") == []


def test_a_client_acts(served: ServedEngine, client: Client) -> None:
    snapshot = client.act("restart", ["users", "orders"])

    assert served.engine.acts == [("restart", ["users", "orders"])]
    assert isinstance(snapshot, Snapshot)


def test_a_refusal_keeps_its_code_and_its_hint(served: ServedEngine, client: Client) -> None:
    served.engine.refusal = ActionError("pinned", "the port is pinned", "Take `port` away.")

    with pytest.raises(ActionError, match="the port is pinned") as refused:
        client.act("release", ["users"])
    assert (refused.value.code, refused.value.hint) == ("pinned", "Take `port` away.")


def test_secrets_are_masked_unless_asked_for(served: ServedEngine, client: Client) -> None:
    assert client.env("users")["API_KEY"] == "••••"
    assert client.env("users", reveal=True)["API_KEY"] == "abc"


def test_events_begin_with_a_snapshot_and_end_with_the_engine(
    served: ServedEngine, client: Client
) -> None:
    events = client.events()
    assert isinstance(next(events), Snapshot)
    served.do(lambda: served.engine.say("users", "hello"))
    served.do(lambda: served.engine.move("users", State.FAILED, "exit 1"))
    served.do(lambda: served.engine.end(1, "users failed"))

    line, changed, ended = events
    assert isinstance(line, LogLine)
    assert line.text == "hello"
    assert isinstance(changed, StateChanged)
    assert changed.new is State.FAILED
    assert isinstance(ended, Ended)
    assert ended.code == 1


def test_a_stream_is_about_the_services_that_were_named(
    served: ServedEngine, client: Client
) -> None:
    events = client.events(["orders"])
    next(events)
    served.do(lambda: served.engine.say("users", "from users"))
    served.do(lambda: served.engine.say("orders", "from orders"))
    served.do(lambda: served.engine.publish(Notice(at=1.0, text="for all")))

    assert [getattr(next(events), "text", None) for _ in range(2)] == ["from orders", "for all"]


def test_a_view_may_have_marks_instead_of_lines(served: ServedEngine, client: Client) -> None:
    events = client.events(logs="marks")
    next(events)
    served.do(lambda: served.engine.say("users", "one", "two"))

    assert next(events) == LogAdvanced(service="users", last=2)


def test_a_flood_comes_through_the_stream_whole(served: ServedEngine, client: Client) -> None:
    events = client.events()
    next(events)
    for _ in range(20):
        served.do(lambda: served.engine.say("users", *("x" * 80 for _ in range(1000))))
    served.do(lambda: served.engine.end(0, "asked to stop"))

    numbers = [event.number for event in events if isinstance(event, LogLine)]
    assert numbers == list(range(1, 20_001))


def test_snapshots_follow_every_change_until_the_time_is_over(
    served: ServedEngine, client: Client
) -> None:
    snapshots = client.snapshots(5)
    assert next(snapshots).services[0].state is State.READY
    served.do(lambda: served.engine.move("users", State.STOPPING, "stopped by you"))
    assert next(snapshots).services[0].state is State.STOPPING

    assert len(list(client.snapshots(0.05))) == 1


def test_snapshots_end_with_the_engine(served: ServedEngine, client: Client) -> None:
    snapshots = client.snapshots(5)
    next(snapshots)
    served.do(lambda: served.engine.end(0, "asked to stop"))

    with pytest.raises(NotRunning):
        for _ in snapshots:
            pass


def test_curl_is_answered(served: ServedEngine, private: Path) -> None:
    request = "GET /v1/project HTTP/1.1\nHost: localhost\nConnection: close\n\n"
    code, answer = ask(private / "sock", request)

    assert code == 200
    assert answer["project"]["name"] == "shop"
    assert answer["services"][0]["id"] == "users"


def test_one_verb_of_one_service_is_a_plain_post(served: ServedEngine, private: Path) -> None:
    request = "POST /v1/services/users/stop HTTP/1.1\nHost: localhost\nConnection: close\n\n"

    assert ask(private / "sock", request)[0] == 200
    assert served.engine.acts == [("stop", ["users"])]


@pytest.mark.parametrize(
    "header", ["Host: shop.example", "Host: 127.0.0.1:8000", "Host: localhost\nOrigin: null"]
)
def test_no_page_in_a_browser_is_answered(served: ServedEngine, private: Path, header: str) -> None:
    request = f"POST /v1/down HTTP/1.1\n{header}\nContent-Length: 0\nConnection: close\n\n"
    code, answer = ask(private / "sock", request)

    assert (code, answer["error"]["code"]) == (403, "forbidden")
    assert served.engine.downs == 0


@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        ("GET /v1/nothing", 404, "not-found"),
        ("GET /v1/down", 405, "method-not-allowed"),
        ("GET /v1/logs/user", 404, "unknown-service"),
        ("GET /v1/logs/users?after=x", 400, "usage"),
        ("POST /v1/services/users/explode", 404, "not-found"),
        ("POST /v1/actions", 400, "usage"),
    ],
)
def test_errors_have_one_form(
    served: ServedEngine, private: Path, line: str, code: int, word: str
) -> None:
    request = f"{line} HTTP/1.1\nHost: localhost\nContent-Length: 0\nConnection: close\n\n"
    status_code, answer = ask(private / "sock", request)

    assert (status_code, answer["error"]["code"]) == (code, word)
    assert answer["error"]["message"]


def test_an_engine_that_does_not_answer_is_told_from_one_that_is_not_there(private: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(private / "sock"))
        silent.listen()

        with pytest.raises(NoAnswer):
            Client(private / "sock", timeout=0.05).snapshot()
    with pytest.raises(NotRunning):
        Client(private / "elsewhere").snapshot()


async def test_an_engine_that_is_coming_up_is_waited_for(private: Path) -> None:
    client = Client(private / "sock")
    waiting = asyncio.create_task(asyncio.to_thread(client.wait_listening, 5.0))
    server = await serve(FakeEngine(status("users")), private / "sock")
    try:
        assert (await waiting).project.name == "shop"
    finally:
        await server.close()
