"""Libraries that were never published, as if they had been installed."""

from __future__ import annotations

import textwrap
from pathlib import Path

THREAD = """
    import threading, time
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    """


def library(folder: Path, **modules: str) -> None:
    """Stub packages as if they had been installed; `a__b` is the module a.b."""
    for name, text in modules.items():
        path = folder / "site-packages" / (name.replace("__", "/") + ".py")
        if "__" not in name:
            path = path.with_suffix("") / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
