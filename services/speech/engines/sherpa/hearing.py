"""A model of sherpa-onnx inside one worker process: samples to sentences. It hears only what the voice activity
detector lets through: models invent words for what is not speech."""

from __future__ import annotations

from typing import Any

import numpy as np
import sherpa_onnx
from numpy.typing import NDArray
from opencc import OpenCC

from kit.guarded.worker import report
from services.speech.engines.base import Quality, Recognition, RecognizedSentence
from services.speech.engines.recognition.recognizer import RECOGNIZING, UNDETERMINED
from services.speech.engines.recognition.stretches import SAMPLE_RATE, Stretch, find_stretches
from services.speech.engines.recognition.transcript import HeardWord, sentences_of
from services.speech.engines.sherpa.answers import Answer, language_of, shared_out, words_of
from services.speech.engines.sherpa.folder import FolderUnusable, OperatorModel
from services.speech.engines.sherpa.layouts import Kind
from services.speech.media.sound import Sound

_CHINESE = "zh"


class SherpaEars:
    """One model instance; not for concurrent use."""

    def __init__(self, model: OperatorModel, *, threads: int) -> None:
        self._recognizer = _recognizer(model, threads)
        self._model = model
        self._simplify = OpenCC("t2s").convert

    def hear(self, sound: Sound) -> Recognition:
        """What is said in samples at 16 kHz; no sentences where nobody speaks."""
        samples = sound.samples()
        words: list[HeardWord] = []
        untimed: list[RecognizedSentence] = []
        language = UNDETERMINED
        for stretch in find_stretches(samples):
            answer = self._answer(samples[stretch.start : stretch.end])
            if language == UNDETERMINED:
                language = self._model.language or language_of(answer)
            simplify = self._simplify if language == _CHINESE else str
            timed = _words(answer, stretch)
            words.extend(timed)
            if not timed:
                untimed.extend(_sentences(simplify(answer.text), stretch))
            report(RECOGNIZING, stretch.end / len(samples))
        simplify = self._simplify if language == _CHINESE else str
        heard = sentences_of(words, simplify=simplify, duration_ms=sound.duration_ms)
        sentences = tuple(sorted((*heard, *untimed), key=lambda sentence: sentence.begin_ms))
        return Recognition(
            sentences=sentences,
            language=language if sentences else UNDETERMINED,
            duration_ms=sound.duration_ms,
            model=self._model.name,
            quality=Quality.NATIVE,
        )

    def _answer(self, part: NDArray[np.float32]) -> Answer:
        stream = self._recognizer.create_stream()
        stream.accept_waveform(SAMPLE_RATE, np.array(part, dtype=np.float32))
        self._recognizer.decode_stream(stream)
        answer: Answer = stream.result
        return answer


def _words(answer: Answer, stretch: Stretch) -> list[HeardWord]:
    duration_s = (stretch.end - stretch.start) / SAMPLE_RATE
    return words_of(answer, offset_s=stretch.start / SAMPLE_RATE, duration_s=duration_s)


def _sentences(text: str, stretch: Stretch) -> list[RecognizedSentence]:
    begin_ms, end_ms = (round(position * 1000 / SAMPLE_RATE) for position in (stretch.start, stretch.end))
    return list(shared_out(text, begin_ms=begin_ms, end_ms=end_ms))


def _recognizer(model: OperatorModel, threads: int) -> Any:
    make = sherpa_onnx.OfflineRecognizer
    match model.kind:
        case Kind.SENSE_VOICE:
            # With numbers written in digits and punctuation.
            return make.from_sense_voice(**model.files, num_threads=threads, language=model.language, use_itn=True)
        case Kind.PARAFORMER:
            return make.from_paraformer(**model.files, num_threads=threads)
        case Kind.WHISPER:
            return make.from_whisper(**model.files, num_threads=threads, language=model.language)
        case _:
            raise FolderUnusable(f"a {model.kind} model does not hear")
