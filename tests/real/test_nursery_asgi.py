"""ASGI applications, served by uvicorn on the held socket."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.nursery_client import Nursery, get, held_socket, running
from tests.real.test_nursery_scripts import write
from tests.real.test_nursery_serving import failure


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


ASGI = """
    import asyncio
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            STARTUP
            await send({"type": "lifespan.startup.complete"})
            await receive()
            print("shut down")
            await send({"type": "lifespan.shutdown.complete"})
            return
        print("asked")
        await asyncio.sleep(float(scope["query_string"] or 0))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"tea"})

    async def call(scope, receive, send):
        await app(scope, receive, send)
"""


def test_an_asgi_app_is_served_by_uvicorn(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=ASGI.replace("STARTUP", "pass"))
    with running(nursery, "app", "app:app", cwd=tmp_path, epoch=3) as (start, address):
        ready = {"report": "ready", "server": "uvicorn", "scheme": "http", "app": True}
        assert start.report("ready") == ready
        assert get(address)[:2] == (200, "tea")
        status, body, headers = get(address, "/_dynaport/health")
        assert (status, body, headers["x-dynaport-epoch"]) == (200, "ok", "3")
        get(address, "/probed", User_Agent="dynaport-probe/1")
    assert start.stdout.count('"GET / HTTP/1.1" 200') == 1
    assert "_dynaport" not in start.stdout
    assert "/probed" not in start.stdout
    assert "shut down" in start.stdout
    assert start.stderr == ""


def test_term_lets_a_slow_asgi_request_finish(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, app=ASGI.replace("STARTUP", "pass"))
    answers: list[Any] = []
    with held_socket() as held:
        start = nursery.spawn("app", "app:app", cwd=tmp_path, listen=held)
        nursery.wait_ready(start)
        client = threading.Thread(target=lambda: answers.append(get(held.getsockname(), "/?0.3")))
        client.start()
        nursery.wait_output(start, "asked")
        nursery.signal(start, signal.SIGTERM)
        exited = nursery.wait_end(start)
        client.join(20)
    assert answers[0][:2] == (200, "tea")
    assert (exited["code"], exited["signal"]) == (0, None)


def test_a_failed_lifespan_startup_is_reported_with_its_place(
    nursery: Nursery, tmp_path: Path
) -> None:
    failed = (
        "await send({'type': 'lifespan.startup.failed', 'message': ''}); raise OSError('no db')"
    )
    write(tmp_path, app=ASGI.replace("STARTUP", failed))
    why, start = failure(nursery, tmp_path, "app:app")
    assert why == "the application's startup failed: OSError: no db"
    error = start.report("error")
    assert error is not None
    assert error["file"] == f"{tmp_path}/app.py"


def test_a_script_that_calls_uvicorn_run_meets_the_held_socket(
    nursery: Nursery, tmp_path: Path
) -> None:
    run = """
    import os, uvicorn
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]), log_level="warning")
    """
    write(tmp_path, app=ASGI.replace("STARTUP", "pass") + run)
    with running(nursery, "script", "app.py", cwd=tmp_path) as (start, address):
        ready = start.report("ready")
        assert ready is not None
        assert ready["server"] == "bind"
        assert get(address)[:2] == (200, "tea")
