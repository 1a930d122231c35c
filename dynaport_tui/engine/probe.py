"""Asks a service once whether it works: over HTTP, by a TCP connection, or by a command."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from .dial import dial, no_connection, target
from .httpget import Closed, NoHTTP, get

if TYPE_CHECKING:
    from ..model.spec import ProbeSpec
    from .httpget import Answer

RUNNER_PATH = "/_dynaport/health"
USER_AGENT = "dynaport-probe"

EPOCH = "X-Dynaport-Epoch"
"""By which our runner says which start of the service answers."""

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
    epoch: str | None = None
    """What the answer named in the header EPOCH."""


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
    match spec.kind:
        case "http" | "runner" if port is not None:
            path = path or (RUNNER_PATH if spec.kind == "runner" else spec.path) or "/"
            asked = {"User-Agent": USER_AGENT, **(headers or {})}
            return await _http(spec, path, (host, port), any_answer, asked, scheme == "https")
        case "tcp" if port is not None:
            return await _tcp(spec, host, port)
        case "command" if run is not None:
            return await _command(spec, cwd, env or {}, run)
    raise ValueError(f"a {spec.kind} probe cannot be asked like this")


def seconds(value: float) -> str:
    """A duration for a person: `3 ms`, `1.2 s`, `2 s`."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f}".removesuffix(".0") + " s"


# HTTP


class _NoAnswer(Exception):
    """There was none; the text is a phrase for the cause line."""


async def _http(
    spec: ProbeSpec,
    path: str,
    address: tuple[str, int],
    any_answer: bool,
    headers: Mapping[str, str],
    tls: bool,
) -> ProbeResult:
    what, started = f"GET {path}", time.monotonic()
    try:
        async with asyncio.timeout(spec.timeout):
            answer = await _answer(path, address, headers, tls)
    except TimeoutError:
        return ProbeResult(ok=False, why=f"no answer to {what} within {seconds(spec.timeout)}")
    except _NoAnswer as why:
        return ProbeResult(ok=False, why=str(why))
    took = answer.at - started
    good = any_answer or 200 <= answer.status < 400
    status = f"{answer.status} {answer.reason}".strip()
    return ProbeResult(
        ok=good,
        latency_ms=_ms(took),
        why=f"answered {what} in {seconds(took)}" if good else f"{what} answered {status}",
        epoch=answer.header(EPOCH),
    )


async def _answer(
    path: str, address: tuple[str, int], headers: Mapping[str, str], tls: bool
) -> Answer:
    """The answer; raises _NoAnswer."""
    try:
        connection = await dial(*address)
    except OSError as error:
        raise _NoAnswer(await no_connection(error, *address)) from None
    named, port = target(address[0]), address[1]
    host = f"[{named}]:{port}" if ":" in named else f"{named}:{port}"
    with connection:
        try:
            return await get(connection, host, path, headers, tls=tls)
        except NoHTTP:
            why = f"what answers on port {port} does not speak HTTP"
        except (Closed, ConnectionError):
            why = "the connection was closed without an answer"
        except OSError as error:  # that of TLS is one, too
            reason = getattr(error, "reason", None) or error.strerror or str(error)
            why = f"no TLS on port {port}: {reason}" if tls else reason
    raise _NoAnswer(f"GET {path}: {why}")


# TCP


async def _tcp(spec: ProbeSpec, host: str, port: int) -> ProbeResult:
    started = time.monotonic()
    try:
        async with asyncio.timeout(spec.timeout):
            (await dial(host, port)).close()
    except TimeoutError:
        why = f"port {port} accepted no connection within {seconds(spec.timeout)}"
        return ProbeResult(ok=False, why=why)
    except OSError as error:
        return ProbeResult(ok=False, why=await no_connection(error, host, port))
    took = time.monotonic() - started
    return ProbeResult(
        ok=True, latency_ms=_ms(took), why=f"port {port} accepted a connection in {seconds(took)}"
    )


# Command


async def _command(spec: ProbeSpec, cwd: str, env: Mapping[str, str], run: Run) -> ProbeResult:
    command, started = spec.command, time.monotonic()
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
