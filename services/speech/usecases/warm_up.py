"""Loading the model before the first task needs it."""

from __future__ import annotations

import asyncio
from typing import Protocol, runtime_checkable

import structlog

from kit.events.waiting import unless_stopped
from services.speech.engines.errors import EngineUnavailable, SynthesisError
from services.speech.usecases.engines import EngineDirectory

_TIMEOUT_S = 120.0

_log = structlog.get_logger(__name__)


@runtime_checkable
class Warmable(Protocol):
    """An engine that can load its model ahead of time."""

    async def warm_up(self, *, timeout_s: float) -> None: ...


class WarmUp:
    """Runs once, in the background: the service is ready meanwhile, and a first task would only wait a little."""

    def __init__(self, engine: Warmable, directory: EngineDirectory) -> None:
        self._engine = engine
        self._directory = directory

    async def step(self) -> None:
        """Loads the model. What cannot work as installed is reported, so that no more tasks are accepted for it."""
        try:
            await self._engine.warm_up(timeout_s=_TIMEOUT_S)
            _log.info("engine_warm")
        except EngineUnavailable as error:
            _log.error("engine_broken", engine=error.engine, detail=error.detail)
            await self._directory.report_broken(error.detail)
        except SynthesisError as error:
            # The first task tries again.
            _log.warning("engine_not_warm", error=type(error).__name__)

    async def run(self, stop: asyncio.Event) -> None:
        """As a background loop: one step, unless the service stops first."""
        await unless_stopped(stop, self.step())
