"""Whisper as a `SpeechRecognizer`: one guarded worker decodes the file of a stranger, another holds the model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kit.engines import EngineBroken
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.speech.engines.base import OnProgress, Recognition
from services.speech.engines.whisper.settings import ENGINE_NAME, WhisperModelFiles
from services.speech.media.decoder import SoundDecoder
from services.speech.media.sound import Sound, SoundOrder

# An hour takes seconds; a file that takes longer than this was made to.
_DECODING_TIMEOUT_S = 300.0


class Ears(Protocol):
    """The model as it lives inside a worker process."""

    def hear(self, sound: Sound) -> Recognition: ...


@dataclass(frozen=True, slots=True)
class LoadEars:
    """Loads the model in the process that calls it; picklable, so that a worker process can. Raises ModelError."""

    files: WhisperModelFiles
    threads: int

    def __call__(self) -> Ears:
        # Here, so that the service itself never loads the libraries.
        from services.speech.engines.whisper.engine import WhisperEars

        return WhisperEars(self.files.ensure(), self.files.name, threads=self.threads)


class WhisperRecognizer:
    """A `SpeechRecognizer`. The workers start with the first file."""

    def __init__(self, files: WhisperModelFiles, order: SoundOrder, *, threads: int = 2, max_workers: int = 1) -> None:
        self._decoder = SoundDecoder(order, max_workers=max_workers)
        self._workers: GuardedPool[Ears] = GuardedPool(
            LoadEars(files, threads),
            name=ENGINE_NAME,
            limits=ProcessLimits(is_offline=True),
            max_workers=max_workers,
        )

    @property
    def name(self) -> str:
        return ENGINE_NAME

    async def aclose(self) -> None:
        """Stops the workers; what they do ends with EngineBroken."""
        async with asyncio.TaskGroup() as closing:
            closing.create_task(self._decoder.aclose())
            closing.create_task(self._workers.aclose())

    async def recognize(self, media: Path, *, timeout_s: float, on_progress: OnProgress) -> Recognition:
        """See `SpeechRecognizer.recognize`. The samples lie beside the media meanwhile."""
        now = asyncio.get_running_loop().time
        deadline = now() + timeout_s
        samples = media.with_suffix(".samples")
        try:
            sound = await self._decoder.decode(media, samples, timeout_s=min(timeout_s, _DECODING_TIMEOUT_S))
            return await self._workers.run(
                _hear,
                sound,
                timeout_s=max(deadline - now(), 0.0),
                on_progress=lambda progress: on_progress(progress.fraction),
            )
        except WorkerError as error:
            raise EngineBroken(f"{ENGINE_NAME}: {error}") from error
        finally:
            await asyncio.shield(asyncio.to_thread(samples.unlink, missing_ok=True))


def _hear(ears: Ears, sound: Sound) -> Recognition:
    return ears.hear(sound)
