"""The history of dubbing over its contract."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kit.errors import Invalid, NotFound
from services.speech.domain.history import EmotionControl, NewDubbing
from services.speech.domain.speakers import CustomChoice, TemplateChoice, VoiceChoice
from services.speech.usecases.history import add_dubbing
from tests.rpc.speech.conftest import World
from voxreel.speech.v1 import history_service_pb2 as messages

MISSING = "Audio history not found or access denied"


async def _write(world: World, number: int, *, user_id: int = 7, voice: VoiceChoice | None = None) -> int:
    new = NewDubbing(
        task_id=f"tts_{number}",
        user_id=user_id,
        text=f"第{number}句",
        voice=voice or TemplateChoice(1),
        emotion_control=EmotionControl.VECTOR,
        file_id=f"tts_audio_{number}.mp3",
        size_bytes=2048,
        duration_ms=1550,
        credits_used=10,
        create_time=world.clock.now() + timedelta(seconds=number // 2),
    )
    return await world.units.write(lambda unit: add_dubbing(unit, new))


async def test_newest_first_and_only_ones_own(world: World) -> None:
    ids = [await _write(world, number) for number in range(4)]
    await _write(world, 9, user_id=8)
    with world.user():
        page = await world.history.ListDubbings(messages.ListDubbingsRequest(page_size=3))
        rest = await world.history.ListDubbings(messages.ListDubbingsRequest(page_size=3, skip=3))
        with pytest.raises(Invalid):
            await world.history.ListDubbings(messages.ListDubbingsRequest(page_size=101))
    # Pieces of one moment by their ids.
    assert [each.id for each in (*page.dubbings, *rest.dubbings)] == ids[::-1]
    assert (page.total_size, rest.total_size) == (4, 4)


async def test_one_piece_by_its_id_and_by_its_task(world: World) -> None:
    dubbing_id = await _write(world, 1, voice=CustomChoice(5_000_000_000))
    with world.user():
        found = (await world.history.GetDubbing(messages.GetDubbingRequest(dubbing_id=dubbing_id))).dubbing
        same = (await world.history.GetDubbing(messages.GetDubbingRequest(task_id="tts_1"))).dubbing
    assert found == same
    assert (found.text, found.WhichOneof("voice"), found.custom_voice_id) == ("第1句", "custom_voice_id", 5_000_000_000)
    assert (found.emotion_control, found.file_id) == (messages.EMOTION_CONTROL_VECTOR, "tts_audio_1.mp3")
    assert (found.size_bytes, found.duration_ms, found.credits_used) == (2048, 1550, 10)


async def test_another_users_piece_is_none(world: World) -> None:
    dubbing_id = await _write(world, 1)
    with world.user(8):
        for request in (messages.GetDubbingRequest(dubbing_id=dubbing_id), messages.GetDubbingRequest(task_id="tts_1")):
            with pytest.raises(NotFound) as missing:
                await world.history.GetDubbing(request)
            assert missing.value.message == MISSING
        with pytest.raises(NotFound):
            await world.history.DeleteDubbing(messages.DeleteDubbingRequest(dubbing_id=dubbing_id))
    with world.user():
        await world.history.GetDubbing(messages.GetDubbingRequest(dubbing_id=dubbing_id))


async def test_a_deleted_piece_is_gone_and_its_number_stays_taken(world: World) -> None:
    dubbing_id = await _write(world, 1)
    with world.user():
        await world.history.DeleteDubbing(messages.DeleteDubbingRequest(dubbing_id=dubbing_id))
        with pytest.raises(NotFound) as missing:
            await world.history.DeleteDubbing(messages.DeleteDubbingRequest(dubbing_id=dubbing_id))
    assert missing.value.message == MISSING
    assert await _write(world, 2) > dubbing_id
