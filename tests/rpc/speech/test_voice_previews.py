"""Previews of voices: made once, however many ask."""

from __future__ import annotations

import asyncio
import re

import pytest

from kit.errors import Invalid, Unavailable
from services.speech.engines.base import Language
from services.speech.engines.errors import EngineUnavailable
from services.speech.usecases.voice_previews import SENTENCES
from tests.rpc.speech.conftest import World
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import voice_service_pb2 as messages

ZHICHU = messages.PrepareVoicePreviewRequest(voice="zhichu")


async def test_a_preview_is_made_once_and_shared(world: World) -> None:
    answers = await asyncio.gather(*[world.voices.PrepareVoicePreview(ZHICHU) for _ in range(8)])
    [file_id] = {answer.file_id for answer in answers}
    assert re.fullmatch(r"voice_preview_zhichu-[0-9a-f]{12}\.wav", file_id)
    (request,) = world.synthesizer.requests
    assert (request.voice, request.text) == ("zhichu", SENTENCES[Language.CHINESE])
    header, content = world.audio_store.stored[(0, file_id.removesuffix(".wav"))]
    assert (header.storage_type, header.original_name) == (files.STORAGE_TYPE_CACHE, file_id)
    assert content[:4] == b"RIFF"


async def test_every_voice_speaks_the_language_it_knows_best(world: World) -> None:
    await world.voices.PrepareVoicePreview(messages.PrepareVoicePreviewRequest(voice="heart"))
    assert world.synthesizer.requests[0].text == SENTENCES[Language.ENGLISH]


async def test_unknown_voices_are_refused(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await world.voices.PrepareVoicePreview(messages.PrepareVoicePreviewRequest(voice="../../etc"))
    assert refused.value.reason_name == "VOICE_UNKNOWN"
    assert world.synthesizer.requests == []


async def test_a_failure_is_told_and_the_next_one_who_asks_tries_again(world: World) -> None:
    world.synthesizer.failures = [EngineUnavailable("kokoro", "model is missing")]
    with pytest.raises(Unavailable) as failed:
        await world.voices.PrepareVoicePreview(ZHICHU)
    assert failed.value.reason_name == "ENGINE_UNAVAILABLE"
    assert world.audio_store.stored == {}
    assert (await world.voices.PrepareVoicePreview(ZHICHU)).file_id.startswith("voice_preview_zhichu-")


async def test_another_engine_or_model_is_heard_at_once(world: World) -> None:
    made = [(await world.voices.PrepareVoicePreview(ZHICHU)).file_id]
    world.engine.report("", model="another")
    made.append((await world.voices.PrepareVoicePreview(ZHICHU)).file_id)
    world.engine.name = "sherpa"
    made.append((await world.voices.PrepareVoicePreview(ZHICHU)).file_id)
    assert len(set(made)) == len(world.synthesizer.requests) == 3
    with pytest.raises(Invalid):
        old = made[0].removeprefix("voice_preview_").removesuffix(".wav")
        await world.voices.PrepareVoicePreview(messages.PrepareVoicePreviewRequest(voice=old))


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next(world: World) -> None:
    world.synthesizer.is_stuck = True
    first = asyncio.create_task(_prepare(world))
    while not world.synthesizer.requests:
        await asyncio.wait([first], timeout=0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    world.synthesizer.is_stuck = False
    async with asyncio.timeout(60):
        await _prepare(world)
    assert len(world.synthesizer.requests) == 2


async def _prepare(world: World) -> None:
    await world.voices.PrepareVoicePreview(ZHICHU)
