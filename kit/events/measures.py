"""What is measured of the readers of events, and how far they are behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from kit.clock import Clock
from kit.events.bus import Bus, BusUnavailable
from kit.events.waiting import wait_any
from kit.observability.instruments import Counter, Gauge
from voxreel.common.v1.event_pb2 import EventEnvelope

_PERIOD_S = 15.0
# At a start the reader may not be there yet.
_RETRY_S = 2.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConsumerMeasures:
    """What a consumer tells about itself."""

    events: Counter
    lag: Gauge
    clock: Clock

    def read(self, consumer: str, envelopes: Sequence[EventEnvelope]) -> None:
        """Notes how old the events of a fetch are; none means that nothing waited."""
        oldest_s = min((each.time.seconds + each.time.nanos / 1e9 for each in envelopes), default=None)
        age_s = 0.0 if oldest_s is None else self.clock.now().timestamp() - oldest_s
        self.lag.set(max(0.0, age_s), consumer)

    def count(self, consumer: str, outcome: str, events: int = 1) -> None:
        """Notes what came of deliveries: `applied`, `failed`, `buried`."""
        self.events.add(consumer, outcome, amount=events)


@dataclass(frozen=True, slots=True)
class BacklogGauges:
    """What is known of all replicas of a reader together."""

    pending: Gauge
    dead: Gauge


class BacklogWatch:
    """Asks the broker how much is left for one durable reader."""

    def __init__(self, bus: Bus, durable: str, gauges: BacklogGauges) -> None:
        self._bus = bus
        self._durable = durable
        self._gauges = gauges

    async def step(self) -> None:
        """Asks once. Raises BusUnavailable; what was known stays."""
        backlog = await self._bus.backlog(self._durable)
        self._gauges.pending.set(backlog.pending, self._durable)
        self._gauges.dead.set(backlog.dead, self._durable)

    async def run(self, stop: asyncio.Event) -> None:
        """Asks now and every 15 seconds until told to stop."""
        while not stop.is_set():
            pause_s = _PERIOD_S
            try:
                await self.step()
            except BusUnavailable as error:
                _log.debug("backlog_not_known", consumer=self._durable, cause=str(error))
                pause_s = _RETRY_S
            await wait_any(stop, timeout_s=pause_s)
