"""Silence, levels, speed and pitch, measured on tones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from services.speech.dsp.loudness import PEAK_CEILING, apply_volume, level, limit_peak
from services.speech.dsp.prosody import change_prosody
from services.speech.dsp.silence import pause, trim_edges

RATE = 24_000


def tone(duration_s: float, *, frequency: float = 220.0, amplitude: float = 0.5) -> NDArray[np.float32]:
    time_s = np.arange(round(duration_s * RATE)) / RATE
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency * time_s), dtype=np.float32)


def voice_like(duration_s: float, fundamental: float) -> NDArray[np.float32]:
    """A harmonic sound: pitch detectors and overlap-add treat it as they treat a vowel."""
    harmonics = [tone(duration_s, frequency=fundamental * n, amplitude=0.3 / n) for n in range(1, 9)]
    return np.asarray(np.sum(harmonics, axis=0), dtype=np.float32)


def rms(audio: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(audio.astype(np.float64)))))


def fundamental_of(audio: NDArray[np.float32]) -> float:
    """By autocorrelation of a second from the middle: the first of the equally high peaks, for 60..500 Hz."""
    middle = len(audio) // 2
    window = audio[middle - RATE // 2 : middle + RATE // 2].astype(np.float64) * np.hanning(RATE)
    spectrum = np.abs(np.fft.rfft(window, 2 * RATE)) ** 2
    correlation = np.fft.irfft(spectrum)
    shortest, longest = RATE // 500, RATE // 60
    candidates = correlation[shortest:longest]
    first = int(np.flatnonzero(candidates > 0.9 * candidates.max())[0])
    return RATE / (shortest + first + int(np.argmax(candidates[first : first + shortest // 4])))


def test_trim_keeps_the_sound_and_a_margin() -> None:
    audio = np.concatenate([pause(0.5, RATE), tone(1.0), pause(0.7, RATE)])
    assert len(trim_edges(audio, RATE)) / RATE == pytest.approx(1.06, abs=0.02)


def test_trim_of_silence_is_empty() -> None:
    assert trim_edges(pause(0.3, RATE), RATE).size == 0
    assert trim_edges(pause(0.0, RATE), RATE).size == 0


def test_trim_keeps_a_soft_ending() -> None:
    audio = np.concatenate([tone(0.5), tone(0.3, amplitude=0.005)])
    assert len(trim_edges(audio, RATE)) == len(audio)


@pytest.mark.parametrize("amplitude", [0.05, 0.2, 0.7])
def test_level_brings_loud_and_soft_speech_to_one_loudness(amplitude: float) -> None:
    audio = np.concatenate([tone(0.5, amplitude=amplitude), pause(1.0, RATE), tone(0.5, amplitude=amplitude)])
    assert rms(level(audio, RATE)[: RATE // 2]) == pytest.approx(0.1, rel=0.02)


def test_level_does_not_blow_up_noise() -> None:
    assert rms(level(tone(0.5, amplitude=0.0001), RATE)) < 0.001


def test_level_of_silence_is_silence() -> None:
    assert not level(pause(0.5, RATE), RATE).any()


@pytest.mark.parametrize(("volume", "gain"), [(0, 0.0), (25, 0.5), (50, 1.0), (80, 1.6), (100, 2.0)])
def test_volume_is_linear_around_fifty(volume: int, gain: float) -> None:
    assert rms(apply_volume(tone(0.2), volume)) == pytest.approx(rms(tone(0.2)) * gain, abs=1e-6)


def test_limiter_holds_the_ceiling_and_leaves_the_rest_alone() -> None:
    quiet = tone(0.5, amplitude=0.3)
    burst = tone(0.01, amplitude=2.5)
    limited = limit_peak(np.concatenate([quiet, burst, quiet]), RATE)
    assert float(np.abs(limited).max()) <= PEAK_CEILING + 1e-6
    np.testing.assert_allclose(limited[: len(quiet) - RATE // 50], quiet[: len(quiet) - RATE // 50], atol=1e-6)


def test_limiter_passes_what_is_below_the_ceiling() -> None:
    audio = tone(0.2, amplitude=0.8)
    assert limit_peak(audio, RATE) is audio


@pytest.mark.parametrize("pitch_rate", [0.5, 0.8, 1.0, 1.25, 2.0])
@pytest.mark.parametrize("speech_rate", [0.5, 0.75, 1.0, 1.5, 2.0])
def test_speed_sets_the_length_and_pitch_sets_the_fundamental(speech_rate: float, pitch_rate: float) -> None:
    audio = voice_like(3.0, 140.0)
    changed = change_prosody(audio, RATE, speech_rate=speech_rate, pitch_rate=pitch_rate)
    assert len(changed) == round(len(audio) / speech_rate)
    assert fundamental_of(changed) == pytest.approx(140.0 * pitch_rate, rel=0.03)
    assert rms(changed[-RATE // 10 :]) > 0.3 * rms(audio)


@pytest.mark.parametrize("speech_rate", [0.5, 0.8, 1.25, 2.0])
def test_speed_keeps_events_where_they_belong(speech_rate: float) -> None:
    audio = np.concatenate([pause(1.0, RATE), tone(0.2), pause(1.0, RATE)])
    changed = change_prosody(audio, RATE, speech_rate=speech_rate, pitch_rate=1.0)
    centre = float(np.average(np.arange(len(changed)), weights=np.square(changed))) / RATE
    assert centre == pytest.approx(1.1 / speech_rate, abs=0.04)
