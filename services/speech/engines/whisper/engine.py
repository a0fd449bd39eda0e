"""Whisper inside one worker process: samples to sentences. The model invents words for what is not speech, so it only
hears what the voice activity detector lets through, and its answers have to look like speech themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment
from numpy.typing import NDArray
from opencc import OpenCC

from kit.guarded.worker import report
from services.speech.engines.base import Quality, Recognition
from services.speech.engines.recognition.recognizer import RECOGNIZING, UNDETERMINED
from services.speech.engines.recognition.stretches import SAMPLE_RATE, Stretch, find_stretches
from services.speech.engines.recognition.transcript import HeardWord, sentences_of
from services.speech.media.sound import Sound

Frames: TypeAlias = NDArray[np.float32]

_CHINESE = "zh"
# Without it the model mixes scripts and leaves punctuation out.
_CHINESE_PROMPT = "以下是普通话的句子。"
_ENGLISH = "en"
# What is said in so little time sounds like many languages: then only certainty is believed in another one than these.
_SHORT_S = 3.0
_EXPECTED = (_CHINESE, _ENGLISH)
_CERTAIN = 0.8
_BEAM_SIZE = 5
# A second try at more variety; more of them only make inventions more fluent.
_TEMPERATURES = (0.0, 0.4)
# The fastest speech has about 12 tokens a second; without a bound a loop of one word fills the model's memory.
_TOKENS_PER_S = 16
_TOKENS_AT_LEAST = 24
_MOST_TOKENS = 220
# The model's answer to the silence at the end of a stretch is never worth another look.
_LEAST_REST_S = 0.5

# A model that has lost its way says the same again and again. It gets a second look in which it must not; always
# forbidding it would take away what people do repeat.
_LOOP = re.compile(r"(\S.{0,7}?)\1{7}")
_UNLIKE_A_LOOP = 6

# Beyond these the text was not spoken.
_MOST_REPETITIVE = 2.4
_LEAST_WORD_PROBABILITY = 0.25
_MOST_NO_SPEECH = 0.6
_DOUBTFUL_LOGPROB = -0.5


class OneLook:
    """The encoder, which is most of what a short stretch costs: asked about the same frames again, it remembers."""

    def __init__(self, encode: Callable[[Frames], Any]) -> None:
        self._encode = encode
        self._seen: tuple[Frames, Any] | None = None

    def __call__(self, features: Frames) -> Any:
        """What the encoder makes of one stretch."""
        if self._seen is None or not np.array_equal(self._seen[0], features):
            self._seen = (features, self._encode(features))
        return self._seen[1]


class WhisperEars:
    """One model instance. Holds up to 0.6 GB with the base model; not for concurrent use."""

    def __init__(self, folder: Path, model_name: str, *, threads: int) -> None:
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        self._model.encode = OneLook(self._model.encode)
        self._model_name = model_name
        self._simplify = OpenCC("t2s").convert

    def hear(self, sound: Sound) -> Recognition:
        """What is said in samples at 16 kHz; no sentences where nobody speaks."""
        samples = sound.samples()
        words: list[HeardWord] = []
        language = UNDETERMINED
        for stretch in find_stretches(samples):
            part = np.ascontiguousarray(samples[stretch.start : stretch.end])
            if language == UNDETERMINED:
                language = self._language_of(part)
            words.extend(self._words(part, stretch, language))
            report(RECOGNIZING, stretch.end / len(samples))
        simplify = self._simplify if language == _CHINESE else str
        sentences = sentences_of(words, simplify=simplify, duration_ms=sound.duration_ms)
        return Recognition(
            sentences=sentences,
            language=language if sentences else UNDETERMINED,
            duration_ms=sound.duration_ms,
            model=self._model_name,
            quality=Quality.NATIVE,
        )

    def _language_of(self, part: NDArray[np.float32]) -> str:
        # Without the last frame, as transcribing does: only the very same frames are seen once.
        frames = self._model.feature_extractor(part)[..., :-1]
        _language, _probability, ranked = self._model.detect_language(features=frames)
        return believed_language(dict(ranked), duration_s=len(part) / SAMPLE_RATE)

    def _words(self, part: NDArray[np.float32], stretch: Stretch, language: str) -> Iterator[HeardWord]:
        offset_s = stretch.start / SAMPLE_RATE
        segments = self._segments(part, language)
        if any(_LOOP.search(segment.text) for segment in segments):
            segments = self._segments(part, language, no_repeat_ngram_size=_UNLIKE_A_LOOP)
        for segment in segments:
            if _was_spoken(segment):
                for word in segment.words or ():
                    yield HeardWord(word.word, offset_s + word.start, offset_s + word.end)

    def _segments(self, part: NDArray[np.float32], language: str, *, no_repeat_ngram_size: int = 0) -> list[Segment]:
        duration_s = len(part) / SAMPLE_RATE
        heard, _info = self._model.transcribe(
            part,
            language=language,
            initial_prompt=_CHINESE_PROMPT if language == _CHINESE else None,
            condition_on_previous_text=False,
            beam_size=_BEAM_SIZE,
            temperature=_TEMPERATURES,
            max_new_tokens=min(_TOKENS_AT_LEAST + int(duration_s * _TOKENS_PER_S), _MOST_TOKENS),
            no_repeat_ngram_size=no_repeat_ngram_size,
            word_timestamps=True,
        )
        segments: list[Segment] = []
        for segment in heard:
            segments.append(segment)
            if segment.end > duration_s - _LEAST_REST_S:
                break  # the model looks on only while it is asked
        return segments


def believed_language(chances: Mapping[str, float], *, duration_s: float) -> str:
    """What is spoken, by the probability of each language as the model sees it in a stretch so long."""
    likeliest = max(chances, key=lambda each: chances[each])
    if likeliest in _EXPECTED or chances[likeliest] >= _CERTAIN or duration_s > _SHORT_S:
        return likeliest
    return max(_EXPECTED, key=lambda each: chances.get(each, 0.0))


def _was_spoken(segment: Segment) -> bool:
    words = segment.words or ()
    if not words or segment.compression_ratio > _MOST_REPETITIVE:
        return False
    if segment.no_speech_prob > _MOST_NO_SPEECH and segment.avg_logprob < _DOUBTFUL_LOGPROB:
        return False
    return bool(sum(word.probability for word in words) / len(words) >= _LEAST_WORD_PROBABILITY)
