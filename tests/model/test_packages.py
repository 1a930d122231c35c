"""What people are told of packages that were installed, upgraded or removed."""

from __future__ import annotations

import pytest

from dynaport_tui.model.packages import Packages, changes

SITE = "/venv/lib/python3.12/site-packages/"


def packages(*names: str, at: int = 1) -> Packages:
    """These entries of site-packages."""
    return {SITE + name: at for name in names}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (["requests-2.31.0.dist-info"], ["requests-2.32.3.dist-info"], "requests 2.31.0 → 2.32.3"),
        ([], ["rich-13.7.0.dist-info"], "rich 13.7.0 installed"),
        (["Flask_Cors-4.0.dist-info"], [], "flask-cors removed"),
        (["old-1.0-py3.12.egg-info"], ["old-1.1-py3.12.egg-info"], "old 1.0 → 1.1"),
        (["six-1.16.0.dist-info"], ["six-1.16.0.dist-info"], ""),
        ([], ["shop-0.1.dist-info", "__editable__.shop-0.1.pth"], "shop 0.1 installed"),
        ([], ["legacy.egg-link"], "legacy installed"),
        (
            [],
            ["a-1.dist-info", "b-1.dist-info", "c-1.dist-info", "d-1.dist-info", "e-1.dist-info"],
            "a 1 installed, b 1 installed, c 1 installed and 2 more",
        ),
    ],
)
def test_a_change_is_told_by_name_and_version(before: list[str], now: list[str], told: str) -> None:
    assert changes(packages(*before), packages(*now)) == told


def test_what_was_installed_anew_is_told_too() -> None:
    before = packages("six-1.16.0.dist-info", "paths.pth")
    now = packages("six-1.16.0.dist-info", "paths.pth", at=2)
    assert changes(before, now) == "paths.pth changed, six 1.16.0 installed again"


def test_another_interpreter_in_the_same_place_is_a_change() -> None:
    assert changes({"/venv/bin/python": 1}, {"/venv/bin/python": 2}) == "python changed"
