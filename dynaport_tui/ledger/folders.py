"""The private folders of what dynaport remembers, and of its sockets."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from .errors import STATE_VARIABLE, FolderError

RUNTIME_VARIABLE = "DYNAPORT_RUNTIME_DIR"
CONFIG_VARIABLE = "DYNAPORT_CONFIG_DIR"

LONGEST_SOCKET_PATH = 103
"""Bytes. `sun_path` has 104 on macOS (unix(4)), 108 on Linux (unix(7)), with the closing zero."""

KEY_DIGITS = 10


def state_folder() -> Path:
    """Where ledger and logs are: $DYNAPORT_STATE_DIR, else `dynaport` in $XDG_STATE_HOME.

    Mode 0700, made when missing; raises FolderError.
    """
    return _private(_override(STATE_VARIABLE) or _state_home() / "dynaport", STATE_VARIABLE)


def runtime_folder() -> Path:
    """Where locks and sockets are: $DYNAPORT_RUNTIME_DIR, else `dynaport` in $XDG_RUNTIME_DIR.

    Where that variable names no folder of ours, or one whose path is too long for a socket, a
    private folder in the temp directory takes its place. Mode 0700, made when missing; raises
    FolderError.
    """
    if folder := _override(RUNTIME_VARIABLE):
        return _private(_short(folder), RUNTIME_VARIABLE)
    base = _xdg("XDG_RUNTIME_DIR")
    if base and _is_ours(base) and _fits(base / "dynaport"):
        return _private(base / "dynaport", RUNTIME_VARIABLE)
    return _private(_short(_in_temp()), RUNTIME_VARIABLE, shared_parent=True)


def config_path() -> Path:
    """Where the user's settings are: $DYNAPORT_CONFIG_DIR, else `dynaport` in $XDG_CONFIG_HOME.

    It need not exist; raises FolderError where there is no home.
    """
    return _override(CONFIG_VARIABLE) or _config_home() / "dynaport"


def config_folder() -> Path:
    """config_path(), mode 0700, made when missing; raises FolderError."""
    return _private(config_path(), CONFIG_VARIABLE)


def project_key(file: Path) -> str:
    """Ten hexadecimal digits that stand for one services.toml, symbolic links resolved."""
    from hashlib import sha256

    return sha256(os.fsencode(file.resolve())).hexdigest()[:KEY_DIGITS]


def project_state(file: Path) -> Path:
    """Where the logs of one services.toml are kept; made when missing, raises FolderError."""
    return _private(state_folder() / "projects" / project_key(file), STATE_VARIABLE)


def project_runtime(file: Path) -> Path:
    """Where `lock` and `sock` of one services.toml are; made when missing, raises FolderError."""
    return _private(runtime_folder() / project_key(file), RUNTIME_VARIABLE)


def _override(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).absolute() if value else None


def _xdg(variable: str) -> Path | None:
    """What an XDG variable names; a relative path is to be ignored (XDG Base Directory, 0.8)."""
    path = Path(os.environ.get(variable, ""))
    return path if path.is_absolute() else None


def _state_home() -> Path:
    if base := _xdg("XDG_STATE_HOME"):
        return base
    if sys.platform == "darwin":
        from platformdirs import user_state_path

        return user_state_path()
    # platformdirs says the same, 20 ms later
    return _home("the ledger", STATE_VARIABLE) / ".local" / "state"


def _config_home() -> Path:
    if base := _xdg("XDG_CONFIG_HOME"):
        return base
    if sys.platform == "darwin":
        from platformdirs import user_config_path

        return user_config_path()
    return _home("settings", CONFIG_VARIABLE) / ".config"


def _home(what: str, variable: str) -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise FolderError(
            f"there is no home folder to keep {what} in: set HOME or {variable}"
        ) from None


def _in_temp() -> Path:
    import tempfile

    return Path(tempfile.gettempdir()) / f"dynaport-{os.geteuid()}"


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _fits(folder: Path) -> bool:
    longest = folder / ("0" * KEY_DIGITS) / "sock"
    return len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH


def _short(folder: Path) -> Path:
    if _fits(folder):
        return folder
    raise FolderError(
        f"{folder} is too long: the path of a socket in it may have {LONGEST_SOCKET_PATH} bytes. "
        f"Set {RUNTIME_VARIABLE} to a shorter one."
    )


def _private(folder: Path, variable: str, *, shared_parent: bool = False) -> Path:
    """The folder, made or tightened to mode 0700; raises FolderError.

    Below a parent that others may write to, nothing is tightened: what somebody could have put
    there first is refused.
    """
    remedy = f"Remove it, or set {variable} to a folder of your own."
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat() if shared_parent else folder.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise FolderError(f"{folder} is not a folder. {remedy}")
        if found.st_uid != os.geteuid():
            raise FolderError(f"{folder} belongs to another user ({_user(found.st_uid)}). {remedy}")
        if stat.S_IMODE(found.st_mode) & 0o077:
            if shared_parent:
                mode = stat.S_IMODE(found.st_mode)
                raise FolderError(f"{folder} is open to other users (mode {mode:04o}). {remedy}")
            folder.chmod(0o700)
    except FileExistsError:
        raise FolderError(f"{folder} is not a folder. {remedy}") from None
    except OSError as error:
        raise FolderError(
            f"{folder} cannot be used: {error.strerror}. "
            f"Set {variable} to a folder that you may write to."
        ) from None
    return folder


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
