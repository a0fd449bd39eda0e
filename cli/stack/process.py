"""One running process of a stack."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from kit import lifeline

_CHILD = Path(__file__).with_name("child.py")


class StackProcess:
    """A program in a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> StackProcess:
        """Starts the program; what it writes is added to the log file."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(_CHILD),
                str(os.getpid()),
                *command,
                stdin=PIPE,
                stdout=output,
                stderr=output,
                env={**environment, lifeline.VARIABLE: "stdin"},
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """The exit status, negative for a signal; whatever the program had started is killed."""
        status = await self._process.wait()
        self.kill()
        return status

    def terminate(self) -> None:
        """Asks it to end."""
        if self.is_running:
            with suppress(ProcessLookupError):
                self._process.terminate()

    def kill(self) -> None:
        """Ends it and all it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
