"""The end of a service that was told to end.

Exit handlers run and files are flushed, as ever. Then the interpreter would take apart all that it
holds, object by object; in a process that was forked, that copies every page of it in order to free
memory that the system frees anyway, and takes longer than to start.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
from contextlib import suppress

_FILE: type = io.IOBase.__mro__[1]
"""What every file derives from; io.IOBase itself is one by registration alone, which is slow."""

_leaving = 0
"""The process that may leave so; what it forks inherits the handler, not the permission."""


def prepare() -> None:
    """Be the last exit handler to run: called before anybody else can register one."""
    atexit.register(_leave)


def soon() -> None:
    """From here on this process ends with 0 as soon as its other exit handlers have run."""
    global _leaving
    _leaving = os.getpid()


def _leave() -> None:
    if _leaving == os.getpid():
        _flush()
        os._exit(0)


def _flush() -> None:
    """What the files' own finalizers would do, and C's exit()."""
    import ctypes

    for found in gc.get_objects():
        # Asked by its type: a proxy would look for what it stands for.
        if issubclass(type(found), _FILE):
            with suppress(Exception):  # it is closed, or nobody reads it any more
                found.flush()
    ctypes.CDLL(None).fflush(None)
