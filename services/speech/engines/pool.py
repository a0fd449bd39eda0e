"""Offers a CPU-bound synthesis engine to the event loop, from worker processes of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kit.guarded.errors import WorkerBroke, WorkersBusy, WorkerTimedOut
from kit.guarded.pool import GuardedPool
from kit.sources import scratch_folder
from services.speech.engines.base import SynthesisRequest, SynthesizedAudio, SynthesizerFactory, Voice
from services.speech.engines.errors import EngineBusy, EngineFailed, EngineTimedOut, SynthesisError
from services.speech.engines.slices import SliceFactory, SliceSpeaker


class SynthesisPool:
    """A `SpeechSynthesizer` over guarded worker processes, each holding one engine instance.

    Texts are spoken a sentence at a time and take turns: a short one that comes while long ones are spoken waits for
    one sentence of each, whatever their length. At most `max_workers + max_waiting` are under way.

    Memory is bounded by the number of workers and by the engine's limit on the size of one inference call: an
    address-space limit would count ONNX Runtime's reserved but unused arenas and fail healthy workers.
    """

    def __init__(
        self,
        factory: SynthesizerFactory,
        voices: tuple[Voice, ...],
        *,
        name: str,
        max_workers: int = 1,
        max_waiting: int = 64,
    ) -> None:
        self._voices = voices
        self._name = name
        self._texts = 0
        self._max_texts = max_workers + max_waiting
        # A text has one sentence there at a time, so one that was let in always finds a place; warming up takes one.
        self._workers: GuardedPool[SliceSpeaker] = GuardedPool(
            SliceFactory(factory),
            name=name,
            promised=(SynthesisError,),
            max_workers=max_workers,
            max_waiting=max_waiting + 1,
        )

    @property
    def name(self) -> str:
        return self._name

    def voices(self) -> tuple[Voice, ...]:
        return self._voices

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stops the workers; running and waiting jobs end with EngineFailed. The pool cannot be used again."""
        await self._workers.aclose()

    async def warm_up(self, *, timeout_s: float) -> None:
        """Loads the model in one worker, so that the first job need not wait for it. Raises as `synthesize`."""
        async with self._errors_of_the_engine():
            await self._workers.warm_up(timeout_s=timeout_s)

    async def synthesize(self, request: SynthesisRequest, *, timeout_s: float) -> SynthesizedAudio:
        """See `SpeechSynthesizer.synthesize`. `timeout_s` includes the time spent waiting for others."""
        if self._texts >= self._max_texts:
            raise EngineBusy(self._name, f"{self._texts} texts under way")
        self._texts += 1
        try:
            async with scratch_folder() as folder, self._errors_of_the_engine():
                return await self._speak(request, folder, timeout_s)
        finally:
            self._texts -= 1

    async def _speak(self, request: SynthesisRequest, folder: Path, timeout_s: float) -> SynthesizedAudio:
        now = asyncio.get_running_loop().time
        deadline, index = now() + timeout_s, 0
        while True:
            # Whoever waits for a worker is served in the order of coming; a text queues again after each sentence.
            made = await self._workers.run(_speak_next, request, folder, index, timeout_s=max(deadline - now(), 0.0))
            if made is not None:
                return made
            index += 1

    @asynccontextmanager
    async def _errors_of_the_engine(self) -> AsyncIterator[None]:
        try:
            yield
        except WorkersBusy as error:
            raise EngineBusy(self._name, str(error)) from error
        except WorkerTimedOut as error:
            raise EngineTimedOut(self._name, str(error)) from error
        except WorkerBroke as error:
            raise EngineFailed(self._name, str(error)) from error


def _speak_next(speaker: SliceSpeaker, request: SynthesisRequest, folder: Path, index: int) -> SynthesizedAudio | None:
    return speaker.speak(request, folder, index)
