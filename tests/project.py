"""A project folder that a test writes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path


class Project:
    """A folder with a services.toml and whatever belongs to it.

    Calling it writes files; it may be called again at any time:

        project({"services.toml": '''
            [services.users]
            script = "users.py"
        ''', "users.py": "print('hello')"})
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    @property
    def name(self) -> str:
        """The project's name where services.toml gives none."""
        return self.folder.name

    @property
    def file(self) -> Path:
        """Its services.toml."""
        return self.folder / "services.toml"

    def __call__(self, files: Mapping[str, str]) -> Path:
        """Write each text, common indentation taken off, to its path; returns the folder."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return self.folder

    def beside(self, name: str) -> Project:
        """Another project in the same parent folder."""
        return Project(self.folder.parent / name)
