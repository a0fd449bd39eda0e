"""Runs a CPU-bound synthesis engine in a bounded number of worker processes and offers it to the event loop."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from services.speech.engines import worker
from services.speech.engines.base import SynthesisRequest, SynthesizedAudio, SynthesizerFactory, Voice
from services.speech.engines.errors import EngineBusy, EngineTimedOut
from services.speech.engines.lane import WorkerLane

T = TypeVar("T")


class SynthesisPool:
    """A `SpeechSynthesizer` over worker processes (started by spawn), each holding one engine instance.

    At most `max_workers` jobs run and `max_waiting` more wait; beyond that EngineBusy is raised at once. A job that
    is cancelled or out of time has its worker killed; a worker that dies takes only its own job with it. Memory is
    bounded by the number of workers and by the engine's limit on the size of one inference call: an address-space
    limit would count ONNX Runtime's reserved but unused arenas and fail healthy workers.
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
        self._max_jobs = max_workers + max_waiting
        self._jobs = 0
        self._lanes = tuple(WorkerLane(name, factory) for _ in range(max_workers))
        self._free_lanes = list(self._lanes)
        self._slots = asyncio.Semaphore(max_workers)

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
        async with asyncio.TaskGroup() as closing:
            for lane in self._lanes:
                closing.create_task(lane.aclose())

    async def warm_up(self, *, timeout_s: float) -> None:
        """Loads the model in one worker, so that the first job need not wait for it. Raises as `synthesize`."""
        await self._run_job(worker.warm_up, timeout_s=timeout_s)

    async def synthesize(self, request: SynthesisRequest, *, timeout_s: float) -> SynthesizedAudio:
        """See `SpeechSynthesizer.synthesize`. `timeout_s` includes the time spent waiting for a worker."""
        return await self._run_job(worker.synthesize, request, timeout_s=timeout_s)

    async def _run_job(self, function: Callable[..., T], *arguments: SynthesisRequest, timeout_s: float) -> T:
        if self._jobs >= self._max_jobs:
            raise EngineBusy(self._name, f"{self._jobs} jobs running or waiting")
        self._jobs += 1
        try:
            async with asyncio.timeout(timeout_s), self._slots:
                lane = self._free_lanes.pop()  # the one used last: its model is the most likely to be loaded
                try:
                    return await lane.run(function, arguments, timeout_s=timeout_s)
                finally:
                    self._free_lanes.append(lane)
        except TimeoutError as error:
            raise EngineTimedOut(self._name, f"no result within {timeout_s:g} s") from error
        finally:
            self._jobs -= 1
