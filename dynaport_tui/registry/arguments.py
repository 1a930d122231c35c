"""Arguments that can never be right, and what to write instead."""

from __future__ import annotations

import re

_ID = re.compile(r"[^\s:/]{1,200}")
_STATUS = re.compile(r"\S{1,40}")


def checked_id(text: str, what: str) -> str:
    """The id itself; raises ValueError for one that can never be right."""
    if _ID.fullmatch(text):
        return text
    raise ValueError(
        f"{what} {text!r} cannot be used: write 1 to 200 characters without spaces, colons and "
        'slashes, such as "user-service"'
    )


def checked_dependency(text: str) -> tuple[str, str]:
    """App and instance of `app_id:instance_id` or `app_id`; raises ValueError."""
    app_id, _, instance_id = str(text).partition(":")
    try:
        return checked_id(app_id, "app_id"), checked_id(instance_id or "default", "instance_id")
    except ValueError as error:
        raise ValueError(
            f'dependency {text!r}: {error}; a dependency is "app_id:instance_id"'
        ) from None


def checked_endpoint(path: str | None) -> str | None:
    """The path itself; raises ValueError for one that does not begin with a slash."""
    if path is None or (path.startswith("/") and path.isprintable()):
        return path
    raise ValueError(f'health_endpoint {path!r} is no path: write "/{path.strip("/")}", or None')


def checked_port(port: int) -> int:
    """The port itself; raises ValueError."""
    if 0 < port < 65536:
        return port
    raise ValueError(f"port {port!r} cannot be used: write a number from 1 to 65535")


def checked_status(status: str) -> str:
    """The word itself; raises ValueError."""
    if _STATUS.fullmatch(status) and status.isprintable():
        return status
    raise ValueError(f'status {status!r} cannot be used: write one word, such as "running"')
