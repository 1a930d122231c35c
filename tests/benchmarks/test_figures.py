"""Medians, ratios, verdicts, and how they are shown."""

from __future__ import annotations

import json
import xml.etree.ElementTree as Xml
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.figures import Target, figure, median, ratio
from benchmarks.report import Report, Table
from benchmarks.stage import schedule
from benchmarks.svg import Bars, picture


class Run(NamedTuple):
    """A measurement of two parts."""

    seconds: float
    failed: int


def report() -> Report:
    """One with everything in it."""
    made = Report("up", {"date": "2026-01-01", "cores": "2"}, {"honcho": "2.0.0"}, {})
    made.tables.append(Table("Up", ("", "seconds", "x honcho"), [["sh", 0.25, None]]))
    made.keep("one", {"sh": [Run(0.2, 0), Run(0.3, 1)]})
    return made


def test_a_median_of_nothing_and_a_ratio_to_nothing_are_not_known() -> None:
    assert median([]) is None
    assert median([3, 1, 2]) == 2
    assert ratio(1, 0) is None
    assert ratio(None, 2) is None
    assert ratio(1, 4) == 0.25


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0, "0"),
        (30, "30"),
        (0.0412, "0.041"),
        (0.0996, "0.10"),
        (0.25, "0.25"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (42.42, "42.4"),
        (778.2, "778"),
        (999.6, "1,000"),
        (3_400_000, "3,400,000"),
    ],
)
def test_a_figure_has_the_digits_that_count(value: float | None, shown: str) -> None:
    assert figure(value) == shown


def test_a_target_that_was_not_measured_is_not_met() -> None:
    assert Target("time", 0.2, 0.2).met
    assert not Target("time", 0.21, 0.2).met
    assert not Target("rate", 0.4, 0.5, at_least=True).met
    assert Target("rate", 0.6, 0.5, at_least=True).met
    assert Target("rate", None, 0.5, at_least=True).row[-1] == "not measured"
    assert not Target("rate", None, 0.5, at_least=True).met


def test_who_is_slow_runs_seldom_and_never_before_the_others_are_counted() -> None:
    found = list(schedule(["a", "slow"], 2, warm=True, seldom={"slow": 1}))
    assert found == [(0, "a"), (1, "a"), (1, "slow"), (2, "a")]
    assert list(schedule(["a"], 1, warm=False, seldom={})) == [(1, "a")]


def test_a_table_has_its_figures_below_each_other() -> None:
    table = Table("Up", ("", "seconds"), [["sh", 0.25], ["honcho", 12.5], ["pm2", None]])
    lines = table.text().splitlines()
    assert lines == ["Up", "", "        seconds", "sh         0.25", *lines[4:]]
    assert lines[4:] == ["honcho     12.5", "pm2           -"]


def test_a_report_tells_where_when_and_what_was_left_out() -> None:
    made = report()
    made.left_out = {"pm2": "npm is not installed"}
    made.targets.append(Target("one", 0.5, 0.2))
    text = made.text()
    assert "2026-01-01" in text
    assert "honcho 2.0.0" in text
    assert "left out: pm2: npm is not installed" in text
    assert "NOT OK" in text
    assert not made.met


def test_a_report_has_every_measurement_in_its_json() -> None:
    document = json.loads(report().json())
    assert document["tables"][0]["rows"] == [["sh", 0.25, None]]
    assert document["samples"]["one"]["sh"][1] == {"seconds": 0.3, "failed": 1}


def test_a_picture_is_xml_with_a_bar_for_each_and_ours_in_colour(tmp_path: Path) -> None:
    bars = Bars("1 <light>", "Up & on", "seconds", [("sh", 0.2), ("dynaport", 0.1), ("pm2", None)])
    root = Xml.fromstring(picture(bars))
    kinds = [each.get("class") for each in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert kinds == ["ground", "other", "ours", "other"]
    made = report()
    made.pictures.append(bars)
    assert [path.name for path in made.draw(tmp_path)] == ["up-1-light-.svg"]
