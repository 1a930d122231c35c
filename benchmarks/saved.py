"""An application that is saved again and again, and tells how it came to answer."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .projects import head
from .rivals.launch import Service

if TYPE_CHECKING:
    from pathlib import Path

APP = """\
import time
BEGAN, SPENT = time.time(), time.process_time()
import os
VERSION = "{version}"
{head}
from flask import Response

app = Flask(__name__)


@app.get("/")
def index():
    return {{
        "version": VERSION, "began": BEGAN, "spent": SPENT, "ended": ENDED, "pid": os.getpid(),
    }}


@app.get("/slow")
def slow():
    time.sleep({slow})
    return "whole"


@app.get("/stream")
def stream():
    def parts():
        for number in range({parts}):
            yield f"{{number}} "
            time.sleep({pause})
        yield "whole"
    return Response(parts(), mimetype="text/plain")


{more}
ENDED = time.time()
"""
SLOW, PARTS, PAUSE = 2.0, 40, 0.1
"""Seconds of the slow answer; how many parts the stream has, and seconds between them."""
PHASE = 0.7, 1.7
"""Seconds between saves: out of step with whoever looks at fixed intervals."""


@dataclass(frozen=True)
class Parts:
    """Where the time from the save to the first answer of the new code went, in seconds."""

    notice: float
    """Until the process that answers was started."""
    start: float
    """Its own processor time until the first line of the application."""
    load: float
    """From the first line of the application to the last."""
    answer: float
    """From there to the first answer that a client had."""

    @property
    def total(self) -> float:
        """All of them."""
        return self.notice + self.start + self.load + self.answer


def parts(saved: float, received: float, told: dict[str, Any]) -> Parts:
    """From the moments of saving and of the answer, and from what the application tells."""
    began, spent, ended = told["began"], told["spent"], told["ended"]
    return Parts(began - spent - saved, spent, ended - began, received - ended)


class Saved:
    """The application's file; every save is another version."""

    def __init__(self, folder: Path, port: int, *, heavy: bool) -> None:
        self.service = Service("app", folder, (), port, "app:app")
        self._path = folder / "app.py"
        self._heavy = heavy
        self._number = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.save()

    @property
    def version(self) -> str:
        """Of the last good save; all have the same length."""
        return f"{self._number:06}"

    def save(self) -> float:
        """The next version, in place as most editors do; the moment before it (wall clock)."""
        self._number += 1
        return self._write("")

    def spoil(self, more: str) -> float:
        """The same version with something in it that cannot be loaded."""
        return self._write(more)

    def _write(self, more: str) -> float:
        text = APP.format(
            version=self.version,
            head=head(heavy=self._heavy),
            slow=SLOW,
            parts=PARTS,
            pause=PAUSE,
            more=more,
        )
        saved = time.time()
        self._path.write_text(text)
        return saved


def whole(body: bytes) -> bool:
    """Whether a slow answer or a stream has come to its end."""
    return body.endswith(b"whole")


def phase() -> float:
    """Seconds until the next save."""
    return random.uniform(*PHASE)
