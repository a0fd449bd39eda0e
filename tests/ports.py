"""Ports for servers that keep their port over restarts."""

from __future__ import annotations

import asyncio
import atexit

from cli.stack.ports import ReservedPorts

# Held for as long as the tests run: those that run beside these get others.
_RESERVED = ReservedPorts()
atexit.register(_RESERVED.close)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    return _RESERVED.take("127.0.0.1", 0)


async def is_listening(port: int) -> bool:
    """Whether a server of this machine takes connections there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
