"""The one table of actions."""

from __future__ import annotations

from dynaport_tui.tui.actions import ACTIONS, shown
from dynaport_tui.tui.app import Dashboard
from dynaport_tui.tui.glyphs import speaks_unicode


def test_every_action_can_be_done() -> None:
    for action in ACTIONS:
        assert callable(getattr(Dashboard, f"action_{action.id}"))


def test_no_key_means_two_things() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))


def test_labels_fit_the_footer_and_helps_are_sentences() -> None:
    for action in ACTIONS:
        assert len(action.label) <= 14, action
        assert action.help.endswith("."), action


def test_keys_are_shown_as_people_write_them() -> None:
    assert [shown(key) for key in ("r", "R", "slash", "ctrl+p", "question_mark", "escape")] == [
        "r", "R", "/", "^P", "?", "Esc",
    ]  # fmt: skip


def test_glyphs_are_plain_where_the_terminal_cannot_draw_others() -> None:
    assert speaks_unicode({"LANG": "de_DE.UTF-8"})
    assert speaks_unicode({})
    assert speaks_unicode({"LC_ALL": "C.utf8", "LANG": "C"})
    assert not speaks_unicode({"LC_ALL": "C", "LANG": "de_DE.UTF-8"})
    assert not speaks_unicode({"LANG": "de_DE.ISO-8859-1@euro"})
    assert not speaks_unicode({"LANG": "en_US.UTF-8", "TERM": "linux"})
