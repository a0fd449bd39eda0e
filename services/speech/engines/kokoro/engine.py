"""Kokoro as a `BlockingSynthesizer`: text to finished audio inside one worker process."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kit.models import ModelStore
from services.speech.dsp.silence import speech_in
from services.speech.engines.base import Language, Quality, SpokenSentence, SynthesisRequest, SynthesizedAudio
from services.speech.engines.errors import EngineFailed
from services.speech.engines.kokoro.acoustic import SAMPLE_RATE, AcousticModel, load_pack, pack_from, reaching
from services.speech.engines.kokoro.catalog import PresetStyle, find_voice, preset_style
from services.speech.engines.kokoro.phonemes import Phonemizer, split_phonemes
from services.speech.engines.kokoro.pronunciation import Pronunciation, pronunciation_of
from services.speech.engines.kokoro.settings import ENGINE_NAME, MODEL_FILE, MODEL_NAME, VOCABULARY_FILE
from services.speech.engines.narration import Narration, Narrator, spoken_at_once
from services.speech.engines.styles import StyleFolder, StyleMissing, style_of
from services.speech.engines.wording import Uttered, written_words
from services.speech.text.script import Sentence

_TOKENS_PER_CALL = 200  # bounds the memory of one inference call to about 0.7 GB
_KEPT_STYLES = 16  # half a megabyte each


@dataclass(frozen=True, slots=True)
class _Voice:
    """A pack, the language of its speaker, and the factor its pitch is to be moved by."""

    pack: NDArray[np.float32]
    language: Language
    pitch: float = 1.0
    quality: Quality = Quality.NATIVE


class KokoroSynthesizer:
    """One model instance. Holds about 0.5 GB; not for concurrent use."""

    def __init__(self, store: ModelStore, cache_dir: Path, *, threads: int, producer: str, max_chars: int) -> None:
        self._narrator = Narrator(ENGINE_NAME, MODEL_NAME, producer, max_chars)
        self._phonemizer = Phonemizer(cache_dir)
        self._model = AcousticModel(store.ensure(MODEL_FILE), store.ensure(VOCABULARY_FILE), threads=threads)
        self._pack = cache(lambda style: _pack_of(store, style))
        styles = StyleFolder(cache_dir)
        self._learnt_pack = lru_cache(_KEPT_STYLES)(lambda sha256: pack_from(styles.read(sha256)))

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        """See `begin`."""
        return spoken_at_once(self.begin(request))

    def begin(self, request: SynthesisRequest) -> Narration:
        """Raises UnknownVoice, TextTooLong, NothingToSpeak, EngineFailed for a learnt voice that is not on this
        machine, and model errors for a missing or corrupt voice pack.
        """
        voice = self._voice(request.voice)
        manner = replace(request.manner, pitch=request.manner.pitch * voice.pitch)
        return self._narrator.begin(
            replace(request, manner=manner),
            lambda sentence: self._speak(sentence, voice.pack),
            language=voice.language,
            quality=voice.quality,
        )

    def _voice(self, name: str) -> _Voice:
        style = style_of(name)
        if style is None:
            preset = find_voice(name)
            return _Voice(self._pack(preset_style(preset)), preset.language)
        try:
            return _Voice(self._learnt_pack(style.sha256), style.language, style.pitch, Quality.APPROXIMATE)
        except StyleMissing as error:
            raise EngineFailed(ENGINE_NAME, "a learnt voice is not on this machine") from error

    def _speak(self, sentence: Sentence, pack: NDArray[np.float32]) -> SpokenSentence:
        said = pronunciation_of(self._phonemizer.pronounce(sentence.spoken), self._model.symbols)
        chunks: list[NDArray[np.float32]] = []
        bounds: list[tuple[int, int, int]] = []
        length = 0
        for piece in split_phonemes(said.symbols, _TOKENS_PER_CALL):
            spoken = self._model.speak(said.symbols[piece], pack)
            heard = speech_in(spoken.samples, SAMPLE_RATE)
            chunks.append(spoken.samples[heard])
            ends = [length + min(max(end, heard.start), heard.stop) - heard.start for end in spoken.bounds]
            bounds += [(owner, *span) for owner, span in zip(said.owners[piece], pairwise(ends), strict=True)]
            length += len(chunks[-1])
        if not chunks:
            return SpokenSentence(np.zeros(0, dtype=np.float32))
        return SpokenSentence(np.concatenate(chunks), written_words(sentence.text, _uttered(said, bounds)))


def _pack_of(store: ModelStore, style: PresetStyle) -> NDArray[np.float32]:
    return reaching(load_pack(store.ensure(f"kokoro/voices/{style.pack}.bin")), style.reach)


def _uttered(said: Pronunciation, bounds: list[tuple[int, int, int]]) -> list[Uttered]:
    """The characters, words and marks of what was said, from the bounds of their phonemes: owner, begin, end."""
    spans: dict[int, tuple[int, int]] = {}
    for owner, begin, end in bounds:
        spans[owner] = (spans.get(owner, (begin, end))[0], end)
    return [
        Uttered(part.text or part.phonemes.strip(), *spans[number], goes_on=part.goes_on)
        for number, part in enumerate(said.parts)
        if number in spans and part.phonemes.strip()
    ]
