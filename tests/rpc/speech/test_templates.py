"""The catalogue of voices: filters, orders, counts, and files that are made once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.errors import Invalid, NotFound
from services.speech.domain.history import EmotionControl, NewDubbing
from services.speech.domain.speakers import CustomChoice, TemplateChoice, VoiceChoice
from services.speech.usecases.history import add_dubbing
from tests.rpc.speech.conftest import World
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import template_service_pb2 as messages
from voxreel.speech.v1 import voice_service_pb2 as voices


async def _found(world: World, **wanted: Any) -> list[messages.VoiceTemplate]:
    request = messages.ListVoiceTemplatesRequest(**{"page_size": 100, **wanted})
    with world.user():
        return list((await world.templates.ListVoiceTemplates(request)).templates)


async def _use(world: World, task_id: str, voice: VoiceChoice) -> None:
    new = NewDubbing(
        task_id=task_id,
        user_id=7,
        text="你好",
        voice=voice,
        emotion_control=EmotionControl.SAME_AS_REFERENCE,
        file_id="a.mp3",
        size_bytes=1,
        duration_ms=1,
        credits_used=2,
        create_time=datetime(2026, 1, 1, tzinfo=UTC),
    )
    await world.units.write(lambda unit: add_dubbing(unit, new))


async def test_the_filters_of_the_contract(world: World) -> None:
    everything = await _found(world)
    assert [each.id for each in everything] == list(range(1, len(everything) + 1))
    women = await _found(world, gender=voices.GENDER_FEMALE)
    assert women == [each for each in everything if each.gender == voices.GENDER_FEMALE]
    assert {each.age_range for each in await _found(world, age_range=messages.AGE_RANGE_OLD)} == {
        messages.AGE_RANGE_OLD
    }
    assert {each.category for each in await _found(world, category="有声书")} == {"有声书"}
    both = await _found(world, tags=["商务", "中文"])
    assert both == [each for each in everything if {"商务", "中文"} <= set(each.tags)]
    assert 0 < len(both) < len(everything)
    # In the name of one, in the description of none.
    assert [each.name for each in await _found(world, keyword="MICHAEL")] == ["英文商务 Michael"]
    assert [each.name for each in await _found(world, keyword=" 睡前 ")] == ["慈祥奶奶"]
    assert await _found(world, keyword="%") == []


async def test_pages_and_orders(world: World) -> None:
    for number, template_id in enumerate([5, 3, 3]):
        await _use(world, f"tts_{number}", TemplateChoice(template_id))
    await _use(world, "tts_custom", CustomChoice(3))
    most_used = await _found(world, order=messages.TEMPLATE_ORDER_USE_COUNT)
    assert [(each.id, each.use_count) for each in most_used[:4]] == [(3, 2), (5, 1), (1, 0), (2, 0)]
    newest = await _found(world, order=messages.TEMPLATE_ORDER_CREATE_TIME)
    times = [each.create_time.seconds for each in newest]
    assert times == sorted(times, reverse=True)
    assert [each.id for each in await _found(world, page_size=2, skip=2)] == [3, 4]
    assert await _found(world, skip=1000) == []
    for wrong in ({"page_size": 0}, {"page_size": 101}, {"skip": -1}, {"tags": ["中文"] * 21}, {"order": 9}):
        with pytest.raises(Invalid):
            await _found(world, **wrong)


async def test_tags_count_the_uses_of_their_voices(world: World) -> None:
    await _use(world, "tts_1", TemplateChoice(1))
    await _use(world, "tts_2", TemplateChoice(2))
    with world.user():
        answer = await world.templates.ListVoiceTags(messages.ListVoiceTagsRequest())
        moods = await world.templates.ListVoiceTags(messages.ListVoiceTagsRequest(category="情感"))
    uses = {tag.name: tag.use_count for tag in answer.tags}
    assert (uses["商务"], uses["温柔"], uses["英文"]) == (2, 1, 0)
    assert [tag.sort_order for tag in answer.tags] == sorted(tag.sort_order for tag in answer.tags)
    assert {tag.category for tag in moods.tags} == {"情感"}


async def test_one_voice(world: World) -> None:
    with world.user():
        answer = await world.templates.GetVoiceTemplate(messages.GetVoiceTemplateRequest(template_id=1))
        assert answer.template.name == "知性女声"
        with pytest.raises(NotFound) as missing:
            await world.templates.GetVoiceTemplate(messages.GetVoiceTemplateRequest(template_id=99))
    assert missing.value.message == "Voice template not found"


async def test_a_sample_is_spoken_once_as_the_template_speaks(world: World) -> None:
    template = (await _found(world))[4]
    request = messages.PrepareTemplateFileRequest(file_id=template.sample_file_id)
    answers = await asyncio.gather(*[world.templates.PrepareTemplateFile(request) for _ in range(4)])
    assert {answer.file_id for answer in answers} == {template.sample_file_id}
    (spoken,) = world.synthesizer.requests
    assert (spoken.voice, spoken.speech_rate, spoken.pitch_rate, spoken.volume) == ("zhibei", 1.12, 1.14, 55)
    header, content = world.audio_store.stored[(0, template.sample_file_id.removesuffix(".wav"))]
    assert (header.storage_type, header.file_type) == (files.STORAGE_TYPE_CACHE, "voice_previews")
    assert content[:4] == b"RIFF"


async def test_an_avatar_is_drawn_without_an_engine(world: World) -> None:
    world.engine.report("broken")
    template = (await _found(world))[0]
    request = messages.PrepareTemplateFileRequest(file_id=template.avatar_file_id)
    assert (await world.templates.PrepareTemplateFile(request)).file_id == template.avatar_file_id
    header, content = world.audio_store.stored[(0, template.avatar_file_id.removesuffix(".png"))]
    assert (header.file_type, content[:4]) == ("voice_avatars", b"\x89PNG")


@pytest.mark.parametrize("file_id", ["voice_template_1_sample_000000000000.wav", "../etc/passwd", ""])
async def test_files_that_no_template_has(world: World, file_id: str) -> None:
    with pytest.raises(NotFound):
        await world.templates.PrepareTemplateFile(messages.PrepareTemplateFileRequest(file_id=file_id))
    assert world.audio_store.stored == {}
