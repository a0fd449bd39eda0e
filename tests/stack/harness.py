"""A whole installation as its operator starts it: `voxreel up` in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cli.stack.state import StackState, read_state
from tests.polling import eventually

ROOT = Path(__file__).resolve().parents[2]
# No test may ask a site of somebody else.
_WITHOUT_THE_WEB = {
    "VOXREEL_VIDEO_LINKS__IS_ON": "false",
    "VOXREEL_EDGE_RATES__LINKS_PER_S": "1000",
    "VOXREEL_AUTH_WEBHOOKS__IS_SENDING": "false",
}
_READY_WITHIN_S = 180.0
_STOP_WITHIN_S = 60.0


class Stack:
    """One running `voxreel up`. Use `async with stack(folder) as running`."""

    def __init__(self, process: Process, data_dir: Path) -> None:
        self._process = process
        self.data_dir = data_dir
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    @property
    def base_url(self) -> str:
        """Of the REST API, as the ready line says."""
        return next(line for line in self.lines if line.startswith("ready: ")).removeprefix("ready: ")

    @property
    def state(self) -> StackState:
        """Addresses, pids and readiness of the components now."""
        state = read_state(self.data_dir / "run" / "stack.json")
        assert state is not None, "the stack is not running"
        return state

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        return self._process.pid

    @property
    def admin_password(self) -> str:
        """Of the account `admin`."""
        return (self.data_dir / "secrets" / "admin-password").read_text()

    def grpc_address(self, service: str) -> str:
        """`host:port` of a service."""
        return self.state.services[service]

    async def wait_ready(self) -> None:
        """Returns after the ready line; fails when it does not come."""
        await eventually(self._is_ready, within_s=_READY_WITHIN_S)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a signal to a component; answers the pid it had."""
        pid = self.state.components[name].pid
        os.kill(pid, number)
        return pid

    async def wait_replaced(self, name: str, former_pid: int) -> None:
        """Returns when the component is ready under another pid."""

        def is_replaced() -> bool:
            current = self.state.components[name]
            return current.pid not in {0, former_pid} and current.is_ready

        await eventually(is_replaced, within_s=_READY_WITHIN_S)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends the stack; answers the exit status. Fails when it takes longer than promised."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(_STOP_WITHIN_S):
            status = await self._process.wait()
            await self._reading
        return status

    async def close(self) -> None:
        """Leaves nothing behind."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    def _is_ready(self) -> bool:
        assert self._process.returncode is None, "\n".join(self.lines)
        return any(line.startswith("ready: ") for line in self.lines)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode().rstrip())


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command, free of the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOXREEL_")}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "gen")])
    return {**kept, "PYTHONPATH": paths, **_WITHOUT_THE_WEB, **settings}


async def voxreel(*arguments: str, **settings: str) -> tuple[int, str]:
    """Runs a command to its end; answers the exit status and all it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", *arguments, stdout=PIPE, stderr=STDOUT, env=environment(**settings)
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@asynccontextmanager
async def stack(data_dir: Path, *options: str, **settings: str) -> AsyncIterator[Stack]:
    """A ready stack on free ports. What the body leaves running is killed."""
    arguments = ["up", "--port", "0", "--data-dir", str(data_dir), *options]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", *arguments, stdout=PIPE, stderr=STDOUT, env=environment(**settings)
    )
    running = Stack(process, data_dir)
    try:
        await running.wait_ready()
        yield running
    finally:
        await running.close()
