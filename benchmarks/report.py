"""What a benchmark has found: tables, targets and pictures, as text, JSON and SVG."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any

from .figures import Target, figure
from .svg import Bars, picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Cell = str | float | None


@dataclass
class Table:
    """Rows below names of columns; the first column is text, the others are figures."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)

    def text(self) -> str:
        """In columns of their own width."""
        rows = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.rjust(width) if n else cell.ljust(width)
                for n, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([self.title, "", *lines, ""])


def plain(sample: Any) -> Any:
    """A measurement for the JSON, which is a data class or a named tuple."""
    if is_dataclass(sample) and not isinstance(sample, type):
        return asdict(sample)
    return sample._asdict()


def shown(cell: Cell) -> str:
    """A cell as text."""
    return cell if isinstance(cell, str) else figure(cell)


@dataclass
class Report:
    """All of it, in the order in which it is told."""

    name: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    left_out: Mapping[str, str]
    tables: list[Table] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    pictures: list[Bars] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: dict[str, Any] = field(default_factory=dict)
    """Every single measurement, for the JSON."""

    @property
    def met(self) -> bool:
        """Whether all targets were."""
        return all(target.met for target in self.targets)

    def keep(self, what: str, samples: Mapping[str, Sequence[Any]]) -> None:
        """Keep every measurement of these."""
        self.samples[what] = {name: list(map(plain, found)) for name, found in samples.items()}

    def text(self) -> str:
        """For people."""
        head = " · ".join(f"{name} {value}" for name, value in self.machine.items())
        versions = ", ".join(f"{name} {value}" for name, value in sorted(self.versions.items()))
        parts = [f"benchmarks {self.name} · {head}\n{versions}\n"]
        parts += [table.text() for table in self.tables]
        if self.targets:
            rows = [target.row for target in self.targets]
            parts.append(Table("Targets", ("what", "measured", "target", ""), list(rows)).text())
        parts += [f"{note}\n" for note in self.notes]
        parts += [f"left out: {name}: {reason}\n" for name, reason in self.left_out.items()]
        return "\n".join(parts)

    def json(self) -> str:
        """For programs: the same, with every measurement."""
        document = {
            "benchmark": self.name,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "left_out": dict(self.left_out),
            "tables": [
                {"title": table.title, "columns": table.columns, "rows": table.rows}
                for table in self.tables
            ],
            "targets": [
                {
                    "what": target.what,
                    "measured": target.measured,
                    "limit": target.limit,
                    "at_least": target.at_least,
                    "met": target.met,
                }
                for target in self.targets
            ],
            "notes": self.notes,
            "samples": self.samples,
        }
        return json.dumps(document, indent=1) + "\n"

    def draw(self, folder: Path) -> list[Path]:
        """Write the pictures; their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for bars in self.pictures:
            path = folder / f"{self.name}-{re.sub('[^a-z0-9]+', '-', bars.slug.lower())}.svg"
            path.write_text(picture(bars), encoding="utf-8")
            written.append(path)
        return written
