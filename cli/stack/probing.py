"""Asking a process on this machine whether it is ready."""

from __future__ import annotations

import asyncio

from cli.stack.component import Probe

_TIMEOUT_S = 2.0
_PERIOD_S = 0.05


async def is_ready(probe: Probe) -> bool:
    """Whether the probe answers 200 now."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await _status(probe) == b"200"
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False


async def until_ready(probe: Probe) -> None:
    """Returns when the process is ready; the caller sets the limit by cancelling."""
    while True:
        if await is_ready(probe):
            return
        await asyncio.sleep(_PERIOD_S)


async def _status(probe: Probe) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", probe.port)
    try:
        writer.write(f"GET {probe.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readuntil(b"\r\n")
        return line.split(b" ")[1]
    finally:
        writer.close()
