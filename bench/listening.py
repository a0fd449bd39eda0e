"""Waiting for a program that was started to be measured."""

from __future__ import annotations

import contextlib
import socket
import time

_START_S = 30
_PAUSE_S = 0.1


def wait_for_listener(port: int) -> None:
    """Returns once somebody listens on this machine's port. Raises TimeoutError after 30 s."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(_PAUSE_S)
    raise TimeoutError(f"nothing listens on {port}")
