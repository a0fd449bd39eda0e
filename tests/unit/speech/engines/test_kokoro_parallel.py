"""What is spoken does not depend on what is spoken beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.speech.engines.base import AudioFormat, SynthesisRequest
from services.speech.engines.registry import SynthesizerSettings, open_synthesizer

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

VOICES = ("zhichu", "zhijie", "heart", "adam")
TEXTS = ("好。", "早！", "Yes.", "走。", "Go.")
REQUESTS = tuple(
    SynthesisRequest(text, voice, AudioFormat.WAV, content_id=f"{voice}-{index}")
    for index, text in enumerate(TEXTS)
    for voice in VOICES
)


async def test_twenty_in_parallel_are_the_twenty_one_after_another(tmp_path: Path) -> None:
    settings = SynthesizerSettings(tmp_path, max_workers=2, onnx_threads=1)
    pool = open_synthesizer("kokoro", settings)
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(pool.synthesize(request, timeout_s=100)) for request in REQUESTS]
        beside = [task.result().data for task in running]
        alone = [(await pool.synthesize(request, timeout_s=100)).data for request in REQUESTS]
    finally:
        await pool.aclose()
    assert beside == alone
    assert len(set(alone)) == len(REQUESTS) == 20
