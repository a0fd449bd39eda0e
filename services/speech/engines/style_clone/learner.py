"""Learning a voice inside one worker process: from samples to a voice pack."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.guarded.worker import report
from services.speech.dsp.intonation import change_intonation
from services.speech.dsp.pitch import median_pitch
from services.speech.engines.base import Language, Voice
from services.speech.engines.kokoro.acoustic import AcousticModel, load_pack
from services.speech.engines.kokoro.catalog import preset_style, voices
from services.speech.engines.kokoro.settings import MODEL_FILE, VOCABULARY_FILE
from services.speech.engines.style_clone.encoder import SpeakerEncoder, similarity
from services.speech.engines.style_clone.evolution import SearchBudget, Vector, maximize
from services.speech.engines.style_clone.mel import SAMPLE_RATE
from services.speech.engines.style_clone.probe import speak
from services.speech.engines.style_clone.sample_checks import check_sample
from services.speech.engines.style_clone.settings import (
    ENCODER_FILE,
    SPACE_FILE,
    StyleCloneOptions,
    StyleModelFiles,
)
from services.speech.engines.style_clone.space import StyleSpace

SEARCHING = "searching"
# More tells the encoder nothing new.
_LISTEN_S = 30.0
# In standard deviations of the voices the space was made of.
_FIRST_STEP = 0.4
# Farther from where the model put it a voice no longer sounds like a person.
_MAX_PITCH_SHIFT = 1.3


@dataclass(frozen=True, slots=True)
class LearntStyle:
    """`pack`: little-endian float32; `pitch`: the factor its speech is to be moved by; `similarity`: the cosine of
    the probe's embedding and the sample's, the pitch moved; `evaluations`: voices that were tried."""

    pack: bytes
    language: Language
    pitch: float
    similarity: float
    evaluations: int


class StyleLearner:
    """The acoustic model, the speaker encoder and the space, about 0.5 GB. Not for concurrent use."""

    def __init__(self, files: StyleModelFiles, *, threads: int) -> None:
        """Raises ModelError."""
        self._store = files.store()
        model, vocabulary = self._store.ensure(MODEL_FILE), self._store.ensure(VOCABULARY_FILE)
        self._model = AcousticModel(model, vocabulary, threads=threads)
        self._encoder = SpeakerEncoder.load(self._store.ensure(ENCODER_FILE))
        self._space = StyleSpace.load(self._store.ensure(SPACE_FILE))

    def learn(
        self, audio: NDArray[np.float32], language: Language, options: StyleCloneOptions, *, source_rate: int
    ) -> LearntStyle:
        """The voice of a sample at 16 kHz, speaking in the manner of a preset voice of `language`.

        `source_rate` is the rate the sample was recorded at. Raises InputRefused when nobody can be learnt from it.
        """
        pitch_hz = check_sample(audio, SAMPLE_RATE, source_rate=source_rate)
        target = self._encoder.embed(audio[: round(_LISTEN_S * SAMPLE_RATE)])
        prosody = self._prosody(language, pitch_hz)
        ends_at = time.monotonic() + options.max_search_s
        budget = SearchBudget(options.evaluations, lambda: time.monotonic() >= ends_at)
        tried = 0

        def likeness(point: Vector) -> float:
            nonlocal tried
            tried += 1
            report(SEARCHING, tried / options.evaluations)
            return similarity(self._encoder.embed(speak(self._model, self._space.pack(point, prosody))), target)

        starts = (self._space.mixture(target), self._space.nearest(target))
        found = maximize(likeness, starts, step=_FIRST_STEP, budget=budget, seed=options.seed)
        pack = self._space.pack(found.point, prosody)
        pitch, value = self._matched(pack, target, pitch_hz, unmoved=found.value)
        return LearntStyle(pack.astype("<f4").tobytes(), language, pitch, value, found.evaluations)

    def _prosody(self, language: Language, pitch_hz: float) -> NDArray[np.float32]:
        """The pack of the preset voice of the language whose pitch is nearest."""

        def distance(voice: Voice) -> float:
            return abs(math.log(pitch_hz / voice.pitch_hz)) if voice.pitch_hz else math.inf

        native = min((voice for voice in voices() if voice.language is language), key=distance)
        return load_pack(self._store.ensure(f"kokoro/voices/{preset_style(native).pack}.bin"))

    def _matched(
        self, pack: NDArray[np.float32], target: NDArray[np.float32], pitch_hz: float, *, unmoved: float
    ) -> tuple[float, float]:
        """The factor that brings the voice to the sample's pitch if that makes it more alike, and how alike it is."""
        spoken = speak(self._model, pack)
        own_hz = median_pitch(spoken, SAMPLE_RATE)
        if own_hz is None:
            return 1.0, unmoved
        factor = round(min(max(pitch_hz / own_hz, 1 / _MAX_PITCH_SHIFT), _MAX_PITCH_SHIFT), 3)
        moved = change_intonation(spoken, SAMPLE_RATE, pitch=factor, pitch_range=1.0)
        value = similarity(self._encoder.embed(moved), target)
        return (factor, value) if value > unmoved else (1.0, unmoved)
