"""Kokoro as a `BlockingSynthesizer`: text to finished audio inside one worker process."""

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from kit.content_label import ContentLabel
from kit.models import ModelStore
from services.speech.dsp.intonation import change_intonation
from services.speech.dsp.loudness import apply_gain, apply_volume, level, limit_peak
from services.speech.dsp.prosody import change_prosody
from services.speech.dsp.silence import pause, trim_edges
from services.speech.engines.base import (
    Language,
    Manner,
    Quality,
    SpokenSegment,
    SynthesisRequest,
    SynthesizedAudio,
    within_rates,
)
from services.speech.engines.errors import EngineFailed, NothingToSpeak, TextTooLong
from services.speech.engines.finishing import encode
from services.speech.engines.kokoro.acoustic import SAMPLE_RATE, AcousticModel, load_pack, pack_from
from services.speech.engines.kokoro.catalog import find_voice, pack_of
from services.speech.engines.kokoro.phonemes import Phonemizer, split_phonemes
from services.speech.engines.kokoro.settings import ENGINE_NAME, MODEL_FILE, MODEL_NAME, VOCABULARY_FILE
from services.speech.engines.styles import StyleFolder, StyleMissing, style_of
from services.speech.text.normalization import Reading
from services.speech.text.script import Sentence, speakable_sentences
from services.speech.text.tokens import split_by_tokens

_TOKENS_PER_SENTENCE = 130.0
_TOKENS_PER_CALL = 200  # bounds the memory of one inference call to about 0.7 GB
_KEPT_STYLES = 16  # half a megabyte each
_SENTENCE_PAUSE_S = 0.28
_CLAUSE_PAUSE_S = 0.14
_SENTENCE_ENDS = frozenset("。！？!?.…；;")


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Audio of one sentence, levelled, with the pause that follows it still to come."""

    text: str
    audio: NDArray[np.float32]


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
        self._store = store
        self._producer = producer
        self._max_chars = max_chars
        self._phonemizer = Phonemizer(cache_dir)
        self._model = AcousticModel(store.ensure(MODEL_FILE), store.ensure(VOCABULARY_FILE), threads=threads)
        self._pack = cache(lambda pack: load_pack(store.ensure(f"kokoro/voices/{pack}.bin")))
        styles = StyleFolder(cache_dir)
        self._learnt_pack = lru_cache(_KEPT_STYLES)(lambda sha256: pack_from(styles.read(sha256)))

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        """Raises UnknownVoice, TextTooLong, NothingToSpeak, EngineFailed for a learnt voice that is not on this
        machine, and model errors for a missing or corrupt voice pack.
        """
        if len(request.text) > self._max_chars:
            raise TextTooLong(self._max_chars, len(request.text))
        voice = self._voice(request.voice)
        sentences = [
            sentence
            for piece in split_by_tokens(request.text, request.max_tokens)
            for sentence in speakable_sentences(piece, _TOKENS_PER_SENTENCE, default_reading=Reading(voice.language))
        ]
        manner = replace(request.manner, pitch=request.manner.pitch * voice.pitch)
        spoken = [item for sentence in sentences if (item := self._speak(sentence, voice.pack, manner)) is not None]
        if not spoken:
            raise NothingToSpeak
        speech_rate = within_rates(request.speech_rate * request.manner.rate)
        audio, starts = _join(spoken, pauses=request.manner.pauses)
        joined_samples = len(audio)
        audio = change_prosody(audio, SAMPLE_RATE, speech_rate=speech_rate, pitch_rate=request.pitch_rate)
        audio = apply_gain(apply_volume(audio, request.volume), request.manner.energy_db)
        audio = limit_peak(audio, SAMPLE_RATE)
        label = ContentLabel(self._producer, request.content_id or uuid4().hex)
        return SynthesizedAudio(
            data=encode(audio, SAMPLE_RATE, audio_format=request.audio_format, label=label),
            audio_format=request.audio_format,
            sample_rate=SAMPLE_RATE,
            duration_ms=_milliseconds(len(audio)),
            engine=ENGINE_NAME,
            model=MODEL_NAME,
            quality=voice.quality,
            segments=_segments(spoken, starts, samples=len(audio), of=joined_samples),
        )

    def _voice(self, name: str) -> _Voice:
        style = style_of(name)
        if style is None:
            preset = find_voice(name)
            return _Voice(self._pack(pack_of(preset)), preset.language)
        try:
            return _Voice(self._learnt_pack(style.sha256), style.language, style.pitch, Quality.APPROXIMATE)
        except StyleMissing as error:
            raise EngineFailed(ENGINE_NAME, "a learnt voice is not on this machine") from error

    def _speak(self, sentence: Sentence, pack: NDArray[np.float32], manner: Manner) -> _Spoken | None:
        phonemes = self._model.known_phonemes(self._phonemizer.phonemize(sentence.spoken))
        chunks = [
            trim_edges(self._model.speak(piece, pack), SAMPLE_RATE)
            for piece in split_phonemes(phonemes, _TOKENS_PER_CALL)
        ]
        if not chunks:
            return None
        audio = change_intonation(
            np.concatenate(chunks), SAMPLE_RATE, pitch=manner.pitch, pitch_range=manner.pitch_range
        )
        return _Spoken(sentence.text, level(audio, SAMPLE_RATE))


def _join(spoken: list[_Spoken], *, pauses: float) -> tuple[NDArray[np.float32], list[int]]:
    """The sentences with pauses between them, `pauses` times as long as usual, and where each begins, in samples."""
    pieces: list[NDArray[np.float32]] = []
    starts: list[int] = []
    position = 0
    for index, item in enumerate(spoken):
        starts.append(position)
        piece = item.audio
        if index + 1 < len(spoken):
            piece = np.concatenate([piece, pause(_pause_after(item.text) * pauses, SAMPLE_RATE)])
        pieces.append(piece)
        position += len(piece)
    return np.concatenate(pieces), starts


def _segments(spoken: list[_Spoken], starts: list[int], *, samples: int, of: int) -> tuple[SpokenSegment, ...]:
    """Where each sentence is heard now that the `of` samples that were joined have become `samples`."""
    bounds = [_milliseconds(start * samples / of) for start in (*starts, of)]
    return tuple(
        SpokenSegment(item.text, start, end) for item, (start, end) in zip(spoken, pairwise(bounds), strict=True)
    )


def _pause_after(text: str) -> float:
    return _SENTENCE_PAUSE_S if text[-1:] in _SENTENCE_ENDS else _CLAUSE_PAUSE_S


def _milliseconds(samples: float) -> int:
    return round(samples * 1000 / SAMPLE_RATE)
