"""Any model as a `SpeechRecognizer`: one guarded worker decodes the file of a stranger, another holds the model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kit.engines import EngineBroken
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.speech.engines.base import OnProgress, Recognition
from services.speech.media.decoder import SoundDecoder
from services.speech.media.sound import Sound, SoundOrder

RECOGNIZING = "recognizing"
UNDETERMINED = "und"
# An hour takes seconds; a file that takes longer than this was made to.
_DECODING_TIMEOUT_S = 300.0


class Ears(Protocol):
    """The model as it lives inside a worker process."""

    def hear(self, sound: Sound) -> Recognition: ...


class GuardedRecognizer:
    """A `SpeechRecognizer`. The workers start with the first file; `load_ears` must be picklable."""

    def __init__(self, name: str, load_ears: Callable[[], Ears], order: SoundOrder, *, max_workers: int = 1) -> None:
        self._name = name
        self._decoder = SoundDecoder(order, max_workers=max_workers)
        self._workers: GuardedPool[Ears] = GuardedPool(
            load_ears, name=name, limits=ProcessLimits(is_offline=True), max_workers=max_workers
        )

    @property
    def name(self) -> str:
        return self._name

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
            raise EngineBroken(f"{self._name}: {error}") from error
        finally:
            await asyncio.shield(asyncio.to_thread(samples.unlink, missing_ok=True))


def _hear(ears: Ears, sound: Sound) -> Recognition:
    return ears.hear(sound)
