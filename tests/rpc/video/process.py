"""The worker of video as a process of its own, which can be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path

from kit.lifeline import VARIABLE
from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.rpc.video.conftest import SERVICE_TOKEN

_ROOT = Path(__file__).resolve().parents[3]
# Reserved (RFC 863); nothing answers there, so the worker asks its rows for work.
_NOBODY = "127.0.0.1:9"


class VideoWorkerProcess:
    """`python -m services.video worker` on the database `video.db` of a folder, with a key for the emulator."""

    def __init__(self, folder: Path, *, instance: str, peers: Mapping[str, str], emulator: DashScopeEmulator) -> None:
        self._process: Process | None = None
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VOXREEL_")}
        settings = {
            "PORT": "0",
            "ADMIN_PORT": "0",
            "INSTANCE": instance,
            "DATA_DIR": str(folder),
            "DB__URL": f"sqlite:///{folder / 'video.db'}",
            "AUTO_MIGRATE": "false",
            "NATS_URL": f"nats://{_NOBODY}",
            "PEERS__AUTH": _NOBODY,
            "PEERS__BILLING": peers["billing"],
            "PEERS__FILES": peers["files"],
            "SERVICE_TOKEN": SERVICE_TOKEN,
            "LOG_LEVEL": "error",
            "DASHSCOPE__API_KEY": KEY,
            "DASHSCOPE__HTTP_URL": emulator.http_url,
            "DASHSCOPE__POLL_S": "0.1",
        }
        self._environment = inherited | {
            "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "gen")]),
            VARIABLE: "stdin",
            **{f"VOXREEL_VIDEO_{name}": value for name, value in settings.items()},
        }

    async def __aenter__(self) -> VideoWorkerProcess:
        arguments = ["-m", "services.video", "worker"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=self._environment
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.kill()

    async def kill(self) -> None:
        """Ends it without a word (SIGKILL)."""
        assert self._process is not None, "it was started"
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
