"""Billing as a process of its own, which can be killed and started again on its port and its database."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kit.lifeline import VARIABLE
from tests.polling import eventually
from tests.ports import free_port, is_listening

_ROOT = Path(__file__).resolve().parents[3]
# Reserved (RFC 863); nothing answers there, so what happens waits in the outbox.
_NOWHERE = "nats://127.0.0.1:9"
_READY_WITHIN_S = 120.0
_STOP_WITHIN_S = 60.0


class BillingProcess:
    """`python -m services.billing serve` on a migrated database. Use as a context manager; `start` it within."""

    def __init__(self, database_url: str, *, folder: Path, auth_address: str, service_token: str) -> None:
        self._port = free_port()
        self._process: Process | None = None
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VOXREEL_")}
        self._environment = inherited | {
            "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "gen")]),
            VARIABLE: "stdin",
            "VOXREEL_BILLING_PORT": str(self._port),
            "VOXREEL_BILLING_ADMIN_PORT": "0",
            "VOXREEL_BILLING_DATA_DIR": str(folder),
            "VOXREEL_BILLING_DB__URL": database_url,
            "VOXREEL_BILLING_AUTO_MIGRATE": "false",
            "VOXREEL_BILLING_NATS_URL": _NOWHERE,
            "VOXREEL_BILLING_PEERS__AUTH": auth_address,
            "VOXREEL_BILLING_SERVICE_TOKEN": service_token,
            "VOXREEL_BILLING_LOG_LEVEL": "error",
        }

    @property
    def address(self) -> str:
        """The same over all starts."""
        return f"127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Returns when it serves."""
        arguments = ["-m", "services.billing", "serve"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=self._environment
        )
        await eventually(self._serves, within_s=_READY_WITHIN_S)

    async def kill_after(self, seconds: float) -> None:
        """Ends it without a word (SIGKILL), so many seconds from now."""
        assert self._process is not None, "it was started"
        asyncio.get_running_loop().call_later(seconds, self._process.kill)
        await self._process.wait()

    async def stop(self) -> int:
        """Ends it in order; answers the exit status."""
        assert self._process is not None, "it was started"
        self._process.terminate()
        async with asyncio.timeout(_STOP_WITHIN_S):
            return await self._process.wait()

    async def __aenter__(self) -> BillingProcess:
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _serves(self) -> bool:
        assert self._process is not None, "it was started"
        assert self._process.returncode is None, "billing ended by itself"
        if not await is_listening(self._port):
            return False
        async with aio.insecure_channel(self.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            try:
                reply = await health.Check(health_pb2.HealthCheckRequest(), timeout=1)
            except aio.AioRpcError:
                return False
        return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)
