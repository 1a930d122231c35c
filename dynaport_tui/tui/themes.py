"""Our own theme beside those of Textual."""

from __future__ import annotations

from textual.theme import Theme

from .colours import OWN

DYNAPORT = Theme(
    name=OWN,
    ansi=True,
    primary="#2479ce",
    secondary="#188677",
    warning="#b26c09",
    error="#d84545",
    success="#2f8a45",
    accent="#2479ce",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "#7a7a7a",
        "border-blurred": "#7a7a7a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#2c66a0",
        "block-hover-background": "ansi_default",
        "input-selection-background": "#2c66a0",
        "input-selection-foreground": "#ffffff",
        "footer-key-foreground": "#2479ce",
        "scrollbar": "#7a7a7a",
        "scrollbar-hover": "#2479ce",
        "scrollbar-active": "#2479ce",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)
"""The terminal's own ground, and colours that can be read on a light and on a dark one."""
