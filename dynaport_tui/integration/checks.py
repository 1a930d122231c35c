"""What an app says of itself when it is asked how it is."""

from __future__ import annotations

import inspect
import os
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

TIMEOUT = 0.5
"""Seconds that a check has. Who asks waits for a second, and is to hear which check it was."""

_LONGEST = 300
"""Characters of an error that are told."""


class Result(NamedTuple):
    """What one check found."""

    healthy: bool
    seconds: float
    error: str | None


class Check:
    """One thing that an app needs, looked at by a function of the app's.

    It runs in a thread of its own. While one look hangs no other is begun: whoever asks is told how
    long it has been hanging.
    """

    def __init__(self, function: Callable[[], object], timeout: float) -> None:
        """`timeout`: seconds, more than 0."""
        self.function = function
        self.timeout = timeout
        self._lock = threading.Lock()
        self._look: _Look | None = None

    def begin(self, around: Callable[[], AbstractContextManager[object]] = nullcontext) -> _Look:
        """Look now, within `around`; a look that is under way is joined."""
        with self._lock:
            if self._look is None or self._look.done.is_set():
                self._look = _Look(self, around)
            return self._look


class _Look:
    """One call of a check's function."""

    def __init__(self, check: Check, around: Callable[[], AbstractContextManager[object]]) -> None:
        self._check, self._around = check, around
        self.done = threading.Event()
        self._begun = time.monotonic()
        self._seconds = 0.0
        self._error: str | None = None
        threading.Thread(target=self._run, name="dynaport-check", daemon=True).start()

    def result(self) -> Result:
        """What it found, at the latest when the check's time is over."""
        self.done.wait(max(self._begun + self._check.timeout - time.monotonic(), 0))
        if self.done.is_set():
            return Result(self._error is None, self._seconds, self._error)
        hanging = time.monotonic() - self._begun
        late = f"no answer within {self._check.timeout:g} s"
        if hanging > 2 * self._check.timeout:
            late = f"no answer for {hanging:.0f} s" if hanging >= 1 else late
        return Result(False, hanging, late)

    def _run(self) -> None:
        try:
            with self._around():
                if self._check.function() is False:
                    self._error = "it returned False"
        except BaseException as error:  # whatever an app's code raises, it is not well
            text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self._error = _without_secrets(" ".join(text.split()))[:_LONGEST]
        finally:
            self._seconds = time.monotonic() - self._begun
            self.done.set()


def _without_secrets(text: str) -> str:
    """Anybody may read the answer, and a database names its password in its errors."""
    from ..model.redaction import Redaction

    return Redaction(os.environ)(text)


class Checks:
    """All checks of one app, by name."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, function: Callable[[], object], timeout: float) -> None:
        """Take in a check, or replace the one of that name; raises TypeError and ValueError."""
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"check {name!r} is a coroutine function: write a plain function")
        if not callable(function):
            raise TypeError(f"check {name!r} is no function")
        if not timeout > 0:
            raise ValueError(f"check {name!r}: a timeout is more than 0 seconds")
        self._checks[name] = Check(function, timeout)

    def run(
        self, around: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> dict[str, Result]:
        """What all of them find, at the same time: no longer than the longest timeout."""
        looks = {name: check.begin(around) for name, check in list(self._checks.items())}
        return {name: look.result() for name, look in looks.items()}


def told(results: dict[str, Result]) -> dict[str, Any]:
    """The results as JSON can hold them."""
    return {
        name: {"healthy": found.healthy, "seconds": round(found.seconds, 4), "error": found.error}
        for name, found in results.items()
    }
