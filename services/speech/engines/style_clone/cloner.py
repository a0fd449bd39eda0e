"""The search as a `VoiceCloner`: one guarded worker decodes the file of a stranger, another holds the models."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kit.engines import EngineBroken, InputRefused
from kit.guarded.errors import WorkerError
from kit.guarded.limits import ProcessLimits
from kit.guarded.pool import GuardedPool
from services.speech.engines.base import CloneRequest, Language, OnProgress, Quality, VoiceClone
from services.speech.engines.style_clone.settings import (
    ENGINE_NAME,
    MODEL_NAME,
    StyleCloneOptions,
    StyleModelFiles,
)
from services.speech.engines.styles import StyleVoice
from services.speech.media.decoder import SoundDecoder
from services.speech.media.sound import Sound, SoundOrder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The language of the manner of speaking. Every voice speaks English, too.
_LANGUAGE = Language.CHINESE
_LONGEST = SoundOrder(max_duration_s=600.0)
_DECODING_TIMEOUT_S = 60.0
# Nobody waits in front of a search for minutes, but for what others have spoken meanwhile.
_NICENESS = 10


class Learnt(Protocol):
    """What a learner found; see `learner.LearntStyle`."""

    @property
    def pack(self) -> bytes: ...
    @property
    def pitch(self) -> float: ...


class Learner(Protocol):
    """The models as they live inside a worker process."""

    def learn(
        self, audio: NDArray[np.float32], language: Language, options: StyleCloneOptions, *, source_rate: int
    ) -> Learnt: ...


@dataclass(frozen=True, slots=True)
class LoadLearner:
    """Loads the models in the process that calls it; picklable, so that a worker process can. Raises ModelError."""

    files: StyleModelFiles
    threads: int

    def __call__(self) -> Learner:
        # Here, so that the service itself never loads the libraries.
        from services.speech.engines.style_clone.learner import StyleLearner

        return StyleLearner(self.files, threads=self.threads)


class StyleCloner:
    """A `VoiceCloner`. The workers start with the first sample."""

    def __init__(self, files: StyleModelFiles, options: StyleCloneOptions) -> None:
        self._options = options
        self._decoder = SoundDecoder(_LONGEST, max_workers=options.processes)
        self._workers: GuardedPool[Learner] = GuardedPool(
            LoadLearner(files, options.threads),
            name=ENGINE_NAME,
            promised=(InputRefused,),
            limits=ProcessLimits(is_offline=True, niceness=_NICENESS),
            max_workers=options.processes,
        )

    @property
    def name(self) -> str:
        return ENGINE_NAME

    async def aclose(self) -> None:
        """Stops the workers; what they do ends with EngineBroken."""
        async with asyncio.TaskGroup() as closing:
            closing.create_task(self._decoder.aclose())
            closing.create_task(self._workers.aclose())

    async def clone(self, request: CloneRequest, *, timeout_s: float, on_progress: OnProgress) -> VoiceClone:
        """See `VoiceCloner.clone`. The samples lie beside the file meanwhile."""
        now = asyncio.get_running_loop().time
        deadline = now() + timeout_s
        samples = request.sample.with_suffix(".samples")
        try:
            sound = await self._decoder.decode(request.sample, samples, timeout_s=min(timeout_s, _DECODING_TIMEOUT_S))
            learnt = await self._workers.run(
                _learn,
                sound,
                self._options,
                timeout_s=max(deadline - now(), 0.0),
                on_progress=lambda progress: on_progress(progress.fraction),
            )
        except WorkerError as error:
            raise EngineBroken(f"{ENGINE_NAME}: {error}") from error
        finally:
            await asyncio.shield(asyncio.to_thread(samples.unlink, missing_ok=True))
        style = StyleVoice(hashlib.sha256(learnt.pack).hexdigest(), _LANGUAGE, learnt.pitch)
        return VoiceClone(style.name, MODEL_NAME, Quality.APPROXIMATE, learnt.pack)


def _learn(learner: Learner, sound: Sound, options: StyleCloneOptions) -> Learnt:
    return learner.learn(sound.samples(), _LANGUAGE, options, source_rate=sound.source_rate)
