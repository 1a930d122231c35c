"""The life of a service that is Python, from the fork to the interpreter's own end."""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING

from . import chance, failure, farewell, hooks, label, learn, loader, newborn, script, serve
from .orders import Orders
from .place import Place
from .report import Report
from .slots import LISTEN, REPORT

if TYPE_CHECKING:
    from types import ModuleType

    from .request import Request


class Program:
    """An `app` or a `script`.

    It ends as every program does: the interpreter waits for threads, runs the exit handlers,
    flushes. What was told to end skips the rest (`farewell`).
    """

    def __init__(self, request: Request, starter: ModuleType) -> None:
        self._request = request
        self._starter = starter  # the nursery's own __main__: its frame is still below us
        self._ended_well = False

    def run(self) -> None:
        """Run it; what escapes from here ends the process the way Python ends it."""
        request = self._request
        newborn.environment(request.env)
        newborn.streams()
        chance.begin_anew()
        label.show(request)
        channel = REPORT if "report" in request.fds else None
        report, orders = Report(channel), Orders(channel, waits=request.waits)
        held = LISTEN if "listen" in request.fds else None
        place = Place(request, held, report, orders)
        hooks.install()
        self._learn(report)
        loader.install(fresh=request.fresh, loaded=report.file)
        serve.prepare(place)
        self._pid = os.getpid()
        atexit.register(self._last_words, report)
        try:
            self._live(place)
        except SystemExit as error:
            if place.told and error.code in (None, 0):
                farewell.soon()
            self._left(error, report)
            raise
        except failure.Unusable as error:
            failure.tell(error, report)
            sys.exit(f"dynaport: {error}")
        except BaseException as error:
            failure.tell(error, report)
            raise
        if place.told and self._request.kind == "app":
            farewell.soon()

    def _learn(self, report: Report) -> None:
        """Note what the next nursery could import for it; one that starts afresh has none."""
        if not self._request.cold:
            hooks.imports = learn.Imports(self._request, report)
            report.afterwards = hooks.imports.tell

    def _live(self, place: Place) -> None:
        if self._request.kind == "script":
            script.run(self._request, place.report)
            self._ended_well = True
        else:
            serve.app(place)

    def _left(self, error: SystemExit, report: Report) -> None:
        if error.code is None or error.code == 0:
            self._ended_well = self._request.kind == "script"
        elif isinstance(error.code, str):
            failure.tell(error, report)

    def _last_words(self, report: Report) -> None:
        report.afterwards()
        served = report.listening or self._request.port is None
        if self._ended_well and not served and os.getpid() == self._pid:
            report.ended("the script ended without serving")
