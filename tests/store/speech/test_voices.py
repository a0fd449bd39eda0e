"""Cloned voices on both engines: who sees which, and what a new sample changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.speech.domain.voices import ClonedVoice
from services.speech.store.uow import SpeechUnit
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database

CLOCK = FakeClock()


def _voice(number: int, *, user_id: int = 7, is_public: bool = False, prefix: str = "a") -> ClonedVoice:
    moment = CLOCK.now() + timedelta(seconds=number)
    return ClonedVoice(
        id=f"voice_{number}",
        user_id=user_id,
        account=f"user{user_id}",
        prefix=prefix,
        engine="fake",
        target_model="m",
        engine_voice="{}",
        pack_file_id="pack_1.bin",
        quality="approximate",
        sample_file_id="sample.wav",
        is_public=is_public,
        create_time=moment,
        update_time=moment,
    )


@pytest.fixture
async def units(database_url: str) -> AsyncIterator[Units[SpeechUnit]]:
    events = EventSource("speech", RandomIds(), CLOCK)
    async with migrated_database(database_url, "speech") as database:
        yield Units(database, lambda connection: SpeechUnit(connection, events))


async def _seen(
    units: Units[SpeechUnit], user_id: int | None, *, is_admin: bool = False, prefix: str = ""
) -> list[str]:
    voices, total = await units.read(
        lambda unit: unit.voices.visible(user_id, is_admin=is_admin, prefix=prefix, limit=10)
    )
    assert total == len(voices)
    return [voice.id for voice in voices]


async def test_who_sees_which_voices(units: Units[SpeechUnit]) -> None:
    def fill(unit: SpeechUnit) -> None:
        for voice in (
            _voice(1),
            _voice(2, user_id=8, prefix="b_%"),
            _voice(3, user_id=8, is_public=True, prefix="bx"),
        ):
            unit.voices.add(voice)

    await units.write(fill)
    assert await _seen(units, None) == ["voice_3"]
    assert await _seen(units, 7) == ["voice_3", "voice_1"]
    assert await _seen(units, 8) == ["voice_3", "voice_2"]
    assert await _seen(units, 1, is_admin=True) == ["voice_3", "voice_2", "voice_1"]
    assert await _seen(units, 1, is_admin=True, prefix="b_") == ["voice_2"]
    assert await _seen(units, 1, is_admin=True, prefix="voice_1") == ["voice_1"]
    voices, total = await units.read(lambda unit: unit.voices.visible(8, is_admin=False, prefix="", limit=1))
    assert ([voice.id for voice in voices], total) == (["voice_3"], 2)


async def test_a_new_sample_changes_what_was_learnt(units: Units[SpeechUnit]) -> None:
    voice = _voice(1)
    await units.write(lambda unit: unit.voices.add(voice))
    learnt = replace(
        voice, user_id=1, account="admin", engine_voice="new", sample_file_id="b.wav", create_time=CLOCK.now()
    )
    await units.write(lambda unit: unit.voices.renew(learnt))
    found = await units.read(lambda unit: unit.voices.find("voice_1"))
    assert found == replace(voice, engine_voice="new", sample_file_id="b.wav")


async def test_a_deleted_voice_is_gone_for_good(units: Units[SpeechUnit]) -> None:
    await units.write(lambda unit: unit.voices.add(_voice(1)))
    assert await units.write(lambda unit: unit.voices.delete("voice_1"))
    assert not await units.write(lambda unit: unit.voices.delete("voice_1"))
    await units.write(lambda unit: unit.voices.renew(_voice(1)))
    for voice_id in ("voice_1", "voice\x00"):
        assert await units.read(lambda unit, key=voice_id: unit.voices.find(key)) is None
