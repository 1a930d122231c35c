"""Pictures of what the commands print: a terminal's text as SVG."""

from __future__ import annotations

import io
import re
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text
from shop import COLUMNS, HERE, Shop, Terminal

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = "/home/ann/shop"
"""What the pictures call the folder of the demo."""
NOON = datetime(2026, 1, 1, 12)
STAMP = re.compile(r"\d\d:\d\d:\d\d\.\d{3}")
DATED = re.compile(r"\[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\]")

PIN = re.compile(r"(?<=PIN: )[\d-]+")
"""Werkzeug makes it of what identifies a machine and its user."""

FIVE_MISTAKES = """\
[services.users]
app = "users.app"
port = "5001"

[services.billing]
script = "billing.py"
depend_on = ["users"]

[services.web]
app = "web:app"
depends_on = ["user", "billing"]
env = { API = "${services.bill.url}/v1" }
"""


ORDERS = """\
from flask import Flask

from dynaport_tui import DynaPortFlask

app = Flask(__name__)
dynaport = DynaPortFlask(app_id="orders", name="The orders")
dynaport.wrap_app(app)

if __name__ == "__main__":
    dynaport.run_app()
"""


def prompt(command: str) -> str:
    """A command as it was typed."""
    return f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m\n"


def shown(shop: Shop, *arguments: str) -> str:
    """The prompt with a dynaport command, and what it prints."""
    return prompt(f"dynaport {' '.join(arguments)}") + shop.start(*arguments).all()


def remark(text: str) -> str:
    """What happens outside the terminal."""
    return f"\x1b[2m# {text}\x1b[0m\n"


def draw(name: str, ansi: str, folder: Path, columns: int = COLUMNS) -> None:
    """Write one picture."""
    lines = Text.from_ansi(_neutral(ansi, folder)).split("\n")
    console = Console(
        record=True, width=columns, file=io.StringIO(), force_terminal=True, highlight=False
    )
    for line in lines:  # broken where a terminal breaks them, not between words
        for part in line.divide(range(columns, max(len(line), 1), columns)):
            console.print(part, no_wrap=True, overflow="ignore", crop=False)
    svg = console.export_svg(title="~/shop", unique_id=name)
    (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")


def _neutral(ansi: str, folder: Path) -> str:
    """The same with a neutral folder, and as if it had begun at noon."""
    ansi = ansi.replace(str(folder), SHOWN).replace(sys.executable, "python")
    ansi = PIN.sub("123-456-789", ansi)
    first = STAMP.search(ansi)
    if first is None:
        return ansi
    began = datetime.strptime(first[0], "%H:%M:%S.%f")

    def moved(line: str) -> str:
        found = STAMP.search(line)
        if found is None:
            return line
        at = NOON + (datetime.strptime(found[0], "%H:%M:%S.%f") - began) % timedelta(days=1)
        stamp = at.isoformat(timespec="milliseconds").partition("T")[2]
        return DATED.sub(at.strftime("[%d/%b/%Y %H:%M:%S]"), STAMP.sub(stamp, line))

    return "".join(map(moved, ansi.splitlines(keepends=True)))


def reloading(shop: Shop, terminal: Terminal) -> str:
    """A save with a mistake, why the service is down, and the mended file."""
    before = len(terminal.text)
    with shop.edited("users/app.py", "def users():", "def users(:"):
        stream = terminal.until(r"was not reloaded.*\n", before)
        text = remark("examples/users/app.py is saved with a mistake") + stream
        text += "\n" + shown(shop, "why", "users") + "\n"
        before = len(terminal.text)
    stream = terminal.until(r"was reloaded.*\n", before)
    return text + remark("and saved again, mended") + stream


def alone(shop: Shop) -> str:
    """An app that somebody starts by hand, and how others see it until it is killed."""
    (shop.folder / "orders.py").write_text(ORDERS, encoding="utf-8")
    terminal = Terminal(shop, sys.executable, "orders.py")
    terminal.until(r"Running on .*\n")
    address = re.search(r"http://127.0.0.1:(\d+)", terminal.text)
    assert address is not None
    text = prompt("python orders.py &") + f" * Running on {address[0]}\n"
    text += "".join(
        shown(shop, *command)
        for command in (("service", "list"), ("ps", "--all"), ("port", "check", address[1]))
    )
    terminal.kill()
    return text + prompt("kill -9 %1") + shown(shop, "service", "list")


def mistakes(shop: Shop) -> str:
    """A file with five mistakes, and what `check` says of it."""
    (shop.folder / "services.toml").write_text(FIVE_MISTAKES, encoding="utf-8")
    listing = Terminal(shop, "cat", "-n", "services.toml").all()
    return prompt("cat -n services.toml") + listing + shown(shop, "check")
