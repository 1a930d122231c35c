"""What is left on the normal screen of a dashboard that broke."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynaport_tui.cli.dashboard import shown
from dynaport_tui.control.async_client import AsyncClient
from dynaport_tui.tui.opening import Ending, Opening


def test_a_dashboard_that_broke_keeps_its_traceback_and_shows_no_variables(
    tmp_path: Path, private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_opening: Opening) -> Ending:
        password = "hunter2" + str(tmp_path)
        raise RuntimeError(f"a bug after {len(password)} characters")

    opening = Opening(
        source=AsyncClient(tmp_path / "sock"),
        file=tmp_path / "services.toml",
        state=tmp_path,
        first=None,
        owner=None,
        start_again=None,
        command=("dynaport",),
    )
    ending = shown(broken, opening)
    assert (ending.kind, ending.code) == ("left", 1)
    said = capsys.readouterr().err
    assert "dynaport itself failed: RuntimeError: a bug after" in said
    assert "hunter2" not in said
    kept = next(private.rglob("last-error.txt")).read_text()
    assert "in broken" in kept
