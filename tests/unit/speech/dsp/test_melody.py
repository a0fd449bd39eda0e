"""Pitch found and changed, and how something was said measured: on voices made of harmonics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from services.speech.dsp.delivery import measure_delivery
from services.speech.dsp.intonation import change_intonation
from services.speech.dsp.pitch import median_pitch, track_pitch

RATE = 24_000
_FORMANTS = ((700.0, 120.0), (1200.0, 160.0), (2600.0, 240.0))


def voice(hertz: NDArray[np.float64] | float, seconds: float = 1.0) -> NDArray[np.float32]:
    """Harmonics up to 5 kHz under three formants, as of a vowel; `hertz` may move."""
    pitch = np.broadcast_to(np.asarray(hertz, dtype=np.float64), round(seconds * RATE))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(pitch))
    for harmonic in range(1, int(5000 / pitch.min()) + 1):
        frequency = harmonic * pitch
        loudness = sum(1 / (1 + ((frequency - centre) / width) ** 2) for centre, width in _FORMANTS)
        sound += np.where(frequency < 5000, loudness / harmonic**0.5, 0.0) * np.sin(harmonic * phase)
    return np.asarray(0.3 * sound / np.abs(sound).max(), dtype=np.float32)


def gliding(middle: float, semitones: float) -> NDArray[np.float64]:
    """Up and down twice within a second, by so many semitones either way."""
    return np.asarray(middle * 2 ** (semitones / 12 * np.sin(4 * np.pi * np.arange(RATE) / RATE)))


def syllables(per_second: float, seconds: float = 2.0) -> NDArray[np.float32]:
    """A vowel that comes and goes."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (voice(150.0, seconds) * (0.55 - 0.45 * np.cos(2 * np.pi * per_second * at))).astype(np.float32)


def spread(audio: NDArray[np.float32]) -> float:
    return measure_delivery(audio, RATE).range_semitones


@pytest.mark.parametrize("hertz", [70, 110, 180, 250, 400])
def test_pitch_is_found(hertz: float) -> None:
    track = track_pitch(voice(hertz), RATE)
    assert track.median_hz == pytest.approx(hertz, rel=0.01)
    assert (track.hertz > 0).mean() > 0.9


@pytest.mark.parametrize("audio", [np.zeros(RATE, np.float32), np.zeros(0, np.float32)])
def test_silence_has_no_pitch(audio: NDArray[np.float32]) -> None:
    assert track_pitch(audio, RATE).median_hz == 0
    assert median_pitch(audio, RATE) is None


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    assert median_pitch(noise, RATE) is None


def test_a_moment_of_voice_is_nobody_speaking() -> None:
    assert median_pitch(voice(150, 0.1), RATE) is None


@pytest.mark.parametrize("pitch", [0.75, 0.9, 1.2, 1.35])
@pytest.mark.parametrize("hertz", [110, 220])
def test_pitch_is_changed_and_the_length_kept(hertz: float, pitch: float) -> None:
    changed = change_intonation(voice(hertz), RATE, pitch=pitch, pitch_range=1.0)
    assert len(changed) == RATE and changed.dtype == np.float32
    assert track_pitch(changed, RATE).median_hz == pytest.approx(hertz * pitch, rel=0.02)
    level = np.sqrt(np.mean(np.square(changed)) / np.mean(np.square(voice(hertz))))
    assert 0.7 < level < 1.4


@pytest.mark.parametrize("pitch_range", [0.6, 1.5])
def test_the_range_is_changed_around_the_middle(pitch_range: float) -> None:
    audio = voice(gliding(160, 4))
    changed = change_intonation(audio, RATE, pitch=1.0, pitch_range=pitch_range)
    assert spread(changed) == pytest.approx(spread(audio) * pitch_range, rel=0.12)
    assert track_pitch(changed, RATE).median_hz == pytest.approx(160, rel=0.05)


def test_formants_stay() -> None:
    before = np.abs(np.fft.rfft(voice(120.0)))
    after = np.abs(np.fft.rfft(change_intonation(voice(120.0), RATE, pitch=1.3, pitch_range=1.0)))

    def loudest(spectrum: NDArray[np.float64]) -> int:
        bands = spectrum[300:3000].reshape(-1, 300).sum(axis=1)
        return int(bands.argmax())

    assert loudest(before) == loudest(after)


@pytest.mark.parametrize("audio", [np.zeros(RATE, np.float32), np.zeros(10, np.float32)])
def test_what_has_no_voice_is_left(audio: NDArray[np.float32]) -> None:
    assert change_intonation(audio, RATE, pitch=1.3, pitch_range=1.3) is audio


def test_nothing_to_change_is_left() -> None:
    audio = voice(120.0)
    assert change_intonation(audio, RATE, pitch=1.0, pitch_range=1.0) is audio


@pytest.mark.parametrize("per_second", [3.0, 5.0])
def test_syllables_are_counted(per_second: float) -> None:
    found = measure_delivery(syllables(per_second), RATE).syllables_per_s
    assert found == pytest.approx(per_second, rel=0.3)


def test_level_is_that_of_the_speech_without_pauses() -> None:
    audio = voice(150.0)
    with_pause = np.concatenate([audio, np.zeros(2 * RATE, np.float32), audio])
    loud, quiet = measure_delivery(with_pause, RATE), measure_delivery(with_pause * np.float32(0.5), RATE)
    assert loud.level_db == pytest.approx(measure_delivery(audio, RATE).level_db, abs=0.5)
    assert loud.level_db - quiet.level_db == pytest.approx(6.02, abs=0.1)


def test_silence_says_nothing() -> None:
    heard = measure_delivery(np.zeros(RATE, np.float32), RATE)
    assert (heard.median_hz, heard.range_semitones, heard.syllables_per_s, heard.level_db) == (0, 0, 0, -120)
