"""A sheet for the tabs to write on, without a screen."""

from collections.abc import Sequence

from rich.style import Style

from dynaport_tui.model.palette import COLOURS, Palette
from dynaport_tui.model.view import ServiceStatus
from dynaport_tui.tui.colours import Colours
from dynaport_tui.tui.details.sheet import Sheet
from dynaport_tui.tui.lines import Line
from tests.fakes import NOON

NOW = NOON + 100
INKS = Colours._make([Style()] * len(Colours._fields))._replace(names=(Style(),) * COLOURS)


def sheet(*services: ServiceStatus, width: int = 120) -> Sheet:
    return Sheet(INKS, Palette(), width, NOW, {each.id: each for each in services})


def rows(lines: Sequence[Line]) -> list[str]:
    """What can be read, without blank lines."""
    assert len({line.key for line in lines}) == len(lines), "keys are different"
    return [text for line in lines if (text := line.text.plain.rstrip())]
