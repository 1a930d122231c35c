"""What the Python API has to tell its caller, told to the person at the terminal."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from . import say

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def speaking() -> Iterator[None]:
    """Warnings become notes, and a value that can never be right becomes a usage error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        finally:
            for warning in caught:
                _note(warning)


def _note(warning: warnings.WarningMessage) -> None:
    from ..settings import SettingsWarning

    settings = issubclass(warning.category, SettingsWarning)
    place = f"{warning.filename}:{warning.lineno}: " if settings else ""
    say.note(f"{place}{warning.message}")
