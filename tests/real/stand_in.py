"""`dynaport` with a dashboard that is no screen: it prints what it is given and obeys lines.

`first` service:port …, `note` …, then for each line that is typed `did` and the line:
detach, kill, stop and leave (with the code of the ending), gone, again, raise.
"""

from __future__ import annotations

import asyncio
import sys
import types

from dynaport_tui.cli.main import main
from dynaport_tui.tui.opening import Ending, Opening, StartError


def say(*words: str) -> None:
    """A line on the terminal."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def run_dashboard(opening: Opening) -> Ending:
    """Until one of the lines says how it ends."""
    first = opening.first.services if opening.first else []
    say("first", *(f"{status.id}:{status.port}" for status in first))
    say("owner", str(opening.owner is not None))
    say("note", opening.note)
    for line in sys.stdin:
        ending = obey(opening, *line.split())
        say("did", line.strip())
        if ending is not None:
            return ending
    return Ending(kind="stopped")


def obey(opening: Opening, word: str, parameter: str = "0") -> Ending | None:
    """What a person might do; an ending when that was all."""
    owner = opening.owner
    match word:
        case "detach" if owner is not None:
            owner.detach()
            return Ending(kind="detached")
        case "kill" if owner is not None:
            owner.kill()
            return Ending(kind="stopped")
        case "stop":
            asyncio.run(opening.source.down())
            return Ending(kind="stopped", code=int(parameter))
        case "leave":
            return Ending(kind="left", code=int(parameter))
        case "gone":
            return Ending(kind="gone", text="the engine was killed")
        case "again":
            asyncio.run(again(opening))
        case "raise":
            raise KeyboardInterrupt
    return None


async def again(opening: Opening) -> None:
    """Another engine."""
    assert opening.start_again is not None
    try:
        await opening.start_again()
    except StartError as error:
        say("refused:", error.message)


if __name__ == "__main__":
    module = types.ModuleType("dynaport_tui.tui.app")
    module.__dict__["run_dashboard"] = run_dashboard
    sys.modules["dynaport_tui.tui.app"] = module
    sys.exit(main())
