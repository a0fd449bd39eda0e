"""Whisper as a `SpeechRecognizer`."""

from __future__ import annotations

from dataclasses import dataclass

from services.speech.engines.recognition.recognizer import Ears, GuardedRecognizer
from services.speech.engines.whisper.settings import ENGINE_NAME, WhisperModelFiles
from services.speech.media.sound import SoundOrder


@dataclass(frozen=True, slots=True)
class LoadEars:
    """Loads the model in the process that calls it; picklable, so that a worker process can. Raises ModelError."""

    files: WhisperModelFiles
    threads: int

    def __call__(self) -> Ears:
        # Here, so that the service itself never loads the libraries.
        from services.speech.engines.whisper.engine import WhisperEars

        return WhisperEars(self.files.ensure(), self.files.name, threads=self.threads)


class WhisperRecognizer(GuardedRecognizer):
    """Whisper in workers of its own."""

    def __init__(self, files: WhisperModelFiles, order: SoundOrder, *, threads: int = 2, max_workers: int = 1) -> None:
        super().__init__(ENGINE_NAME, LoadEars(files, threads), order, max_workers=max_workers)
