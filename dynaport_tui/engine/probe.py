"""Asks a service once whether it works: over HTTP, by a TCP connection, or by a command."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib
import shlex
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import aiohttp

    from ..model.spec import ProbeSpec

RUNNER_PATH = "/_dynaport/health"
USER_AGENT = "dynaport-probe"

_BODY = 65536
"""Bytes of an answer's body that are read, so that a server meets no reset while it writes a small
page.
"""
_BODY_TIME = 0.2
"""Seconds spent on the body: the status line alone decides."""

Run = Callable[[Sequence[str], str, Mapping[str, str], float], Awaitable[int]]
"""Runs argv in a folder with an environment for at most some seconds and returns its exit code,
negative for a signal; raises TimeoutError, or OSError when it cannot be started.
"""


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, or the lack of one."""

    ok: bool
    latency_ms: float | None = None
    why: str
    """A phrase for a cause line: `answered GET /healthz in 3 ms`."""


async def probe(
    spec: ProbeSpec,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    scheme: str = "http",
    cwd: str = "/",
    env: Mapping[str, str] | None = None,
    path: str | None = None,
    any_answer: bool = False,
    headers: Mapping[str, str] | None = None,
    run: Run | None = None,
) -> ProbeResult:
    """Ask once, for at most `spec.timeout` seconds; never raises for what the service does.

    200 to 399 is ok, whatever the status with `any_answer`; a redirect is not followed, a
    self-signed certificate is accepted. `path` takes the place of the one in `spec`. `run` is
    needed for the kind `command` alone. `log` and `alive` are no questions: raises ValueError.
    """
    started = time.monotonic()
    match spec.kind:
        case "http" | "runner" if port is not None:
            path = path or (RUNNER_PATH if spec.kind == "runner" else spec.path) or "/"
            url = f"{scheme}://{_address(host)}:{port}{path}"
            return await _http(spec, url, f"GET {path}", (host, port), any_answer, headers)
        case "tcp" if port is not None:
            return await _tcp(spec, _target(host), port, started)
        case "command" if run is not None:
            return await _command(spec, cwd, env or {}, run, started)
    raise ValueError(f"a {spec.kind} probe cannot be asked like this")


def seconds(value: float) -> str:
    """A duration for a person: `3 ms`, `1.2 s`, `2 s`."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f}".removesuffix(".0") + " s"


# HTTP


async def _http(
    spec: ProbeSpec,
    url: str,
    what: str,
    address: tuple[str, int],
    any_answer: bool,
    headers: Mapping[str, str] | None,
) -> ProbeResult:
    if not _imported.is_set():
        await asyncio.to_thread(_import)
    import aiohttp

    started = time.monotonic()
    try:
        # A session a probe costs no more than a shared one, and leaves nothing to close.
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, ssl=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=spec.timeout),
                auto_decompress=False,
            ) as session,
            session.get(
                url, headers={"User-Agent": USER_AGENT, **(headers or {})}, allow_redirects=False
            ) as response,
        ):
            took = time.monotonic() - started
            await _read_some(response)
    except TimeoutError:
        return ProbeResult(ok=False, why=f"no answer to {what} within {seconds(spec.timeout)}")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return ProbeResult(ok=False, why=await _no_http(error, what, address))
    return _answered(response, took, what, any_answer)


_imported = threading.Event()


def _import() -> None:
    """In a thread: it costs about 0.2 s, which the loop has no time for."""
    importlib.import_module("aiohttp")
    _imported.set()


async def _read_some(response: aiohttp.ClientResponse) -> None:
    import aiohttp

    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_BODY_TIME):
            left = _BODY
            while left > 0 and (data := await response.content.read(left)):
                left -= len(data)


def _answered(
    response: aiohttp.ClientResponse, took: float, what: str, any_answer: bool
) -> ProbeResult:
    status = f"{response.status} {response.reason or ''}".strip()
    good = any_answer or 200 <= response.status < 400
    return ProbeResult(
        ok=good,
        latency_ms=_ms(took),
        why=f"answered {what} in {seconds(took)}" if good else f"{what} answered {status}",
    )


async def _no_http(error: Exception, what: str, address: tuple[str, int]) -> str:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ssl.SSLError):
            return f"{what}: no TLS on port {address[1]}: {error.os_error.reason or error.os_error}"
        return await _no_connection(error.os_error, *address)
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return f"{what}: the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{what}: what answers on port {address[1]} does not speak HTTP"
    return f"{what}: {str(error) or type(error).__name__}"


# TCP


async def _tcp(spec: ProbeSpec, host: str, port: int, started: float) -> ProbeResult:
    try:
        async with asyncio.timeout(spec.timeout):
            await _connect(host, port)
    except TimeoutError:
        why = f"port {port} accepted no connection within {seconds(spec.timeout)}"
        return ProbeResult(ok=False, why=why)
    except OSError as error:
        return ProbeResult(ok=False, why=await _no_connection(error, host, port))
    took = time.monotonic() - started
    return ProbeResult(
        ok=True, latency_ms=_ms(took), why=f"port {port} accepted a connection in {seconds(took)}"
    )


async def _connect(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (host, port))
        # In the ephemeral range the kernel may choose this very port as source: it meets itself.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")


async def _no_connection(error: OSError, host: str, port: int) -> str:
    if error.errno != errno.ECONNREFUSED:
        return f"no connection to port {port}: {error.strerror or error}"
    if _target(host) == "127.0.0.1":
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_BODY_TIME):
                await _connect("::1", port)
            return (
                f"connection refused on port {port}: it listens on ::1 (IPv6) alone,"
                " let it listen on 127.0.0.1"
            )
    return f"connection refused on port {port}"


def _target(host: str) -> str:
    """Where to ask a service that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "localhost": "127.0.0.1", "::": "::1"}.get(
        host, host
    )


def _address(host: str) -> str:
    target = _target(host)
    return f"[{target}]" if ":" in target else target


# Command


async def _command(
    spec: ProbeSpec, cwd: str, env: Mapping[str, str], run: Run, started: float
) -> ProbeResult:
    command = spec.command
    argv = ("/bin/sh", "-c", command) if isinstance(command, str) else command
    shown = _shorten(command if isinstance(command, str) else shlex.join(command))
    try:
        code = await run(argv, cwd, env, spec.timeout)
    except TimeoutError:
        why = f"`{shown}` did not end within {seconds(spec.timeout)}"
        return ProbeResult(ok=False, why=why)
    except OSError as error:
        return ProbeResult(ok=False, why=f"`{shown}` could not be run: {error.strerror or error}")
    took = time.monotonic() - started
    ended = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    if code == 0:
        ended = f"succeeded in {seconds(took)}"
    return ProbeResult(ok=code == 0, latency_ms=_ms(took), why=f"`{shown}` {ended}")


def _shorten(text: str, width: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _ms(took: float) -> float:
    return round(took * 1000, 1)
