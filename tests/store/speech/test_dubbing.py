"""Custom voices, uses of templates and the history, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.speech.domain.custom_voices import NewCustomVoice
from services.speech.domain.history import EmotionControl, NewDubbing
from services.speech.domain.speakers import CustomChoice, TemplateChoice, VoiceChoice
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.history import add_dubbing
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database

CLOCK = FakeClock()


@pytest.fixture
async def units(database_url: str) -> AsyncIterator[Units[SpeechUnit]]:
    events = EventSource("speech", RandomIds(), CLOCK)
    async with migrated_database(database_url, "speech") as database:
        yield Units(database, lambda connection: SpeechUnit(connection, events))


def _dubbing(number: int, *, user_id: int = 7, voice: VoiceChoice | None = None) -> NewDubbing:
    return NewDubbing(
        task_id=f"tts_{number}",
        user_id=user_id,
        text="今天天气真好 🎉",
        voice=voice or TemplateChoice(3),
        emotion_control=EmotionControl.TEXT,
        file_id="a.mp3",
        size_bytes=3_000_000_000,
        duration_ms=1500,
        credits_used=10,
        create_time=CLOCK.now() + timedelta(seconds=number // 2),
    )


def _voice(number: int, *, user_id: int = 7, name: str = "我", sha256: str = "a" * 64) -> NewCustomVoice:
    return NewCustomVoice(
        user_id=user_id,
        name=name,
        description="",
        file_id=f"sample_{number}.wav",
        sha256=sha256,
        size_bytes=10,
        duration_ms=1000,
        pitch_hz=123,
        create_time=CLOCK.now() + timedelta(seconds=number),
    )


async def test_the_history_is_read_as_it_was_written(units: Units[SpeechUnit]) -> None:
    ids = [await units.write(lambda unit, at=number: unit.dubbings.add(_dubbing(at))) for number in range(5)]
    await units.write(lambda unit: unit.dubbings.add(_dubbing(9, user_id=8, voice=CustomChoice(5_000_000_000))))
    page, total = await units.read(lambda unit: unit.dubbings.page(7, size=2, skip=1))
    assert ([each.id for each in page], total) == ([ids[3], ids[2]], 5)
    found = await units.read(lambda unit: unit.dubbings.find(7, ids[0]))
    assert found is not None
    assert found == await units.read(lambda unit: unit.dubbings.find_of_task(7, "tts_0"))
    assert (found.text, found.size_bytes, found.voice) == ("今天天气真好 🎉", 3_000_000_000, TemplateChoice(3))
    assert found.create_time == CLOCK.now()
    assert await units.read(lambda unit: unit.dubbings.find(8, ids[0])) is None
    other = await units.read(lambda unit: unit.dubbings.find_of_task(8, "tts_9"))
    assert other is not None
    assert other.voice == CustomChoice(5_000_000_000)


async def test_a_task_makes_one_piece_and_counts_once(units: Units[SpeechUnit]) -> None:
    await units.write(lambda unit: add_dubbing(unit, _dubbing(1)))
    with pytest.raises(IntegrityError):
        await units.write(lambda unit: add_dubbing(unit, _dubbing(1)))
    assert await units.read(lambda unit: unit.template_uses.all()) == {3: 1}


async def test_numbers_of_deleted_pieces_are_not_given_again(units: Units[SpeechUnit]) -> None:
    first = await units.write(lambda unit: unit.dubbings.add(_dubbing(1)))
    assert not await units.write(lambda unit: unit.dubbings.delete(8, first))
    assert await units.write(lambda unit: unit.dubbings.delete(7, first))
    assert not await units.write(lambda unit: unit.dubbings.delete(7, first))
    assert await units.write(lambda unit: unit.dubbings.add(_dubbing(2))) > first


async def test_no_use_is_lost_when_many_finish_at_once(units: Units[SpeechUnit]) -> None:
    choices = [TemplateChoice(1), TemplateChoice(2), CustomChoice(1)] * 4
    pieces = [_dubbing(number, voice=choice) for number, choice in enumerate(choices)]
    await asyncio.gather(*[units.write(lambda unit, new=piece: add_dubbing(unit, new)) for piece in pieces])
    assert await units.read(lambda unit: unit.template_uses.all()) == {1: 4, 2: 4}


async def test_the_same_bytes_under_the_same_name_are_one_voice(units: Units[SpeechUnit]) -> None:
    first, again, renamed, other = _voice(1), _voice(2), _voice(3, name="她"), _voice(4, user_id=8)
    added = [await units.write(lambda unit, new=each: unit.custom_voices.add(new)) for each in (first, again)]
    assert added == [True, False]
    for voice in (renamed, other):
        assert await units.write(lambda unit, new=voice: unit.custom_voices.add(new))
    voices = await units.read(lambda unit: unit.custom_voices.newest(7, limit=10))
    assert [voice.name for voice in voices] == ["她", "我"]
    assert voices[1].file_id == "sample_1.wav"
    assert voices[1].pitch_hz == 123
    same = await units.read(lambda unit: unit.custom_voices.find_same(7, "a" * 64, "我"))
    assert same == voices[1]
    assert await units.read(lambda unit: unit.custom_voices.find(7, voices[1].id)) == same
    assert await units.read(lambda unit: unit.custom_voices.find(8, voices[1].id)) is None
    assert await units.read(lambda unit: unit.custom_voices.number(7)) == 2
    known = [
        await units.read(lambda unit, of=user_id, key=sha256: unit.custom_voices.has_sample(of, key))
        for user_id, sha256 in ((7, "a" * 64), (7, "b" * 64), (9, "a" * 64))
    ]
    assert known == [True, False, False]
