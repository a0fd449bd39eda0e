"""Emotion references on both engines: each user has their own, each recording once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.speech.domain.emotion_references import EmotionReference
from services.speech.emotion.delivery import Delivery
from services.speech.store.uow import SpeechUnit
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database

CLOCK = FakeClock()
REFERENCE = EmotionReference(
    user_id=7,
    md5="0123456789abcdef" * 2,
    extension="mp3",
    file_id="voice_sample_7_a.mp3",
    size_bytes=2**33,
    delivery=Delivery(median_hz=219.5, range_semitones=9.25, level_db=-20.5, syllables_per_s=4.5),
    create_time=CLOCK.now(),
)


@pytest.fixture
async def units(database_url: str) -> AsyncIterator[Units[SpeechUnit]]:
    events = EventSource("speech", RandomIds(), CLOCK)
    async with migrated_database(database_url, "speech") as database:
        yield Units(database, lambda connection: SpeechUnit(connection, events))


async def test_each_user_has_their_own_each_recording_once(units: Units[SpeechUnit]) -> None:
    again = replace(REFERENCE, file_id="another")
    strangers = replace(REFERENCE, user_id=8)
    for reference in (REFERENCE, again, strangers):
        await units.write(lambda unit, new=reference: unit.emotion_references.add(new))
    assert await units.read(lambda unit: unit.emotion_references.find(7, REFERENCE.md5)) == REFERENCE
    assert await units.read(lambda unit: unit.emotion_references.find(8, REFERENCE.md5)) == strangers
    assert await units.read(lambda unit: unit.emotion_references.find(9, REFERENCE.md5)) is None
    assert await units.read(lambda unit: unit.emotion_references.find(7, "f" * 32)) is None
    assert [await units.read(lambda unit, who=who: unit.emotion_references.number(who)) for who in (7, 8, 9)] == [
        1,
        1,
        0,
    ]
