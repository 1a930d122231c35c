"""Errors as people read them, and the exit code that goes with each."""

from __future__ import annotations

from typing import NamedTuple

from . import say

OK, FAILED, USAGE, DEADLINE, NO_PORT, NO_ENGINE = range(6)
"""Exit codes; 128 + n stands for being interrupted by signal n."""

_CODES = {
    "ConfigError": USAGE,
    "ProjectNotFound": USAGE,
    "UnknownService": USAGE,
    "LedgerError": USAGE,
    "FolderError": USAGE,
    "SettingsError": USAGE,
    "SettingsWarning": USAGE,  # where warnings are errors
    "PortTaken": NO_PORT,
    "NoFreePort": NO_PORT,
    "NoEngine": NO_ENGINE,
    "NotRunning": NO_ENGINE,
    "NoAnswer": FAILED,
    "ActionError": FAILED,
}
"""Errors of ours by name: naming them must not cost importing what raises them."""


class Explained(NamedTuple):
    """What to say of an error, and how to end."""

    code: int
    lines: list[str]
    hint: str = ""


def explain(error: Exception) -> Explained | None:
    """What a person should read; None for an error that is a bug of ours."""
    for kind in type(error).__mro__:
        if kind.__module__.startswith("dynaport_tui.") and kind.__name__ in _CODES:
            code = _CODES[kind.__name__]
            if getattr(error, "code", None) == "unknown-service":
                code = USAGE
            return Explained(code, str(error).splitlines(), getattr(error, "hint", ""))
    return None


def report_bug(error: Exception) -> int:
    """Keep the traceback where a person can find it, and say so."""
    import traceback

    text = "".join(traceback.format_exception(error))
    last = traceback.format_exception_only(error)[-1].strip()
    say.error(f"dynaport itself failed: {last}")
    try:
        path = _keep(text)
    except Exception as unkept:
        say.hint(f"{text}\n(the traceback could not be kept: {unkept})")
    else:
        say.hint(f"This is a bug in dynaport; the traceback is in {path}.")
    return FAILED


def _keep(text: str) -> str:
    from ..ledger.folders import state_folder

    path = state_folder() / "last-error.txt"
    path.write_text(text, encoding="utf-8", errors="replace")
    return str(path)
