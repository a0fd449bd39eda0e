"""How near a preset voice comes to a custom one."""

from datetime import UTC, datetime

import pytest

from kit.errors import Invalid
from services.speech.domain.custom_voices import CustomVoice, checked_names, nearest_speaker
from services.speech.domain.speakers import Prosody
from services.speech.engines.base import Gender, Language, Quality, Voice

LOW, HIGH = (
    Voice(name, name, gender, Language.CHINESE, pitch_hz)
    for name, gender, pitch_hz in (("low", Gender.MALE, 100.0), ("high", Gender.FEMALE, 200.0))
)
UNMEASURED = Voice("dumb", "dumb", Gender.MALE, Language.CHINESE)


def _voice(pitch_hz: int | None) -> CustomVoice:
    return CustomVoice(
        id=1,
        user_id=7,
        name="我",
        description="",
        file_id="sample.wav",
        sha256="0" * 64,
        size_bytes=1,
        duration_ms=1000,
        pitch_hz=pitch_hz,
        create_time=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("pitch_hz", "preset", "shift"),
    [
        (100, "low", 1.0),
        (120, "low", 1.2),
        # In octaves 140 Hz is nearer to 100, 150 to 200: the middle is at 141.
        (140, "low", 1.3),
        (150, "high", 0.769),
        (450, "high", 1.3),
        (70, "low", 0.769),
    ],
)
def test_the_nearest_pitch_within_what_sounds_human(pitch_hz: int, preset: str, shift: float) -> None:
    speaker = nearest_speaker(_voice(pitch_hz), (UNMEASURED, LOW, HIGH))
    assert (speaker.voice, speaker.prosody) == (preset, Prosody(pitch=shift))
    assert (speaker.quality, speaker.sample_file_id) == (Quality.APPROXIMATE, "sample.wav")


@pytest.mark.parametrize(("pitch_hz", "presets"), [(None, (HIGH, LOW)), (100, (UNMEASURED,))])
def test_without_a_pitch_the_first_preset_speaks_as_it_is(pitch_hz: int | None, presets: tuple[Voice, ...]) -> None:
    speaker = nearest_speaker(_voice(pitch_hz), presets)
    assert (speaker.voice, speaker.prosody) == (presets[0].voice_id, Prosody())
    assert speaker.quality is Quality.APPROXIMATE


def test_names_lose_the_space_around_them() -> None:
    assert checked_names(" 我的 音色 ", "\n") == ("我的 音色", "")


@pytest.mark.parametrize(("name", "description"), [(" ", ""), ("x" * 101, ""), ("x", "x" * 501), ("a\x00", "")])
def test_names_that_cannot_be(name: str, description: str) -> None:
    with pytest.raises(Invalid):
        checked_names(name, description)
