"""Makes the pictures of README.md from what the program really prints.

Run it as `.venv/bin/python screenshots/make.py`. The demo runs from a copy, with a state of its
own. Durations, ports and pids are real; the folder, the time of day and the debugger's PIN are not.
"""

from __future__ import annotations

import io
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
SHOWN = "/home/ann/shop"
"""What the pictures call the folder of the demo."""
COLUMNS = 100
"""Of the terminal that commands see; a picture may be wider, so that no line is broken."""
PATIENCE = 60.0
"""Seconds until something that a picture shows must have been printed."""
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


class Terminal:
    """A program in a terminal of its own, and everything that it has written there."""

    def __init__(self, shop: Shop, *command: str) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, COLUMNS))
        self._process = subprocess.Popen(
            command, cwd=shop.folder, env=shop.environment,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.text = ""

    def until(self, pattern: str, after: int = 0) -> str:
        """What was written from `after` on, once it matches."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text[after:]):
            if time.monotonic() > deadline or not self._read(deadline):
                raise SystemExit(f"{pattern!r} was not printed:\n{self.text[after:]}")
        return self.text[after:]

    def all(self) -> str:
        """What was written until the program ended."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        self._process.wait(PATIENCE)
        return self.text

    def close(self) -> None:
        """Ctrl-C, and wait."""
        self._process.send_signal(signal.SIGINT)
        self.all()
        os.close(self._ours)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(deadline - time.monotonic(), 0))
        try:
            data = os.read(self._ours, 1 << 16) if ready else b""
        except OSError:  # how Linux says that nobody has the other end any more
            data = b""
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


class Shop:
    """A copy of the demo, and the commands of somebody who works on it."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "shop"
        shutil.copytree(
            HERE.parent / "examples",
            self.folder / "examples",
            ignore=shutil.ignore_patterns("__pycache__", "var"),
        )
        shutil.copy(HERE.parent / "services.toml", self.folder)
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            **{key: str(base) for key in ("HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")},
        }

    def start(self, *arguments: str) -> Terminal:
        """A dynaport command in a terminal."""
        return Terminal(self, sys.executable, "-P", "-m", "dynaport_tui", *arguments)

    def shown(self, *arguments: str) -> str:
        """The prompt with a dynaport command, and what it prints."""
        return prompt(f"dynaport {' '.join(arguments)}") + self.start(*arguments).all()

    @contextmanager
    def up(self) -> Iterator[Terminal]:
        """The whole demo, ready and at rest."""
        terminal = self.start("up", "--no-tui")
        try:
            terminal.until(r"order 3 paid.*\n")
            if "was in use" in terminal.until(r"everything is ready.*\n"):
                raise SystemExit("somebody has the demo's ports: end what runs there first")
            yield terminal
        finally:
            terminal.close()


def prompt(command: str) -> str:
    """A command as it was typed."""
    return f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m\n"


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
    sys.stdout.write(f"screenshots/{name}.svg\n")


def _neutral(ansi: str, folder: Path) -> str:
    """The same with a neutral folder, and as if it had begun at noon."""
    ansi = PIN.sub("123-456-789", ansi.replace(str(folder), SHOWN))
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


def broken(shop: Shop, terminal: Terminal) -> str:
    """A save with a mistake, why the service is down, and the mended file."""
    file = shop.folder / "examples" / "users" / "app.py"
    right = file.read_text(encoding="utf-8")
    before = len(terminal.text)
    file.write_text(right.replace("def users():", "def users(:"), encoding="utf-8")
    stream = terminal.until(r"was not reloaded.*\n", before)
    text = remark("examples/users/app.py is saved with a mistake") + stream
    text += "\n" + shop.shown("why", "users") + "\n"
    before = len(terminal.text)
    file.write_text(right, encoding="utf-8")
    stream = terminal.until(r"was reloaded.*\n", before)
    return text + remark("and saved again, mended") + stream


def mistakes(shop: Shop) -> str:
    """A file with five mistakes, and what `check` says of it."""
    (shop.folder / "services.toml").write_text(FIVE_MISTAKES, encoding="utf-8")
    listing = Terminal(shop, "cat", "-n", "services.toml").all()
    return prompt("cat -n services.toml") + listing + shop.shown("check")


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory(prefix="shop-") as base:
        shop = Shop(Path(base).resolve())
        with shop.up() as terminal:
            draw("up", prompt("dynaport up --no-tui") + terminal.text, shop.folder, 116)
            draw("ps", shop.shown("ps"), shop.folder)
            draw("broken", broken(shop, terminal), shop.folder, 124)
        draw("check", mistakes(shop), shop.folder, 124)


if __name__ == "__main__":
    main()
