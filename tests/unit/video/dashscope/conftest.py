"""VideoRetalk's engine with the real SDK against an emulated service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from kit.net.fetcher import Fetcher
from services.video.domain.provider_orders import OrderState
from services.video.engines.base import ProducedVideo, RenderRequest
from services.video.engines.dashscope.engine import DashScopeLipSyncer
from services.video.engines.dashscope.settings import DashScopeSettings
from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.fakes.clock import FakeClock
from tests.fakes.orders import FakeOrders
from tests.fakes.screen_clip import write_clip

SILENCE_S = 20.0


@dataclass
class Studio:
    """An engine, what it stands on, and short ways to ask it."""

    settings: DashScopeSettings
    emulator: DashScopeEmulator
    clock: FakeClock
    orders: FakeOrders
    engine: DashScopeLipSyncer
    folder: Path
    told: list[tuple[str, float]] = field(default_factory=list)

    async def render(self, task_id: str = "task-1", *, timeout_s: float = 60.0) -> ProducedVideo:
        await self.engine.admit(task_id)
        request = self.request(task_id)
        return await self.engine.render(request, timeout_s=timeout_s, on_progress=lambda *now: self.told.append(now))

    def state(self, task_id: str = "task-1") -> OrderState | None:
        """Where an order is; None for one that is not kept."""
        order = self.orders.kept.get(task_id)
        return None if order is None else order.state

    def request(self, task_id: str = "task-1") -> RenderRequest:
        """Each one in a folder of its own, as attempts are."""
        folder = self.folder / f"{task_id}-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        video, audio, face = folder / "video.mp4", folder / "audio.mp3", folder / "face.png"
        for path in (video, audio, face):
            path.write_bytes(path.name.encode())
        return RenderRequest(video, audio, face, True, folder / "result.mp4", task_id)


@pytest.fixture(scope="session")
def made_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the provider answers with: two seconds of grey, and a tone."""
    path = tmp_path_factory.mktemp("made") / "made.mp4"
    return write_clip(path, [np.full((64, 96, 3), 128, np.uint8)] * 50).read_bytes()


@pytest.fixture
async def studio(made_video: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with DashScopeEmulator().serving() as emulator:
        emulator.state.files["result"] = made_video
        settings = DashScopeSettings(
            KEY, emulator.http_url, silence_s=SILENCE_S, transfer_s=30.0, poll_s=0.01, max_poll_s=0.02
        )
        clock = FakeClock()
        orders = FakeOrders(clock)
        engine = open_engine(settings, orders, clock)
        yield Studio(settings, emulator, clock, orders, engine, tmp_path)
        await engine.aclose()


def open_engine(settings: DashScopeSettings, orders: FakeOrders, clock: FakeClock) -> DashScopeLipSyncer:
    """As one process has it; results may come from this machine."""
    web = Fetcher(is_allowed=_anything, has_allowed_port=_anything)
    return DashScopeLipSyncer(settings, orders, web=web, clock=clock, producer="Test")


def _anything(_asked: object) -> bool:
    return True
