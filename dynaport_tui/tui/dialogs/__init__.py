"""The few questions that the dashboard asks, and its help."""

from .command import CommandScreen
from .confirm import ConfirmScreen
from .help import HelpScreen
from .leave import QuitScreen

__all__ = ["CommandScreen", "ConfirmScreen", "HelpScreen", "QuitScreen"]
