"""Pitch is found where somebody speaks, and nowhere else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from services.speech.dsp.pitch import median_pitch

RATE = 16_000


def _voice(pitch_hz: float, seconds: float, *, vibrato: float = 0.0) -> NDArray[np.float32]:
    """A buzz with the falling overtones of a voice; its pitch swings by a share of itself."""
    times = np.arange(round(RATE * seconds)) / RATE
    phase = 2 * np.pi * pitch_hz * (times + vibrato / (2 * np.pi * 5) * np.sin(2 * np.pi * 5 * times))
    buzz = sum(np.sin(number * phase) / number for number in range(1, 12))
    return np.asarray(0.1 * buzz, dtype=np.float32)


@pytest.mark.parametrize("pitch_hz", [85.0, 120.0, 165.0, 220.0, 310.0, 440.0])
@pytest.mark.parametrize("vibrato", [0.0, 0.05])
def test_the_pitch_of_a_voice(pitch_hz: float, vibrato: float) -> None:
    assert median_pitch(_voice(pitch_hz, 2.0, vibrato=vibrato), RATE) == pytest.approx(pitch_hz, rel=0.02)


def test_pauses_and_noise_do_not_count() -> None:
    noise = np.random.default_rng(1).normal(scale=0.02, size=RATE * 4).astype(np.float32)
    spoken = noise.copy()
    spoken[RATE : 2 * RATE] += _voice(200.0, 1.0)
    assert median_pitch(spoken, RATE) == pytest.approx(200.0, rel=0.02)
    assert median_pitch(noise, RATE) is None


@pytest.mark.parametrize("samples", [0, 100, RATE])
def test_silence_has_no_pitch(samples: int) -> None:
    assert median_pitch(np.zeros(samples, dtype=np.float32), RATE) is None


def test_a_click_is_no_voice() -> None:
    audio = np.zeros(RATE, dtype=np.float32)
    audio[5000:6000] = _voice(200.0, 1.0)[:1000]
    assert median_pitch(audio, RATE) is None
