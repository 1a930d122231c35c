"""What a state looks like."""

from __future__ import annotations

from typing import get_args

import pytest

from dynaport_tui.model.machine import State
from dynaport_tui.tui import board, glyphs
from dynaport_tui.tui.glyphs import Word
from tests.fakes import status


@pytest.mark.parametrize("word", get_args(Word))
def test_every_word_has_a_look_and_a_place_in_the_order(word: Word) -> None:
    assert word in glyphs._MARKS  # noqa: SLF001 -- a word without a look would break the table
    assert word in board._RANKS  # noqa: SLF001


def test_a_ready_service_may_load_new_code_or_still_run_the_old() -> None:
    loading = status("web", reloading="app.py changed", reload_error="SyntaxError  app.py:3")
    assert glyphs.state_word(loading) == "reloading"
    assert glyphs.state_word(status("web", reload_error="SyntaxError  app.py:3")) == "old code"
    starting = status("web", State.STARTING, reload_error="SyntaxError  app.py:3")
    assert glyphs.state_word(starting) == "starting"
