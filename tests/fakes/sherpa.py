"""Stands in for the package sherpa_onnx, whose models are too large for tests: the same constructors and results.

Checked against the real package in `tests/unit/speech/engines/test_sherpa_contract.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REFUSED = "refused by the library"
"""The text of a tokens file that makes a configuration invalid."""


@dataclass
class OfflineTtsKokoroModelConfig:
    model: str
    voices: str
    tokens: str
    lexicon: str = ""
    data_dir: str = ""
    dict_dir: str = ""


@dataclass
class OfflineTtsMatchaModelConfig:
    acoustic_model: str
    vocoder: str
    tokens: str
    lexicon: str = ""
    data_dir: str = ""
    dict_dir: str = ""


@dataclass
class OfflineTtsVitsModelConfig:
    model: str
    tokens: str
    lexicon: str = ""
    data_dir: str = ""
    dict_dir: str = ""


@dataclass
class OfflineTtsModelConfig:
    vits: OfflineTtsVitsModelConfig | None = None
    matcha: OfflineTtsMatchaModelConfig | None = None
    kokoro: OfflineTtsKokoroModelConfig | None = None
    num_threads: int = 1


@dataclass
class OfflineTtsConfig:
    model: OfflineTtsModelConfig

    def validate(self) -> bool:
        [chosen] = [each for each in (self.model.vits, self.model.matcha, self.model.kokoro) if each is not None]
        return Path(chosen.tokens).read_text() != REFUSED


@dataclass
class GeneratedAudio:
    samples: list[float]
    sample_rate: int


class OfflineTts:
    """Three speakers, each with a tone of its own, 50 ms for a character, in silence as models leave it."""

    num_speakers = 3
    sample_rate = 16_000

    def __init__(self, config: OfflineTtsConfig) -> None:
        self.config = config

    def generate(self, text: str, sid: int = 0, speed: float = 1.0) -> GeneratedAudio:
        moments = np.arange(int(0.05 * len(text) * self.sample_rate / speed)) / self.sample_rate
        silence = np.zeros(self.sample_rate // 10)
        tone = 0.3 * np.sin(math.tau * 200 * (sid + 1) * moments)
        return GeneratedAudio(np.concatenate((silence, tone, silence)).tolist(), self.sample_rate)


@dataclass
class OfflineRecognitionResult:
    text: str = ""
    tokens: list[str] = field(default_factory=list)
    timestamps: list[float] = field(default_factory=list)
    lang: str = ""


class OfflineStream:
    def __init__(self) -> None:
        self.result = OfflineRecognitionResult()
        self.duration_s = 0.0

    def accept_waveform(self, sample_rate: int, waveform: NDArray[np.float32]) -> None:
        assert waveform.dtype == np.float32
        assert waveform.flags.writeable
        self.duration_s = len(waveform) / sample_rate


class OfflineRecognizer:
    """Hears the same in everything: with times where its kind of model gives them."""

    def __init__(self, result: OfflineRecognitionResult, num_threads: int, language: str = "") -> None:
        self.options = (num_threads, language)
        self._result = result

    @classmethod
    def from_sense_voice(
        cls, model: str, tokens: str, num_threads: int = 1, language: str = "", use_itn: bool = False
    ) -> OfflineRecognizer:
        _check_files(model, tokens)
        heard = ["今", "天", "天", "氣", "，"] if use_itn else ["今", "天", "天", "氣"]
        times = [0.1, 0.3, 0.5, 0.7, 0.9][: len(heard)]
        return cls(OfflineRecognitionResult("".join(heard), heard, times, language or "<|zh|>"), num_threads, language)

    @classmethod
    def from_paraformer(cls, paraformer: str, tokens: str, num_threads: int = 1) -> OfflineRecognizer:
        _check_files(paraformer, tokens)
        return cls(OfflineRecognitionResult(" hello world", ["hel@@", "lo", "world"], [0.1, 0.3, 0.5]), num_threads)

    @classmethod
    def from_whisper(
        cls, encoder: str, decoder: str, tokens: str, language: str = "en", num_threads: int = 1
    ) -> OfflineRecognizer:
        _check_files(encoder, decoder, tokens)
        return cls(
            OfflineRecognitionResult(" Good morning. How are you?", lang=language or "en"), num_threads, language
        )

    def create_stream(self) -> OfflineStream:
        return OfflineStream()

    def decode_stream(self, s: OfflineStream) -> None:
        assert s.duration_s > 0
        s.result = self._result


def _check_files(*names: str) -> None:
    assert all(Path(name).is_file() for name in names)
