"""The end of standard input as a signal to stop, for a process that must not outlive its supervisor."""

from __future__ import annotations

import asyncio
import os
import sys

VARIABLE = "VOXREEL_LIFELINE"
"""Set to `stdin` by a supervisor that holds the other end of our standard input."""


def stop_with_supervisor(stop: asyncio.Event) -> None:
    """Sets `stop` when the supervisor's end is closed; does nothing in a process that has no supervisor."""
    if os.environ.get(VARIABLE) != "stdin":
        return
    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()

    def on_readable() -> None:
        if not os.read(descriptor, 1024):
            loop.remove_reader(descriptor)
            stop.set()

    loop.add_reader(descriptor, on_readable)
