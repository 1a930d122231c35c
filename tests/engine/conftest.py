"""What several tests of the engine need."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
