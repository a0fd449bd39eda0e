"""Offers a CPU-bound synthesis engine to the event loop, from worker processes of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from kit.guarded.errors import WorkerBroke, WorkersBusy, WorkerTimedOut
from kit.guarded.pool import GuardedPool
from services.speech.engines.base import (
    BlockingSynthesizer,
    SynthesisRequest,
    SynthesizedAudio,
    SynthesizerFactory,
    Voice,
)
from services.speech.engines.errors import EngineBusy, EngineFailed, EngineTimedOut, SynthesisError


class SynthesisPool:
    """A `SpeechSynthesizer` over guarded worker processes, each holding one engine instance.

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
        self._workers: GuardedPool[BlockingSynthesizer] = GuardedPool(
            factory, name=name, promised=(SynthesisError,), max_workers=max_workers, max_waiting=max_waiting
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
        """See `SpeechSynthesizer.synthesize`. `timeout_s` includes the time spent waiting for a worker."""
        async with self._errors_of_the_engine():
            return await self._workers.run(_synthesize, request, timeout_s=timeout_s)

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


def _synthesize(engine: BlockingSynthesizer, request: SynthesisRequest) -> SynthesizedAudio:
    return engine.synthesize(request)
