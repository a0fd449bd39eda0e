"""Ports for servers that keep their port over restarts."""

from __future__ import annotations

import secrets
import socket

# Below those that the system gives to whoever connects, which may be taken before the server listens.
_FIRST, _LAST = 20_000, 32_000
_ATTEMPTS = 100


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    for _ in range(_ATTEMPTS):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("no free port")
