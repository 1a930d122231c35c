"""Services that are to be forked as soon as what they need is imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .stock import Stock


class Waiting:
    """Requests in the order in which they came, with their descriptors."""

    def __init__(self) -> None:
        self._all: list[tuple[Request, list[int]]] = []

    def __len__(self) -> int:
        return len(self._all)

    @property
    def names(self) -> set[str]:
        """Of the services."""
        return {request.name for request, _ in self._all}

    @property
    def files(self) -> list[int]:
        """All descriptors."""
        return [fd for _, fds in self._all for fd in fds]

    def add(self, request: Request, fds: list[int]) -> None:
        """One more, behind the others."""
        self._all.append((request, fds))

    def ready(self, stock: Stock) -> Iterator[tuple[Request, list[int]]]:
        """Those that need nothing more; they wait no longer."""
        for waiting in list(self._all):
            if stock.complete(waiting[0].name):
                self._all.remove(waiting)
                yield waiting

    def forget(self, number: int) -> bool:
        """A start that is not wanted any more; whether it was waiting."""
        for request, fds in self._all:
            if request.id == number:
                self._all.remove((request, fds))
                close(*fds)
                return True
        return False

    def carried(self) -> list[Any]:
        """All of it as JSON can hold it."""
        return [(request._asdict(), fds) for request, fds in self._all]

    def resume(self, carried: Iterable[Any]) -> None:
        """Go on where `carried` was taken."""
        self._all.extend((Request(**fields), fds) for fields, fds in carried)


def close(*fds: int) -> None:
    """Close those that there are; a negative number stands for none."""
    for fd in fds:
        if fd >= 0:
            os.close(fd)
