"""Kokoro as a `BlockingSynthesizer`: text to finished audio inside one worker process."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.models import ModelStore
from services.speech.dsp.silence import trim_edges
from services.speech.engines.base import SynthesisRequest, SynthesizedAudio
from services.speech.engines.kokoro.acoustic import SAMPLE_RATE, AcousticModel, load_pack
from services.speech.engines.kokoro.catalog import find_voice, pack_of
from services.speech.engines.kokoro.phonemes import Phonemizer, split_phonemes
from services.speech.engines.kokoro.settings import ENGINE_NAME, MODEL_FILE, MODEL_NAME, VOCABULARY_FILE
from services.speech.engines.narration import Narrator
from services.speech.text.script import Sentence

_TOKENS_PER_CALL = 200  # bounds the memory of one inference call to about 0.7 GB


class KokoroSynthesizer:
    """One model instance. Holds about 0.5 GB; not for concurrent use."""

    def __init__(self, store: ModelStore, cache_dir: Path, *, threads: int, producer: str, max_chars: int) -> None:
        self._narrator = Narrator(ENGINE_NAME, MODEL_NAME, producer, max_chars)
        self._phonemizer = Phonemizer(cache_dir)
        self._model = AcousticModel(store.ensure(MODEL_FILE), store.ensure(VOCABULARY_FILE), threads=threads)
        self._pack = cache(lambda pack: load_pack(store.ensure(f"kokoro/voices/{pack}.bin")))

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        """Raises UnknownVoice, TextTooLong, NothingToSpeak, and model errors for a missing or corrupt voice
        pack.
        """
        voice = find_voice(request.voice)
        pack = self._pack(pack_of(voice))
        return self._narrator.narrate(request, lambda sentence: self._speak(sentence, pack), language=voice.language)

    def _speak(self, sentence: Sentence, pack: NDArray[np.float32]) -> NDArray[np.float32]:
        phonemes = self._model.known_phonemes(self._phonemizer.phonemize(sentence.spoken))
        chunks = [
            trim_edges(self._model.speak(piece, pack), SAMPLE_RATE)
            for piece in split_phonemes(phonemes, _TOKENS_PER_CALL)
        ]
        return np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.float32)
