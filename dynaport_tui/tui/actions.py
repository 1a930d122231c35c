"""Everything that a person can have done, in one table that bindings, footer and help read."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .glyphs import ACROSS, ALONG, SHIFT

Group = Literal["services", "view", "log", "copy", "project"]
Pane = Literal["table", "log", "details", "graph"]

_ROWS: frozenset[Pane] = frozenset({"table", "graph"})
_LOG: frozenset[Pane] = frozenset({"log"})
_LOWER: frozenset[Pane] = frozenset({"log", "details"})
_FILTERED: frozenset[Pane] = frozenset({"table", "log"})
_DETAILS: frozenset[Pane] = frozenset({"details"})


class Action(NamedTuple):
    """One thing to do; the application's method `action_<id>` does it."""

    id: str
    keys: tuple[str, ...]
    """As Textual names them, the first is the one that is shown; none: only in the palette."""
    label: str
    """For the footer; at most 14 characters."""
    help: str
    """One sentence."""
    group: Group
    pane: frozenset[Pane] | None = None
    """Where the footer offers it; None: everywhere. The key works wherever the focus is."""
    dangerous: bool = False
    """Whether it may ask before it is done."""


ACTIONS: tuple[Action, ...] = (
    Action("restart", ("r",), "restart",
           "Restart the marked services, else the selected one.", "services",
           dangerous=True),
    Action("start_stop", ("s",), "stop",
           "Stop the marked services, else the selected one, or start them.", "services",
           dangerous=True),
    Action("reload", ("R",), "reload",
           "Reload the code without refusing a connection.", "services"),
    Action("release", ("x",), "release port",
           "Stop it, give its port up, choose a new one at the next start.", "services",
           dangerous=True),
    Action("tab_why", ("w", "2"), "why",
           "Show why the service is as it is: the chain of causes and its history.", "view"),
    Action("cycle_logs", ("l",), "log",
           "Show the log of this service, then of the marked ones, then of all.", "view"),
    Action("search", ("slash",), "search",
           "Search the whole kept log; n and N go through the hits.", "log"),
    Action("filter", ("f",), "filter",
           "Show only what matches: services in the table, lines in the log.", "view", _FILTERED),
    Action("next_error", ("exclamation_mark",), "next error",
           "Go to the next error of any service.", "log"),
    Action("copy_traceback", ("t",), "copy traceback",
           "Copy the last traceback, byte for byte as it was printed.", "copy"),
    Action("open_browser", ("o",), "open", "Open the service in the browser.", "services", _ROWS),
    Action("follow", ("space",), "follow", "Follow the newest lines, or hold still.", "log", _LOG),
    Action("copy", ("y",), "copy",
           "Copy the line or the marked block, without prefixes and borders.", "copy", _LOWER),
    Action("mark_block", ("v",), "mark block",
           "Begin to mark lines at the cursor; y copies them.", "copy", _LOG),
    Action("wrap", ("W",), "wrap", "Wrap long lines, or cut them off.", "log", _LOG),
    Action("timestamps", ("T",), "times",
           "Show the time of each line, its age, or neither.", "log", _LOG),
    Action("next_hit", ("n",), "next hit", "Go to the next hit of the search.", "log", _LOG),
    Action("previous_hit", ("N",), "previous hit",
           "Go to the previous hit of the search.", "log", _LOG),
    Action("jump_time", ("at",), "go to time",
           "Go to a time in the log: 14:05, or 5m for five minutes ago.", "log", _LOG),
    Action("marker", ("M",), "marker", "Draw a line under the log as it is now.", "log", _LOG),
    Action("reveal", ("V",), "show secrets",
           "Show the secrets of this service in the tab environment.", "view", _DETAILS),
    Action("plain_stream", ("p",), "stream",
           "Leave to the plain stream, with the terminal's own selection; p comes back.", "copy"),
    Action("graph", ("g",), "graph", "Show who depends on whom, or the table again.", "view"),
    Action("mark", ("m",), "mark",
           "Mark this service, so that an action takes all that are marked.", "services", _ROWS),
    Action("mark_all", ("a",), "mark all", "Mark every service, or none.", "services", _ROWS),
    Action("copy_url", ("u",), "copy URL", "Copy the address of the service.", "copy", _ROWS),
    Action("run_command", ("c",), "command",
           "Run a command with the variables of the service.", "services", _ROWS),
    Action("edit_error", ("E",), "edit error",
           "Open the file and line of the last traceback in the editor.", "project"),
    Action("edit_file", ("e",), "edit config", "Open services.toml in the editor.", "project"),
    Action("sort", ("S",), "sort",
           "Sort the table by the next column; a click on a heading does too.", "view", _ROWS),
    Action("zoom", ("z",), "zoom",
           "Give the whole screen to the focused pane, or take it back.", "view"),
    Action("layout", ("L",), "layout",
           "Put the panes side by side, or one above the other.", "view"),
    Action("tab_logs", ("1",), "logs", "Show the tab of the logs.", "view"),
    Action("tab_requests", ("3",), "requests",
           "Show the last requests with their status and duration.", "view"),
    Action("tab_environment", ("4",), "environment",
           "Show the variables that the service is given.", "view"),
    Action("tab_config", ("5",), "config",
           "Show the service as services.toml and its defaults make it.", "view"),
    Action("tab_ports", ("6",), "ports",
           "Show its ports and where their numbers come from.", "view"),
    Action("previous_tab", ("left_square_bracket",), "previous tab",
           "Show the tab to the left.", "view"),
    Action("next_tab", ("right_square_bracket",), "next tab", "Show the tab to the right.", "view"),
    Action("next_pane", ("tab",), "next pane", "Go to the next pane.", "view"),
    Action("previous_pane", ("shift+tab",), "pane before", "Go to the previous pane.", "view"),
    Action("leave", ("escape",), "leave",
           "Leave the prompt, the filter, the block, the zoom: one at a time.", "view"),
    Action("restart_all", (), "restart all", "Restart every service.", "services",
           dangerous=True),
    Action("start_all", (), "start all", "Start every service that does not run.", "services"),
    Action("stop_all", (), "stop all",
           "Stop every service; dynaport itself goes on.", "services",
           dangerous=True),
    Action("start_again", (), "start again",
           "Start the engine again after it has ended.", "project"),
    Action("theme", (), "theme", "Choose other colours.", "project"),
    Action("suspend", ("ctrl+z",), "suspend",
           "Go back to the shell; fg comes back here.", "project"),
    Action("palette", ("ctrl+p",), "all", "Find any action by its name.", "project"),
    Action("help", ("question_mark",), "help", "Show every key.", "project"),
    Action("quit", ("q",), "quit",
           "Ask whether to stop everything or to let it run, and leave.", "project",
           dangerous=True),
    Action("interrupt", ("ctrl+c",), "quit",
           "Ask the same; a second time it stops everything.", "project", dangerous=True),
)  # fmt: skip
"""In the order in which the footer offers them."""

BY_ID = {action.id: action for action in ACTIONS}

MOVES: tuple[tuple[str, str], ...] = (
    (f"{ACROSS} j k", "one line"),
    ("PgUp PgDn ^U ^D", "one page, half a page"),
    ("Home End G", "first, last"),
    (ALONG, "sideways"),
    ("Enter", "open: the log of a service, a folded traceback"),
)
"""The keys that move in the focused pane, for the help."""

_SHOWN = {
    "slash": "/",
    "exclamation_mark": "!",
    "at": "@",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "escape": "Esc",
    "space": "space",
    "tab": "Tab",
    "shift+tab": f"{SHIFT}Tab",
    "enter": "Enter",
}


def shown(key: str) -> str:
    """A key as people read it: `r`, `/`, `^P`, `Esc`."""
    if key.startswith("ctrl+"):
        return f"^{key[5:].upper()}"
    return _SHOWN.get(key, key)
