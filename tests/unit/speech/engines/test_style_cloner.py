"""The cloning engine with its real models: a few steps of a search, and what stops it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from kit.engines import InputRefused
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import CloneRequest, Quality, SynthesisRequest, VoiceClone
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.style_clone.cloner import StyleCloner
from services.speech.engines.style_clone.settings import StyleCloneOptions, StyleModelFiles
from services.speech.engines.styles import StyleFolder, style_of
from tests.polling import eventually
from voxreel.common.v1 import error_reason_pb2 as reasons

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

TEXT = "小时候，我常常坐在门前的石阶上，听奶奶讲过去的事情。她说话很慢，声音温和。"
TIMEOUT_S = 240.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> StyleModelFiles:
    return StyleModelFiles(DEFAULT_MODELS_DIR, tmp_path_factory.mktemp("models"))


@pytest.fixture
def sample(files: StyleModelFiles, tmp_path: Path) -> Path:
    """A woman who is not the default voice, in a file of a stranger."""
    spoken = KokoroFactory(DEFAULT_MODELS_DIR, files.cache_dir)().synthesize(SynthesisRequest(TEXT, "bella"))
    path = tmp_path / "sample.wav"
    path.write_bytes(spoken.data)
    (tmp_path / "short.wav").write_bytes(spoken.data[:40_000])
    return path


async def _stopped(cloner: StyleCloner, request: CloneRequest) -> bool:
    """Cancels a clone in the middle of its search; whether it ended at once."""
    told: list[float] = []
    task = asyncio.create_task(cloner.clone(request, timeout_s=TIMEOUT_S, on_progress=told.append))
    await eventually(lambda: bool(told), within_s=TIMEOUT_S)
    task.cancel()
    async with asyncio.timeout(1.0):
        await asyncio.gather(task, return_exceptions=True)
    return task.cancelled()


async def test_a_voice_is_learnt_spoken_with_and_given_up(files: StyleModelFiles, sample: Path) -> None:
    request, told = CloneRequest(sample, "a", ""), list[float]()
    cloner = StyleCloner(files, StyleCloneOptions(threads=1, evaluations=3))
    try:
        learnt = await cloner.clone(request, timeout_s=TIMEOUT_S, on_progress=told.append)
        too_short = sample.with_name("short.wav")
        with pytest.raises(InputRefused) as refused:
            await cloner.clone(CloneRequest(too_short, "a", ""), timeout_s=TIMEOUT_S, on_progress=told.append)
        assert refused.value.reason == reasons.ERROR_REASON_SAMPLE_TOO_SHORT
        assert await _stopped(cloner, request)
    finally:
        await cloner.aclose()
    assert told[-1] == pytest.approx(1.0)
    assert list(sample.parent.glob("*.samples")) == []
    _check_speech(learnt, files)


def _check_speech(learnt: VoiceClone, files: StyleModelFiles) -> None:
    style = style_of(learnt.engine_voice)
    assert style is not None
    assert learnt.pack is not None
    assert np.isfinite(np.frombuffer(learnt.pack, "<f4")).all()
    StyleFolder(files.cache_dir).keep(learnt.pack, style.sha256)
    spoken = KokoroFactory(DEFAULT_MODELS_DIR, files.cache_dir)().synthesize(
        SynthesisRequest("你好", learnt.engine_voice)
    )
    assert (spoken.quality, learnt.quality) == (Quality.APPROXIMATE, Quality.APPROXIMATE)
    assert spoken.duration_ms > 300
