"""A real NATS server for tests: can be stopped, killed, started again on its port, and lose its storage."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

from tests.polling import eventually
from tests.ports import free_port, is_listening


class NatsServer:
    """Use as a context manager. `url` stays the same over all starts."""

    def __init__(self, folder: Path) -> None:
        self._store = folder / "nats"
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Returns when clients can connect."""
        binary = Path(sys.executable).with_name("nats-server")
        arguments = ["-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", str(self._store)]
        self._process = await asyncio.create_subprocess_exec(
            binary, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await eventually(lambda: is_listening(self._port))

    async def stop(self) -> None:
        """Ends it; the storage stays."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None

    async def kill(self) -> None:
        """Ends it without a chance to flush."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def restart(self) -> None:
        """Stops it and starts it with its storage."""
        await self.stop()
        await self.start()

    async def wipe(self) -> None:
        """Stops it, deletes its storage and starts it."""
        await self.stop()
        await asyncio.to_thread(shutil.rmtree, self._store)
        await self.start()

    async def __aenter__(self) -> NatsServer:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()
