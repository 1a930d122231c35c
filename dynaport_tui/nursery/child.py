"""What a new process does between fork and exec, or fork and its first line of user code."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sys
import termios
from typing import TYPE_CHECKING, NoReturn

from . import carry, prctl
from .slots import LISTEN, REPORT, REQUEST, STATUS

if TYPE_CHECKING:
    from .request import Request

_SPARE = 20
_FAILED = 127
SIGNALS = tuple(map(int, signal.valid_signals()))
_CATCHABLE = [n for n in SIGNALS if n not in (signal.SIGKILL, signal.SIGSTOP)]
MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")


def begin(request: Request, fds: list[int], status: int, parent: int) -> Request:
    """Become the process that was asked for; returns only where Python code of a service follows.

    A failure is written to `status` for the nursery to read, and ends the process.
    """
    try:
        _leave_home(parent)
        given = dict(zip(request.fds, fds))
        if request.cold:
            given["request"] = carry.write(request._asdict())
        _arrange(given, status)
        status = STATUS
        if request.tty:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.chdir(request.cwd)
        _default_signals(python=not request.executed)
        if request.executed:
            _execute(request)
        os.close(STATUS)
    except BaseException as error:
        _fail(status, explain(error, request))
    return request


def _fail(status: int, why: str) -> NoReturn:
    """Tell the nursery and end, without flushing or cleaning up what belongs to the nursery."""
    try:
        os.write(status, why.encode("utf-8", "replace"))
    finally:
        os._exit(_FAILED)


def _leave_home(parent: int) -> None:
    os.setsid()
    prctl.die_with_parent()
    if os.getppid() != parent:  # it ended before we could be tied to it
        os._exit(_FAILED)


def _arrange(given: dict[str, int], status: int) -> None:
    """Put every descriptor in its place and close all others."""
    nothing = os.open(os.devnull, os.O_RDWR)
    wanted = {
        0: given.get("stdin", nothing),
        1: given.get("stdout", nothing),
        2: given.get("stderr", nothing),
        LISTEN: given.get("listen"),
        REPORT: given.get("report"),
        STATUS: status,
        REQUEST: given.get("request"),
    }
    aside = {
        target: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _SPARE)
        for target, fd in wanted.items()
        if fd is not None
    }
    for target, fd in aside.items():
        os.dup2(fd, target, inheritable=target <= 2)
    for name in os.listdir("/dev/fd"):
        if int(name) not in aside:
            _close(int(name))


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError as error:
        if error.errno != errno.EBADF:  # the listing's own descriptor is closed already
            raise


def _default_signals(*, python: bool) -> None:
    """As a new process finds them: Python ignores SIGPIPE and SIGXFSZ, other programs do not."""
    signal.set_wakeup_fd(-1)
    for number in _CATCHABLE:
        if signal.getsignal(number) is not signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
    if python:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _execute(request: Request) -> NoReturn:
    env = dict(request.env)
    if request.cold:
        for fd in (LISTEN, REPORT, REQUEST):
            _hand_down(fd)
        os.execve(sys.executable, [sys.executable, MAIN, str(REQUEST), "cold"], env)
    if request.hand_down:
        _hand_down(LISTEN)
        _hand_down(REPORT)
    if request.hand_down and request.listen_names:
        env["LISTEN_FDS"] = "1"
        env["LISTEN_PID"] = str(os.getpid())
        env["LISTEN_FDNAMES"] = ":".join(request.listen_names)
    os.execvpe(request.argv[0], request.argv, env)


def _hand_down(fd: int) -> None:
    try:
        os.set_inheritable(fd, True)
    except OSError as error:
        if error.errno != errno.EBADF:  # this start has none
            raise


def explain(error: BaseException, request: Request) -> str:
    """Why the process could not become what was asked for, for a person."""
    if not isinstance(error, OSError):
        return f"{type(error).__name__}: {error}"
    if error.filename == request.cwd:
        return f"cannot enter its cwd: {error.strerror}: {request.cwd!r}"
    if error.filename is None:
        return str(error.strerror)
    return _explain_exec(error, sys.executable if request.cold else request.argv[0])


def _explain_exec(error: OSError, program: str) -> str:
    plain = f"{error.strerror}: {program!r}"
    if error.errno == errno.ENOENT and os.path.isfile(program):
        return f"{plain} is there, but not the interpreter that its first line names"
    if error.errno == errno.EACCES and os.path.isfile(program):
        return f"{plain}; to make it executable: chmod +x {program}"
    if error.errno == errno.ENOEXEC:
        return f"{plain} has no first line such as #!/bin/sh"
    if error.errno == errno.ENOENT and "/" not in program:
        return f"{plain} (not in PATH)"
    return plain
