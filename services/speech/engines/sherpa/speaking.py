"""A voice of sherpa-onnx as a `BlockingSynthesizer`: text to finished audio inside one worker process."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
import sherpa_onnx
from numpy.typing import NDArray
from scipy.signal import resample_poly

from services.speech.dsp.silence import trim_edges
from services.speech.engines.base import SpokenSentence, SynthesisRequest, SynthesizedAudio
from services.speech.engines.errors import EngineUnavailable
from services.speech.engines.kokoro.catalog import find_voice
from services.speech.engines.narration import SAMPLE_RATE, Narration, Narrator, spoken_at_once
from services.speech.engines.sherpa.folder import OVERRIDES, OperatorModel
from services.speech.engines.sherpa.layouts import Kind
from services.speech.engines.sherpa.settings import ENGINE_NAME
from services.speech.text.script import Sentence


class SherpaSynthesizer:
    """One model instance; not for concurrent use."""

    def __init__(self, model: OperatorModel, *, threads: int, producer: str, max_chars: int) -> None:
        """Loads the model. Raises EngineUnavailable."""
        config = sherpa_onnx.OfflineTtsConfig(model=model_config(model, threads=threads))
        if not config.validate():
            raise EngineUnavailable(ENGINE_NAME, f"{model.name} is refused by the library")
        self._tts = sherpa_onnx.OfflineTts(config)
        _check_speakers(model, self._tts.num_speakers)
        self._model = model
        self._narrator = Narrator(ENGINE_NAME, model.name, producer, max_chars)

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        """See `begin`."""
        return spoken_at_once(self.begin(request))

    def begin(self, request: SynthesisRequest) -> Narration:
        """Raises UnknownVoice, TextTooLong and NothingToSpeak."""
        voice = find_voice(request.voice)
        speaker = self._model.speakers.get(voice.voice_id, self._model.speaker)
        return self._narrator.begin(request, lambda sentence: self._speak(sentence, speaker), language=voice.language)

    def _speak(self, sentence: Sentence, speaker: int) -> SpokenSentence:
        # Models drop words at other speeds; the tempo is changed afterwards.
        made = self._tts.generate(text=sentence.spoken, sid=speaker, speed=1.0)
        samples = _resampled(np.asarray(made.samples, dtype=np.float32), made.sample_rate)
        return SpokenSentence(trim_edges(samples, SAMPLE_RATE))


def model_config(model: OperatorModel, *, threads: int) -> Any:
    """The library's `OfflineTtsModelConfig` of a model. Raises EngineUnavailable for one that does not speak."""
    files = model.files
    match model.kind:
        case Kind.KOKORO:
            kokoro = sherpa_onnx.OfflineTtsKokoroModelConfig(**files)
            return sherpa_onnx.OfflineTtsModelConfig(kokoro=kokoro, num_threads=threads)
        case Kind.MATCHA:
            matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(**files)
            return sherpa_onnx.OfflineTtsModelConfig(matcha=matcha, num_threads=threads)
        case Kind.VITS:
            vits = sherpa_onnx.OfflineTtsVitsModelConfig(**files)
            return sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=threads)
        case _:
            raise EngineUnavailable(ENGINE_NAME, f"a {model.kind} model does not speak")


def _check_speakers(model: OperatorModel, count: int) -> None:
    # Models of one speaker tell of none.
    highest = max(model.speaker, *model.speakers.values(), 0)
    if highest >= max(count, 1):
        raise EngineUnavailable(ENGINE_NAME, f"{OVERRIDES} names speaker {highest}, {model.name} has {count}")


def _resampled(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    if sample_rate == SAMPLE_RATE or not len(audio):
        return audio
    common = gcd(sample_rate, SAMPLE_RATE)
    return np.asarray(resample_poly(audio, SAMPLE_RATE // common, sample_rate // common), dtype=np.float32)
