"""What manner of speaking an emotion makes: the directions of the literature, and plain where there is none."""

from __future__ import annotations

import pytest

from services.speech.emotion.delivery import Delivery
from services.speech.emotion.manners import manner_of_reference, manner_of_vector
from services.speech.emotion.vector import Emotion, effective
from services.speech.engines.base import PLAIN, Manner

USUAL = Delivery(median_hz=220.0, range_semitones=9.5, level_db=-20.0, syllables_per_s=4.2)


def _manner(emotion: Emotion, strength: float = 1.0) -> Manner:
    return manner_of_vector(effective(tuple(strength if each is emotion else 0.0 for each in Emotion), 1.0))


def test_no_emotion_is_plain() -> None:
    assert manner_of_vector((0.0,) * 8) is PLAIN


@pytest.mark.parametrize("emotion", [Emotion.HAPPY, Emotion.ANGRY])
def test_faster_higher_wider_louder(emotion: Emotion) -> None:
    manner = _manner(emotion)
    assert min(manner.rate, manner.pitch, manner.pitch_range) > 1.05
    assert manner.energy_db > 0 and manner.pauses < 1


@pytest.mark.parametrize("emotion", [Emotion.SAD, Emotion.MELANCHOLIC])
def test_slower_lower_narrower_softer(emotion: Emotion) -> None:
    manner = _manner(emotion)
    assert max(manner.rate, manner.pitch, manner.pitch_range) < 0.95
    assert manner.energy_db < 0 and manner.pauses > 1


def test_fear_is_fast_high_and_narrow() -> None:
    manner = _manner(Emotion.AFRAID)
    assert manner.rate > 1 < manner.pitch and manner.pitch_range < 1


def test_calm_is_soft() -> None:
    assert _manner(Emotion.CALM).energy_db < 0


def test_more_of_an_emotion_is_more_of_its_manner() -> None:
    assert PLAIN.rate < _manner(Emotion.ANGRY, 0.3).rate < _manner(Emotion.ANGRY, 0.9).rate


@pytest.mark.parametrize("emotion", Emotion)
def test_manners_stay_where_words_stay_intelligible(emotion: Emotion) -> None:
    manner = _manner(emotion)
    assert 0.8 <= manner.rate <= 1.25
    assert 2 ** (-4 / 12) <= manner.pitch <= 2 ** (4 / 12)


def test_a_usual_recording_is_plain() -> None:
    manner = manner_of_reference(USUAL, 1.0)
    assert (manner.rate, manner.pitch, manner.pitch_range, manner.energy_db, manner.pauses) == (1, 1, 1, 0, 1)


def test_a_recording_shows_its_manner() -> None:
    excited = Delivery(median_hz=255.0, range_semitones=13.0, level_db=-16.0, syllables_per_s=5.0)
    manner = manner_of_reference(excited, 1.0)
    assert manner.rate == pytest.approx(5.0 / 4.2)
    assert manner.pitch == pytest.approx(255 / 220)
    assert (manner.energy_db, manner.pauses) == (pytest.approx(4), pytest.approx(4.2 / 5.0))
    assert manner.pitch_range > 1.3
    half = manner_of_reference(excited, 0.5)
    assert 1 < half.rate < manner.rate and half.energy_db == pytest.approx(2)


def test_the_sex_of_its_speaker_is_no_manner() -> None:
    assert manner_of_reference(Delivery(115.0, 9.5, -20.0, 4.2), 1.0).pitch == pytest.approx(1.0)


def test_bad_recordings_lead_nowhere_far() -> None:
    wild = manner_of_reference(Delivery(490.0, 40.0, 0.0, 30.0), 1.6)
    assert wild == Manner(1.3, 2 ** (4 / 12), 1.6, 6.0, pytest.approx(1 / 1.3))


@pytest.mark.parametrize(
    ("delivery", "weight"),
    [(USUAL, 0.0), (Delivery(0.0, 0.0, -120.0, 0.0), 1.0), (Delivery(200.0, 9.0, -20.0, 0.0), 1.0)],
)
def test_what_has_no_manner_is_plain(delivery: Delivery, weight: float) -> None:
    assert manner_of_reference(delivery, weight) is PLAIN
