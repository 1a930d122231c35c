"""The services that are run: small Flask applications, each in a folder of its own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from .rivals.launch import Service

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .rivals.kit import Kit

LIGHT = """
from flask import Flask
"""
HEAVY = """
import pydantic
import requests
import sqlalchemy
import sqlalchemy.orm
from flask import Flask


class Item(pydantic.BaseModel):
    name: str
    price: float = 1.0


class Base(sqlalchemy.orm.DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "row"
    id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(primary_key=True)


session = requests.Session()
"""
APP = """
app = Flask(__name__)


@app.get("/")
def index():
    return "{name}"
"""


def head(*, heavy: bool) -> str:
    """What an application imports, and what it does with it."""
    return HEAVY if heavy else LIGHT


def apps(kit: Kit, folder: Path, ports: Sequence[int | None], *, heavy: bool) -> list[Service]:
    """Applications in folders below this one; None: the supervisor chooses the port."""
    return [app(kit, folder, number, port, heavy=heavy) for number, port in enumerate(ports)]


def app(kit: Kit, folder: Path, number: int, port: int | None, *, heavy: bool) -> Service:
    """One of them."""
    name = f"s{number:02}"
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    text = head(heavy=heavy) + APP.format(name=name)
    path = place / "app.py"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    flask = str(kit.python.with_name("flask"))
    argv = (flask, "--app", "app", "run", "-p", str(port))
    return Service(name, place, argv, port, "app:app")


def forget_bytecode(folder: Path) -> None:
    """Take away what Python has compiled of the applications."""
    for cache in folder.rglob("__pycache__"):
        shutil.rmtree(cache)
