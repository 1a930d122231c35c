"""Pictures of web pages, by a browser without a window."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = "960,860"
PATIENCE = 60.0


def photograph(page: str, picture: Path, folder: Path) -> None:
    """Draw HTML into a PNG; without a browser the old picture stays, and that is said."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.stderr.write(f"no browser is installed: {picture.name} stays as it is\n")
        return
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    subprocess.run(
        [browser, *OPTIONS, f"--screenshot={picture}", f"--window-size={SIZE}", file.as_uri()],
        check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
