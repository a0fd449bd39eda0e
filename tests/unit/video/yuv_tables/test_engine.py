"""The engine in its worker processes: progress, refusals, cancellation, limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from kit.engines import EngineBroken, InputRefused
from services.video.engines.base import KeyingRequest, Quality
from services.video.engines.yuv_tables.engine import YuvTables
from tests.fakes.screen_clip import studio, write_clip
from tests.polling import eventually


@pytest.fixture
async def engine() -> AsyncIterator[YuvTables]:
    keyer = YuvTables(producer="Voxreel")
    yield keyer
    await keyer.aclose()


def _request(folder: Path, *, frames: int = 50, width: int = 160) -> KeyingRequest:
    assert cv2.imwrite(str(folder / "beach.png"), np.full((40, 40, 3), 200, np.uint8))
    picture = studio(width=width, height=width * 3 // 5)
    return KeyingRequest(
        video=write_clip(folder / "video.mp4", [picture] * frames),
        background=folder / "beach.png",
        color="green",
        similarity=0.4,
        blend=0.1,
        target=folder / "result.mp4",
        content_id="task-1",
    )


async def test_it_keys_tells_how_far_it_is_refuses_and_is_cancelled(engine: YuvTables, tmp_path: Path) -> None:
    request = _request(tmp_path)
    told: list[tuple[str, float]] = []
    assert await engine.screen_share(request.video, "green", timeout_s=60) > 0.8
    produced = await engine.key(
        request, timeout_s=60, on_progress=lambda stage, fraction: told.append((stage, fraction))
    )
    assert (produced.duration_ms, produced.quality) == (2000, Quality.NATIVE)
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["calibrating", "keying"]
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions) and fractions[0] >= 0 and fractions[-1] <= 1
    await _check_refusals(engine, tmp_path)
    await _check_cancellation(engine, tmp_path)


async def _check_refusals(engine: YuvTables, folder: Path) -> None:
    request = _request(folder, frames=2)
    request.video.write_bytes(b"not a video")
    with pytest.raises(InputRefused):
        await engine.key(request, timeout_s=60, on_progress=lambda *_: None)
    with pytest.raises(InputRefused):
        await engine.screen_share(request.video, "green", timeout_s=60)


async def _check_cancellation(engine: YuvTables, folder: Path) -> None:
    stages: list[str] = []
    request = _request(folder, frames=200, width=640)
    work = asyncio.ensure_future(engine.key(request, timeout_s=60, on_progress=lambda stage, _: stages.append(stage)))
    await eventually(lambda: "keying" in stages)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    again = await engine.key(_request(folder, frames=2), timeout_s=60, on_progress=lambda *_: None)
    assert again.duration_ms == 80


async def test_what_takes_too_long_is_stopped(engine: YuvTables, tmp_path: Path) -> None:
    request = _request(tmp_path, frames=2)
    with pytest.raises(EngineBroken):
        await engine.key(request, timeout_s=0.01, on_progress=lambda *_: None)
    with pytest.raises(InputRefused):
        await engine.screen_share(request.video, "green", timeout_s=0.01)
