"""One connection to a service that is down: a request, the answer, and the end."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Protocol

from ..model.callers import Caller
from ..model.httphead import HEAD_MAX, head_of, is_tls, may_be_request, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model.httphead import Head

HEAD_TIME = 5.0
"""Seconds for a head to come."""
ANSWER_TIME = 10.0
"""Seconds for an answer to be made and to be taken."""
DRAIN_TIME = 2.0
DRAIN_BYTES = 64 * 1024 * 1024
"""How long, and how far, we go on reading a request that has its answer: a client that is still
sending its body would find the connection reset, and the answer gone.
"""
_CHUNK = 256 * 1024
_NO_TLS = b"\x15\x03\x01\x00\x02\x02\x50"
"""A fatal alert, internal_error (RFC 8446, 6): we have no certificate to say more with."""


class Clerk(Protocol):
    """Knows what to answer."""

    async def answer(self, head: Head, caller: Caller) -> bytes:
        """The whole response to a request."""

    def stir(self) -> None:
        """There is something else to tell: whoever waits for that is answered."""

    def close(self) -> None:
        """From now on nobody is kept waiting for news."""


class Talk:
    """Reads one request and answers it; every part of that has its bound in seconds and bytes.

    `moved` is called when it has its answer and when it is over. What is no HTTP is hung up on.
    """

    def __init__(
        self, connection: socket.socket, clerk: Clerk, moved: Callable[[Talk], None]
    ) -> None:
        self._connection, self._clerk, self._moved = connection, clerk, moved
        self._loop = asyncio.get_running_loop()
        self.since = self._loop.time()
        self.answered = self.over = False
        self._heard = False
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._ended)

    @property
    def silent(self) -> bool:
        """Whether nothing has come so far, not even into the system's buffer."""
        if self._heard or self.over:
            return False
        try:
            return not self._connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False

    def hang_up(self) -> None:
        """End it now."""
        self.answered = True
        self._task.cancel()

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(HEAD_TIME):
                head = await self._head()
            if head is not None:
                async with asyncio.timeout(ANSWER_TIME):
                    response = await self._clerk.answer(head, self._caller())
                    await self._loop.sock_sendall(self._connection, response)
                self._is_answered()
                async with asyncio.timeout(DRAIN_TIME):
                    await self._drain()
        except (TimeoutError, OSError):
            return  # too slow, or gone: nobody is left to be told

    async def _head(self) -> Head | None:
        data = b""
        while len(data) <= HEAD_MAX and may_be_request(data):
            await self._readable()
            chunk = self._connection.recv(_CHUNK)
            if not chunk:
                return None
            self._heard = True
            data += chunk
            head = head_of(data)
            if head is not None:
                return parse(head)
        if is_tls(data):
            await self._loop.sock_sendall(self._connection, _NO_TLS)
            await self._drain()
        return None

    async def _readable(self) -> None:
        """Wait, and leave what has come where `silent` sees it until it is taken."""
        came = asyncio.Event()
        self._loop.add_reader(self._connection.fileno(), came.set)
        try:
            await came.wait()
        finally:
            self._loop.remove_reader(self._connection.fileno())

    def _caller(self) -> Caller:
        peer, local = self._connection.getpeername(), self._connection.getsockname()
        return Caller(str(peer[0]), str(local[0]))

    def _is_answered(self) -> None:
        self.answered = True
        self._moved(self)

    async def _drain(self) -> None:
        """Read on until the client, which has been told that it is over, closes."""
        self._connection.shutdown(socket.SHUT_WR)
        left = DRAIN_BYTES
        while left > 0 and (chunk := await self._loop.sock_recv(self._connection, _CHUNK)):
            left -= len(chunk)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._connection.close()
        self.answered = self.over = True
        self._moved(self)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": "dynaport broke", "exception": error})
