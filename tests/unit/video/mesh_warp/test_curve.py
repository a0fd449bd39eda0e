"""From a voice to how a mouth stands."""

from __future__ import annotations

import numpy as np
import pytest

from services.video.engines.mesh_warp.voice.curve import MouthCurve, mouth_curve
from tests.fakes.face_clip import VOICE_RATE, Floats, vowel

AH, EE, OO = (750.0, 1200.0), (280.0, 2300.0), (320.0, 800.0)
RATE = 25.0


def _silence(seconds: float) -> Floats:
    return np.zeros(round(seconds * VOICE_RATE), np.float32)


def _hiss(seconds: float) -> Floats:
    noise = np.random.default_rng(1).standard_normal(round(seconds * VOICE_RATE))
    return (0.1 * np.diff(noise, prepend=0.0)).astype(np.float32)


def _murmur(seconds: float) -> Floats:
    """m: the voice behind closed lips, almost nothing above its lowest partials."""
    time = np.arange(round(seconds * VOICE_RATE)) / VOICE_RATE
    partials = {120: 0.08, 240: 0.06, 1200: 0.001}
    return sum(share * np.sin(2 * np.pi * hertz * time) for hertz, share in partials.items()).astype(np.float32)


def _puff(seconds: float = 0.03) -> Floats:
    """The burst of p: noise that falls with frequency."""
    noise = np.random.default_rng(2).standard_normal(round(seconds * VOICE_RATE))
    return (0.1 * np.convolve(noise, np.ones(24) / 24, mode="same")).astype(np.float32)


def _curve(*parts: Floats) -> MouthCurve:
    voice = np.concatenate(parts)
    return mouth_curve(voice, pictures=round(len(voice) / VOICE_RATE * RATE), per_second=RATE)


def _within(values: Floats, begin_s: float, end_s: float) -> Floats:
    return values[round(begin_s * RATE) : round(end_s * RATE)]


def test_an_open_vowel_opens_the_mouth_and_a_pause_shuts_it() -> None:
    curve = _curve(_silence(0.4), vowel(AH, 0.4), _silence(0.4))
    assert _within(curve.opening, 0.5, 0.7).min() > 0.6
    assert _within(curve.opening, 0.0, 0.3).max() < 0.05
    assert _within(curve.opening, 0.95, 1.2).max() < 0.05


def test_vowels_differ_in_opening_and_in_width() -> None:
    curve = _curve(vowel(AH, 0.4), _silence(0.2), vowel(EE, 0.4), _silence(0.2), vowel(OO, 0.4))
    a, i, u = (slice(round(begin * RATE), round((begin + 0.2) * RATE)) for begin in (0.1, 0.7, 1.3))
    assert curve.opening[a].mean() > 1.4 * curve.opening[i].mean()
    assert curve.spread[i].mean() > 0.3
    assert curve.spread[u].mean() < -0.3


@pytest.mark.parametrize(
    ("consonant", "length_s"),
    [((_murmur(0.1),), 0.1), ((_silence(0.07), _puff()), 0.1)],
    ids=["m", "p"],
)
def test_lips_close_between_vowels(consonant: tuple[Floats, ...], length_s: float) -> None:
    curve = _curve(vowel(AH, 0.4), *consonant, vowel(AH, 0.4))
    assert _within(curve.opening, 0.4 - 0.04, 0.4 + length_s + 0.04).min() < 0.08
    assert _within(curve.opening, 0.1, 0.3).min() > 0.6
    assert _within(curve.opening, 0.4 + length_s + 0.1, 0.75).min() > 0.6


def test_a_hiss_hardly_opens_the_mouth() -> None:
    curve = _curve(vowel(AH, 0.4), _hiss(0.3), vowel(AH, 0.4))
    assert 0.0 < _within(curve.opening, 0.48, 0.62).mean() < 0.3


def test_noise_without_a_voice_is_a_pause() -> None:
    noise = 0.002 * np.random.default_rng(3).standard_normal(VOICE_RATE).astype(np.float32)
    curve = _curve(noise, vowel(AH, 0.4), noise)
    assert _within(curve.opening, 0.1, 0.9).max() < 0.1


@pytest.mark.parametrize("voice", [np.zeros(0, np.float32), np.zeros(VOICE_RATE, np.float32)], ids=["none", "silent"])
def test_silence_keeps_the_mouth_shut(voice: Floats) -> None:
    curve = mouth_curve(voice, pictures=25, per_second=RATE)
    assert len(curve) == 25
    assert not curve.opening.any()
    assert not curve.spread.any()


def test_the_curve_does_not_depend_on_the_loudness() -> None:
    voice = np.concatenate([vowel(AH, 0.4), _silence(0.2), vowel(EE, 0.4)])
    loud, faint = (mouth_curve(voice * gain, pictures=25, per_second=RATE).opening for gain in (1.0, 0.1))
    assert np.abs(loud - faint).max() < 0.05
