"""One question to a service, and the phrase that a person reads about the answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dynaport_tui.engine.probe import ProbeResult, probe, seconds
from dynaport_tui.model.spec import ProbeSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

HTTP = ProbeSpec(kind="http", path="/healthz", timeout=5)


@asynccontextmanager
async def server(
    answer: bytes, *, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answers every request with `answer`; gives the port and the requests that came."""
    requests: list[bytes] = []
    silent: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            requests.append(await reader.read(65536))
            writer.write(answer)
            await writer.drain()
        except ConnectionError:
            pass  # who asked has gone already
        finally:
            if answer:
                writer.close()
            else:
                silent.append(writer)

    listening = await asyncio.start_server(serve, host, 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1], requests
    finally:
        listening.close()
        for writer in silent:
            writer.close()


def response(status: str, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


def self_signed() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    return context


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


async def test_an_answer_tells_how_long_it_took() -> None:
    async with server(response("200 OK", body="fine")) as (port, requests):
        result = await probe(HTTP, port=port)
    assert result.ok
    assert result.latency_ms is not None
    assert result.why.startswith("answered GET /healthz in ")
    assert requests[0].startswith(b"GET /healthz HTTP/1.1\r\n")
    assert b"User-Agent: dynaport-probe" in requests[0]
    assert b"Connection: close" in requests[0]


async def test_an_answer_of_our_runner_names_the_start_that_gave_it() -> None:
    async with server(response("200 OK", "x-dynaport-epoch: 7")) as (port, _):
        assert (await probe(HTTP, port=port)).epoch == "7"
    async with server(response("200 OK")) as (port, _):
        assert (await probe(HTTP, port=port)).epoch is None


async def test_the_runner_is_asked_at_its_own_path() -> None:
    async with server(response("200 OK")) as (port, requests):
        result = await probe(ProbeSpec(kind="runner", timeout=5), port=port)
    assert result.ok
    assert requests[0].startswith(b"GET /_dynaport/health HTTP/1.1\r\n")


@pytest.mark.parametrize("status", ["500 Internal Server Error", "404 Not Found"])
async def test_a_bad_status_is_named(status: str) -> None:
    async with server(response(status)) as (port, _):
        result = await probe(HTTP, port=port)
    assert not result.ok
    assert result.why == f"GET /healthz answered {status}"


async def test_of_a_foreign_server_any_answer_will_do() -> None:
    async with server(response("404 Not Found")) as (port, _):
        assert (await probe(HTTP, port=port, any_answer=True)).ok


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with server(response("302 Found", "Location: /login")) as (port, requests):
        assert (await probe(HTTP, port=port)).ok
    assert len(requests) == 1


async def test_headers_and_path_may_be_given() -> None:
    async with server(response("200 OK")) as (port, requests):
        await probe(HTTP, port=port, path="/other?x=1", headers={"X-Ask": "yes"})
    assert requests[0].startswith(b"GET /other?x=1 HTTP/1.1\r\n")
    assert b"X-Ask: yes" in requests[0]


async def test_no_answer_in_time_names_the_time() -> None:
    async with server(b"") as (port, _):
        result = await probe(ProbeSpec(kind="http", path="/healthz", timeout=0.1), port=port)
    assert result == ProbeResult(ok=False, why="no answer to GET /healthz within 100 ms")


async def test_a_body_that_never_ends_does_not_matter() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000
    async with server(endless) as (port, _):
        assert (await probe(HTTP, port=port)).ok


async def test_what_is_no_http_is_said() -> None:
    async with server(b"+OK redis here\r\n") as (port, _):
        result = await probe(HTTP, port=port)
    assert result.why == f"GET /healthz: what answers on port {port} does not speak HTTP"


@pytest.mark.parametrize("kind", ["http", "tcp"])
async def test_a_refused_connection_names_the_port(kind: Any) -> None:
    port = free_port()
    result = await probe(ProbeSpec(kind=kind, path="/", timeout=5), port=port)
    assert result == ProbeResult(ok=False, why=f"connection refused on port {port}")


async def test_who_listens_on_ipv6_alone_is_told_so() -> None:
    async with server(response("200 OK"), host="::1") as (port, _):
        result = await probe(ProbeSpec(kind="tcp", timeout=5), port=port)
    assert not result.ok
    assert "it listens on ::1 (IPv6) alone" in result.why


@pytest.mark.parametrize(("host", "listens"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])
async def test_a_service_on_all_addresses_is_asked_on_the_loopback(host: str, listens: str) -> None:
    async with server(response("200 OK"), host=listens) as (port, _):
        assert (await probe(HTTP, host=host, port=port)).ok


async def test_a_listening_port_is_enough_for_tcp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        result = await probe(ProbeSpec(kind="tcp", timeout=5), port=port)
    assert result.ok
    assert result.why.startswith(f"port {port} accepted a connection in ")


async def test_a_self_signed_certificate_is_accepted() -> None:
    async with server(response("200 OK"), context=self_signed()) as (port, _):
        assert (await probe(HTTP, port=port, scheme="https")).ok


async def test_plain_http_where_tls_is_expected_is_said() -> None:
    async with server(response("400 Bad Request")) as (port, _):
        result = await probe(HTTP, port=port, scheme="https")
    assert result.why.startswith(f"GET /healthz: no TLS on port {port}: ")


class Command:
    """Runs nothing, and ends as it is told."""

    def __init__(self, end: int | Exception) -> None:
        self.end = end
        self.asked: tuple[Sequence[str], str, Mapping[str, str], float] | None = None

    async def __call__(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], limit: float
    ) -> int:
        self.asked = (argv, cwd, env, limit)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (1, "`pg_isready -q` ended with 1"),
        (-9, "`pg_isready -q` was ended by signal 9"),
        (TimeoutError(), "`pg_isready -q` did not end within 3 s"),
        (FileNotFoundError(2, "No such file"), "`pg_isready -q` could not be run: No such file"),
    ],
)
async def test_a_command_that_fails_says_how(end: int | Exception, why: str) -> None:
    spec = ProbeSpec(kind="command", command=("pg_isready", "-q"), timeout=3)
    result = await probe(spec, run=Command(end))
    assert (result.ok, result.why) == (False, why)


async def test_a_command_line_goes_through_the_shell() -> None:
    run = Command(0)
    spec = ProbeSpec(kind="command", command="curl -fs $URL", timeout=3)
    result = await probe(spec, cwd="/shop", env={"URL": "x"}, run=run)
    assert result.ok
    assert result.why.startswith("`curl -fs $URL` succeeded in ")
    assert run.asked == (("/bin/sh", "-c", "curl -fs $URL"), "/shop", {"URL": "x"}, 3)


async def test_what_is_no_question_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="alive"):
        await probe(ProbeSpec(kind="alive"), port=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0004, "0 ms"), (0.003, "3 ms"), (0.9999, "1 s"), (1.25, "1.2 s"), (2, "2 s")],
)
def test_durations_are_short(value: float, text: str) -> None:
    assert seconds(value) == text
