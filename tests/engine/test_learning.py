"""The file in which it is remembered what services import."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.engine.learning import MOST_INTERPRETERS, Learning
from dynaport_tui.model.learned import Tried, heard, judged

PYTHON = "/usr/bin/python3"


class Said(list[str]):
    """Collects what people are told."""

    def __call__(self, text: str) -> None:
        self.append(text)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def remember(file: Path, python: str = PYTHON) -> None:
    learning = Learning(file, Said())
    memory = learning.of(python)
    heard(memory, "users", ["sqlalchemy", "grpc"], ["LEVEL"], 20_000)
    judged(memory, [Tried(module="grpc", why="starts a thread", ms=3.0, reads=["HOME"])])
    learning.changed()
    learning.close()


async def test_what_was_learned_is_there_again(tmp_path: Path) -> None:
    await remember(tmp_path / "learned.json")
    said = Said()
    memory = Learning(tmp_path / "learned.json", said).of(PYTHON)
    assert list(memory.services["users"].imports) == ["sqlalchemy", "grpc"]
    assert memory.services["users"].sets == ["LEVEL"]
    assert memory.verdicts["grpc"].why == "starts a thread"
    assert names(tmp_path) == ["learned.json"]
    assert said == []


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 1, "interpreters": []}', b"\xff\xfe"])
async def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, damage: bytes) -> None:
    file, said = tmp_path / "learned.json", Said()
    file.write_bytes(damage)
    learning = Learning(file, said)
    assert learning.of(PYTHON).services == {}
    assert (tmp_path / "learned.broken").read_bytes() == damage
    assert len(said) == 1
    assert "learned.broken" in said[0]
    await remember(file)
    assert Learning(file, said).of(PYTHON).services


async def test_the_file_of_another_version_is_no_damage(tmp_path: Path) -> None:
    file, said = tmp_path / "learned.json", Said()
    file.write_bytes(b'{"format": 2, "interpreters": {}}')
    assert Learning(file, said).of(PYTHON).services == {}
    assert said == []


async def test_a_disk_that_refuses_is_said_once_and_costs_nothing_else(tmp_path: Path) -> None:
    said = Said()
    learning = Learning(tmp_path / "missing" / "learned.json", said)
    for _ in range(2):
        heard(learning.of(PYTHON), "users", ["lib"], [], 20_000)
        learning.changed()
        learning.close()
    assert len(said) == 1
    assert "cannot be written (No such file or directory)" in said[0]
    assert learning.of(PYTHON).services


async def test_only_the_interpreters_in_use_are_remembered(tmp_path: Path) -> None:
    for number in range(2 * MOST_INTERPRETERS):
        await remember(tmp_path / "learned.json", f"/python{number}")
    last = Learning(tmp_path / "learned.json", Said())
    assert last.of(f"/python{2 * MOST_INTERPRETERS - 1}").services
    assert not last.of("/python0").services
