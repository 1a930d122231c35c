"""Asks a service of this machine whether it is well."""

from __future__ import annotations

import errno
import ipaddress
import json
import socket
import time
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 65536
"""Bytes of an answer that are read."""

Status = Literal["healthy", "unhealthy", "unknown"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a service answered when it was asked.

    >>> Health(status="unhealthy", reason="nothing listens on port 20417").healthy
    False
    """

    status: Status
    """`unknown` where it was not asked."""
    reason: str
    """One line for a person."""
    seconds: float | None = None
    """How long the answer took; None where there is none."""

    @property
    def healthy(self) -> bool:
        """Whether it said that it is well."""
        return self.status == "healthy"


class _NoHTTP(Exception):
    """What answers does not speak HTTP."""


def reachable(host: str) -> str:
    """The address under which this machine reaches a listener on `host`."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "localhost": "127.0.0.1", "::": "::1"}.get(
        host, host
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine and nothing else."""
    try:
        return ipaddress.ip_address(reachable(host.strip("[]"))).is_loopback
    except ValueError:
        return False


def accepts(host: str, port: int, timeout: float) -> bool:
    """Whether a connection to a port is accepted within `timeout` seconds."""
    try:
        _connected(reachable(host.strip("[]")), port, time.monotonic() + timeout).close()
    except OSError:
        return False
    return True


def ask(scheme: str, host: str, port: int, endpoint: str | None, timeout: float) -> Health:
    """One GET, straight to a loopback address, within `timeout` seconds in all; never raises.

    2xx and 3xx are healthy; a redirect is not followed and no certificate is looked at. Without an
    `endpoint` a connection is answer enough. Other hosts are not asked: they are `unknown`.
    """
    if not is_loopback(host):
        return Health(status="unknown", reason=f"{host} is not asked: it is no loopback address")
    begun = time.monotonic()
    try:
        health = _asked(scheme, reachable(host), port, endpoint, begun + timeout)
    except TimeoutError:
        what = "accept a connection" if endpoint is None else f"answer GET {endpoint}"
        return _unhealthy(f"did not {what} within {timeout:g} s")
    except _NoHTTP:
        return _unhealthy(f"what listens on port {port} does not speak {scheme.upper()}")
    except ConnectionRefusedError:
        return _unhealthy(f"nothing listens on port {port}")
    except OSError as error:
        why = error.strerror or str(error)
        return _unhealthy(f"no answer on port {port}: {why}")
    return msgspec.structs.replace(health, seconds=time.monotonic() - begun)


def _unhealthy(reason: str) -> Health:
    return Health(status="unhealthy", reason=reason)


def _asked(scheme: str, host: str, port: int, endpoint: str | None, deadline: float) -> Health:
    with _connected(host, port, deadline) as plain:
        if endpoint is None:
            return Health(status="healthy", reason=f"accepts connections on port {port}")
        with _secured(plain) if scheme == "https" else plain as connection:
            connection.sendall(_request(host, port, endpoint))
            code, body = _answer(connection, deadline)
    said = f"answered GET {endpoint} with {code}"
    if 200 <= code < 400:
        return Health(status="healthy", reason=said)
    failed = ", ".join(_failed_checks(body))
    return _unhealthy(f"{said}: {failed}" if failed else said)


def _connected(host: str, port: int, deadline: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        _limit(connection, deadline)
        connection.connect((host, port))
        # In the ephemeral range the kernel may choose this very port as source: it meets itself.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    except BaseException:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket) -> socket.socket:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(connection)
    except ssl.SSLError:
        raise _NoHTTP from None


def _request(host: str, port: int, endpoint: str) -> bytes:
    from urllib.parse import quote

    path = quote(endpoint, safe="/?#[]@!$&'()*+,;=:%~")
    name = f"[{host}]" if ":" in host else host
    lines = [f"GET {path} HTTP/1.1", f"Host: {name}:{port}", "User-Agent: dynaport"]
    return "\r\n".join(
        [*lines, "Accept: application/json, */*", "Connection: close", "", ""]
    ).encode()


def _answer(connection: socket.socket, deadline: float) -> tuple[int, bytes]:
    """Status and the beginning of the body."""
    data = b""
    while len(data) < _HEAD:
        _limit(connection, deadline)
        more = connection.recv(_HEAD)
        data += more
        head, end, body = data.partition(b"\r\n\r\n")
        if not more or (end and len(body) >= _length(head)):
            break
    parts = data.split(None, 2)
    if not data.startswith(b"HTTP/") or len(parts) < 2 or not parts[1].isdigit():
        raise _NoHTTP
    return int(parts[1]), data.partition(b"\r\n\r\n")[2]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return _HEAD


def _limit(connection: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)


def _failed_checks(body: bytes) -> Iterator[str]:
    """What an answer in the form of ours says of the checks that failed."""
    try:
        checks: Any = json.loads(body)["checks"]
        failed = {n: check["error"] for n, check in checks.items() if not check["healthy"]}
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    for name, error in failed.items():
        yield f"{name} failed ({' '.join(str(error).split())})"
