"""A copy of the demo, and what somebody who works on it sees in a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
COLUMNS = 100
"""Of the terminal that commands see; a picture may be wider, so that no line is broken."""
PATIENCE = 60.0
"""Seconds until something that a picture shows must be there."""


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

    def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        self._process.kill()
        self._process.wait(PATIENCE)

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

    @contextmanager
    def edited(self, name: str, right: str, wrong: str) -> Iterator[None]:
        """A file of the demo with something else in it; mended at last."""
        file = self.folder / "examples" / name
        before = file.read_text(encoding="utf-8")
        file.write_text(before.replace(right, wrong), encoding="utf-8")
        yield
        file.write_text(before, encoding="utf-8")

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

    @contextmanager
    def background(self) -> Iterator[Path]:
        """The same without a terminal: its control socket."""
        self.start("up", "-d").all()
        try:
            self.start("wait").all()
            said = json.loads(self.start("ps", "--json").all())
            yield Path(said["project"]["socket"])
        finally:
            self.start("down").all()
