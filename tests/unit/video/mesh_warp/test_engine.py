"""The engine in a worker process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kit.engines import InputRefused
from services.video.engines.base import Quality, RenderRequest
from services.video.engines.mesh_warp.engine import MeshWarp
from services.video.engines.mesh_warp.settings import MeshWarpFactory
from tests.fakes.face_clip import spoken, write_face_clip, write_voice
from tests.polling import eventually

pytestmark = pytest.mark.model


def _request(folder: Path, *, seconds: float = 2.0) -> RenderRequest:
    return RenderRequest(
        video=write_face_clip(folder / "video.mp4"),
        audio=write_voice(folder / "voice.wav", spoken(seconds)),
        ref_image=None,
        is_video_extended=True,
        target=folder / "result.mp4",
        content_id="task-1",
    )


async def test_it_renders_tells_how_far_it_is_refuses_and_is_cancelled(tmp_path: Path) -> None:
    engine = MeshWarp(MeshWarpFactory(tmp_path / "models"), producer="Voxreel")
    told: list[tuple[str, float]] = []
    try:
        produced = await engine.render(
            _request(tmp_path), timeout_s=60, on_progress=lambda stage, fraction: told.append((stage, fraction))
        )
        assert (produced.duration_ms, produced.quality) == (2000, Quality.APPROXIMATE)
        assert list(dict.fromkeys(stage for stage, _ in told)) == ["analysing", "rendering"]
        fractions = [fraction for _, fraction in told]
        assert fractions == sorted(fractions)
        await _check_refusal(engine, tmp_path)
        await _check_cancellation(engine, tmp_path)
    finally:
        await engine.aclose()


async def _check_refusal(engine: MeshWarp, folder: Path) -> None:
    request = _request(folder)
    request.video.write_bytes(b"not a video")
    with pytest.raises(InputRefused):
        await engine.render(request, timeout_s=60, on_progress=lambda *_: None)


async def _check_cancellation(engine: MeshWarp, folder: Path) -> None:
    stages: list[str] = []
    work = asyncio.ensure_future(
        engine.render(_request(folder, seconds=60), timeout_s=60, on_progress=lambda stage, _: stages.append(stage))
    )
    await eventually(lambda: "analysing" in stages)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
