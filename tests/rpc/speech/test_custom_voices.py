"""Voices that users upload: what is heard, what is kept, and who sees them."""

from __future__ import annotations

import pytest

from kit.errors import Invalid, NotFound, Precondition, RateLimited, TooLarge
from kit.guarded.errors import WorkersBusy
from services.speech.domain import custom_voices
from services.speech.domain.speakers import CustomChoice, Prosody, TemplateChoice
from services.speech.engines.base import Quality
from tests.rpc.speech.conftest import World
from tests.rpc.speech.fakes import SAMPLE_RATE, tone_wav
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import custom_voice_service_pb2 as messages

TONE = tone_wav(SAMPLE_RATE // 4)


async def _create(
    world: World, content: bytes = TONE, *, name: str = "我的音色", user_id: int = 7
) -> messages.CreateCustomVoiceResponse:
    file_id = world.audio_store.put_source("temp-1", content, user_id=user_id)
    request = messages.CreateCustomVoiceRequest(file_id=file_id, name=f" {name} ", description="自己的声音")
    with world.user(user_id):
        return await world.custom_voices.CreateCustomVoice(request)


async def _listed(world: World, user_id: int = 7) -> list[str]:
    with world.user(user_id):
        answer = await world.custom_voices.ListCustomVoices(messages.ListCustomVoicesRequest())
    return [voice.name for voice in answer.voices]


async def test_a_sample_becomes_a_voice(world: World) -> None:
    created = await _create(world)
    voice = created.voice
    assert (voice.name, voice.description, voice.size_bytes) == ("我的音色", "自己的声音", len(TONE))
    assert (voice.duration_ms, created.is_duplicate) == (250, False)
    with world.user():
        read = await world.custom_voices.GetCustomVoice(messages.GetCustomVoiceRequest(voice_id=voice.id))
    assert read.voice == voice
    ((user_id, _request_id),) = world.audio_store.stored
    ((header, content),) = world.audio_store.stored.values()
    assert (user_id, header.file_type, header.storage_type) == (7, "voice_samples", files.STORAGE_TYPE_PERSISTENT)
    assert content == TONE


async def test_the_same_bytes_are_kept_once_for_each_owner(world: World) -> None:
    first = await _create(world)
    again = await _create(world)
    assert (again.voice, again.is_duplicate) == (first.voice, True)
    renamed = await _create(world, name="另一个名字")
    assert (renamed.voice.id != first.voice.id, renamed.is_duplicate) == (True, True)
    strangers = await _create(world, user_id=8)
    assert (strangers.voice.id != first.voice.id, strangers.is_duplicate) == (True, False)
    assert await _listed(world) == ["另一个名字", "我的音色"]
    assert len(world.audio_store.stored) == 2


async def test_another_users_voice_is_none(world: World) -> None:
    created = await _create(world)
    assert await _listed(world, 8) == []
    with world.user(8), pytest.raises(NotFound) as refused:
        await world.custom_voices.GetCustomVoice(messages.GetCustomVoiceRequest(voice_id=created.voice.id))
    assert refused.value.message == "Custom voice not found or access denied"


async def test_what_is_refused_leaves_nothing(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await _create(world, b"not a sound")
    assert (refused.value.reason_name, refused.value.message) == ("AUDIO_INVALID", "File must be an audio file")
    for name in ("", "x" * 101):
        with pytest.raises(Invalid):
            await _create(world, name=name)
    with pytest.raises(TooLarge) as large:
        await _create(world, bytes(custom_voices.MAX_SAMPLE_BYTES + 1))
    assert large.value.message == "File size exceeds maximum allowed size (10485760 bytes)"
    world.listener.failures = [WorkersBusy("64 jobs")]
    with pytest.raises(RateLimited):
        await _create(world)
    assert (world.audio_store.stored, await _listed(world)) == ({}, [])


async def test_another_users_file_is_none(world: World) -> None:
    world.audio_store.put_source("temp-1", TONE, user_id=8)
    with world.user(7), pytest.raises(NotFound):
        await world.custom_voices.CreateCustomVoice(messages.CreateCustomVoiceRequest(file_id="temp-1", name="它"))


async def test_a_user_has_only_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.speech.usecases.custom_voices.MAX_VOICES", 1)
    await _create(world)
    with pytest.raises(Precondition) as full:
        await _create(world, tone_wav(3000), name="第二个")
    assert full.value.reason_name == "CUSTOM_VOICES_FULL"


async def test_voices_resolve_to_speakers(world: World) -> None:
    speakers = world.speakers()
    template = await speakers.resolve(7, TemplateChoice(5))
    assert (template.voice, template.prosody) == ("zhibei", Prosody(1.12, 1.14, 1.1))
    assert (template.quality, template.sample_file_id) == (Quality.NATIVE, None)
    created = await _create(world)
    custom = await speakers.resolve(7, CustomChoice(created.voice.id))
    # The tone has 440 Hz: the highest preset, raised as far as it may be.
    assert (custom.voice, custom.quality) == ("zhixia", Quality.APPROXIMATE)
    assert custom.prosody == Prosody(pitch=1.3)
    assert custom.sample_file_id is not None
    for user_id, choice in ((7, TemplateChoice(99)), (8, CustomChoice(created.voice.id))):
        with pytest.raises(NotFound):
            await speakers.resolve(user_id, choice)
