"""Another server than ours (gunicorn, uvicorn, hypercorn), run as `python -m SERVER` runs it, and
overheard: what it loads, when its workers serve, and what keeps them from it.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys
from typing import TYPE_CHECKING, Any

from . import failure, foreign, hooks, loader, templates
from .held import identity
from .load import missing
from .report import Report
from .slots import REPORT

if TYPE_CHECKING:
    from collections.abc import Iterable

FRESH = "DYNAPORT_FRESH"
"""Set where project modules are to be compiled from their source, whatever bytecode there is."""
_CHANNEL = "DYNAPORT_REPORT"
"""Device and inode of the report channel: another process may have something else by its number."""


def run(argv: list[str]) -> None:
    """Run the server that `argv` begins with; what escapes from here ends the process."""
    report = Report(_mark_channel())
    server = argv[0]
    sys.path.insert(0, os.getcwd())
    try:
        sys.argv[:] = [_main_of(server), *argv[1:]]
        _overhear(report)
        # With alter_sys, multiprocessing would not import this program's __main__.
        runpy.run_module(server, run_name="__main__")
    except failure.Unusable as error:
        failure.tell(error, report)
        sys.exit(f"dynaport: {error}")
    except Exception as error:
        failure.tell(error, report)
        raise
    except BaseException:
        failure.hide_us()
        raise


def join() -> None:
    """Overhear a process that the server spawned."""
    known = os.environ.get(_CHANNEL)
    _overhear(Report(REPORT if known == _channel() else None))


def _mark_channel() -> int | None:
    os.environ.pop(_CHANNEL, None)
    found = _channel()
    if found is None:
        return None
    os.environ[_CHANNEL] = found
    return REPORT


def _channel() -> str | None:
    found = identity(REPORT)
    return None if found is None else "{}:{}".format(*found)


def _main_of(server: str) -> str:
    try:
        spec = importlib.util.find_spec(f"{server}.__main__")
    except ModuleNotFoundError as error:
        if error.name != server:
            raise
        spec = None
    if spec is None or spec.origin is None:
        raise failure.Unusable(missing(server, f'server = "{server}" runs {server}'))
    return spec.origin


def _overhear(report: Report) -> None:
    if os.environ.get(_CHANNEL) is not None:
        os.set_inheritable(REPORT, False)
    hooks.install()
    loader.install(fresh=FRESH in os.environ, loaded=report.file)
    templates.notice(report)
    hooks.after_import("multiprocessing.util", _hand_on)
    foreign.hook(report)


def _hand_on(util: Any) -> None:
    """Let the processes that multiprocessing spawns have the channel, under the same number."""
    original = util.spawnv_passfds

    def spawnv_passfds(path: Any, args: Any, passfds: Iterable[int]) -> Any:
        ours = [REPORT] if _channel() == os.environ.get(_CHANNEL, "") else []
        return original(path, args, [*passfds, *ours])

    util.spawnv_passfds = spawnv_passfds
