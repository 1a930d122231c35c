"""Secrets of a service in what it printed."""

from __future__ import annotations

from dynaport_tui.model.redaction import Redaction
from dynaport_tui.model.text import MASK


def test_the_values_of_secret_variables_are_hidden_wherever_they_stand() -> None:
    hide = Redaction({"API_TOKEN": "tok-123", "THEME": "dark", "DB_PASSWORD": "s3cret"})
    assert hide("dark: token=tok-123, (s3cret)") == f"dark: token={MASK}, ({MASK})"


def test_a_part_of_another_word_is_no_secret() -> None:
    hide = Redaction({"DB_PASSWORD": "post"})
    assert hide("postgres: post") == f"postgres: {MASK}"


def test_passwords_in_urls_are_hidden_there_and_alone() -> None:
    hide = Redaction({"DATABASE_URL": "postgres://me:hunter2@db/shop"})
    assert hide("postgres://me:other@db: hunter2") == f"postgres://me:{MASK}@db: {MASK}"


def test_each_line_of_a_long_secret_is_one() -> None:
    hide = Redaction({"PRIVATE_KEY": "-----BEGIN\nabcdefgh\n-----END"})
    assert hide("it begins with abcdefgh") == f"it begins with {MASK}"


def test_what_is_no_secret_after_all_is_shown() -> None:
    env = {"A_TOKEN": "x", "DEBUG_KEY": "true", "B_KEY": "", "DB_PASSWORD": "shop"}
    hide = Redaction(env, known=["/work/shop", "users"])
    assert hide("x is true in /work/shop") == "x is true in /work/shop"


def test_the_longer_of_two_secrets_is_hidden_as_a_whole() -> None:
    hide = Redaction({"A_KEY": "secret", "B_KEY": "secret-longer"})
    assert hide("secret-longer") == MASK
