"""A voice engine and an ear in one process: speaks sentences and writes down what can be understood."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from bench.speech.ledger import Outcome, Trip
from kit.models import DEFAULT_MODELS_DIR
from services.speech.engines.base import AudioFormat, Recognition, SynthesisRequest
from services.speech.engines.kokoro.settings import KokoroFactory
from services.speech.engines.whisper.engine import WhisperEars
from services.speech.engines.whisper.settings import WhisperModelFiles
from services.speech.media.decoding import decode
from services.speech.media.sound import SAMPLE_TYPE, Sound, SoundOrder
from services.speech.text.joining import joined

HEARD_RATE = 16_000


class Listener:
    """The platform's own recogniser, without its workers. It is told neither the text nor the language."""

    def __init__(self, cache_dir: Path, folder: Path, *, threads: int = 1) -> None:
        """Samples lie in `folder` while they are heard."""
        files = WhisperModelFiles(DEFAULT_MODELS_DIR, cache_dir)
        self._ears = WhisperEars(files.ensure(), files.name, threads=threads)
        self._scratch = folder / f"{os.getpid()}.samples"

    def hear(self, samples: NDArray[np.float32]) -> Recognition:
        """What is said in samples at 16 kHz."""
        samples.astype(SAMPLE_TYPE).tofile(self._scratch)
        return self._ears.hear(Sound(self._scratch, HEARD_RATE, len(samples), HEARD_RATE))

    def hear_file(self, media: Path) -> Recognition:
        """What is said in a media file."""
        self._scratch.unlink(missing_ok=True)
        return self._ears.hear(decode(None, media, self._scratch, SoundOrder()))


def text_of(recognition: Recognition) -> str:
    return joined(sentence.text for sentence in recognition.sentences)


class Studio:
    """Both models, about 1.2 GB. Not for concurrent use."""

    def __init__(self, cache_dir: Path, folder: Path, *, threads: int = 1) -> None:
        self._engine = KokoroFactory(DEFAULT_MODELS_DIR, cache_dir, threads=threads)()
        self._listener = Listener(cache_dir, folder, threads=threads)

    def travel(self, trip: Trip, before: Outcome | None = None) -> Outcome:
        """There and back. What has been heard before of the very same samples is not heard again."""
        started = time.perf_counter()
        spoken = self._engine.synthesize(_request(trip)).data
        speaking_s = time.perf_counter() - started
        sound = hashlib.sha256(spoken).hexdigest()[:16]
        if before is not None and before.sound == sound:
            return before
        samples = heard_samples(spoken)
        started = time.perf_counter()
        recognition = self._listener.hear(samples)
        return Outcome(
            heard=text_of(recognition),
            language=recognition.language,
            sound=sound,
            audio_s=round(len(samples) / HEARD_RATE, 2),
            speaking_s=round(speaking_s, 2),
            hearing_s=round(time.perf_counter() - started, 2),
            load=round(os.getloadavg()[0], 1),
        )


def heard_samples(pcm: bytes) -> NDArray[np.float32]:
    """Bare samples of the engine at the recogniser's rate."""
    spoken = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768
    return np.asarray(resample_poly(spoken, 2, 3), dtype=np.float32)


def _request(trip: Trip) -> SynthesisRequest:
    condition = trip.condition
    return SynthesisRequest(
        trip.text,
        trip.voice,
        AudioFormat.PCM,
        speech_rate=condition.speech_rate,
        pitch_rate=condition.pitch_rate,
    )
