"""The plain stream: every service's lines and our own, for a terminal, a file or a build log."""

from __future__ import annotations

from .output import Output, OutputGone
from .render import Format, Renderer, renderer
from .stream import Stream

__all__ = ["Format", "Output", "OutputGone", "Renderer", "Stream", "renderer"]
