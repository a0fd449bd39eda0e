"""How somebody speaks in a recording, found out in a process that may do nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from kit.guarded.errors import WorkerBroke
from services.speech.domain.emotion_references import HEARD_S
from services.speech.dsp.decoding import NotAudio, decode_beginning
from services.speech.dsp.delivery import measure_delivery
from services.speech.emotion.delivery import Delivery
from services.speech.engines.listening import ListenerPool

_SAMPLE_RATE = 16_000


class DeliveryListener(Protocol):
    """Hears recordings that users send."""

    async def measure(self, file: Path, *, timeout_s: float) -> Delivery:
        """Raises NotAudio, also for what breaks a decoder, WorkersBusy and WorkerTimedOut."""
        ...


class GuardedDeliveryListener:
    """A `DeliveryListener` over guarded worker processes."""

    def __init__(self, pool: ListenerPool) -> None:
        self._pool = pool

    async def measure(self, file: Path, *, timeout_s: float) -> Delivery:
        """See `DeliveryListener.measure`."""
        try:
            return await self._pool.run(measure, file, timeout_s=timeout_s)
        except WorkerBroke:
            raise NotAudio("it broke the decoder") from None


def measure(_tool: None, file: Path) -> Delivery:
    """The job of a worker."""
    return measure_delivery(decode_beginning(file, sample_rate=_SAMPLE_RATE, seconds=HEARD_S).samples, _SAMPLE_RATE)
