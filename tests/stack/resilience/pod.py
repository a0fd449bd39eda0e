"""A process of the platform as a pod runs it: an address of its own, the ports of all, the probes of the manifests."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kit.app import Role
from tests.polling import eventually

_READY_WITHIN_S = 400.0
_ENDS_WITHIN_S = 90.0
_PROBE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """What runs in a pod, whichever pod it is."""

    app: str
    role: Role

    def __str__(self) -> str:
        return f"{self.app} {self.role}"


class Pod:
    """One process. `ordinal` tells it from the others of its place."""

    def __init__(self, place: Place, ordinal: int, address: str, admin_port: int, process: Process) -> None:
        self.place = place
        self.name = f"{place} {ordinal}"
        self.address = address
        self._admin_port = admin_port
        self._process = process

    @classmethod
    async def start(
        cls, place: Place, ordinal: int, address: str, admin_port: int, *, environment: Mapping[str, str], log: Path
    ) -> Pod:
        """Started, not yet ready."""
        module = "edge" if place.app == "edge" else f"services.{place.app}"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, place.role.value), stdout=output, stderr=output, env=dict(environment)
            )
        return cls(place, ordinal, address, admin_port, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait_ready(self) -> None:
        """Returns when its readiness probe passes; fails when the process ends before."""

        async def is_ready() -> bool:
            assert self._process.returncode is None, f"{self.name} ended with {self._process.returncode}"
            return await self.probe("/readyz") == 200

        await eventually(is_ready, within_s=_READY_WITHIN_S)

    async def probe(self, path: str) -> int:
        """The status a probe of the admin port gets; 0 for none within the time of a probe."""
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(self.address, self._admin_port)
                try:
                    writer.write(f"GET {path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n".encode())
                    return int((await reader.readuntil(b"\r\n")).split(b" ")[1])
                finally:
                    writer.close()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return 0

    def freeze(self) -> None:
        """Takes every processor from it and its engines' processes."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Does nothing to a process that runs or has ended."""
        if self._process.returncode is None:
            os.kill(self.pid, signal.SIGCONT)

    async def stop(self) -> int:
        """As on a roll: SIGTERM, and the time to drain. Answers the exit status."""
        self._process.terminate()
        async with asyncio.timeout(_ENDS_WITHIN_S):
            return await self._process.wait()

    async def kill(self) -> None:
        """Leaves nothing behind."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
