"""Carries outbox rows to the broker. Any number of relays may work on one table."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from kit.clock import Clock
from kit.db.database import Database
from kit.events.backoff import Backoff
from kit.events.bus import Bus, BusUnavailable, Publication
from kit.events.envelope import TRACE_PARENT_HEADER
from kit.events.outbox_store import OutboxStore, PendingMessage
from kit.events.stream_keeper import EVENT_PREFIX, EVENT_RETENTION, StreamKeeper
from kit.events.streams import StreamSpec
from kit.events.tables import EventTables
from kit.events.waiting import Every, Wakeup, wait_any
from kit.observability.instruments import Counter
from kit.observability.tracing import Span, SpanKind, Tracer

_BATCH_LIMIT = 500
_LEASE = timedelta(seconds=30)
_PUBLISH_TIMEOUT_S = 10.0
# Lease plus the longest back-off must stay below the duplicate window of the streams.
_RETRY = Backoff(first_s=0.5, cap_s=30.0)
_RESTART = Backoff(first_s=0.2, cap_s=5.0)
_POLL_S = 2.0
# A round that took so many had many writers behind it, and many more are about to commit: one round for all of them
# costs less than a round for each group, and nobody notices that it comes this much later.
_MANY = 32
_GATHERING_S = 0.1
_STREAM_CHECK_S = 5.0
_PRUNE_S = 60.0
_PRUNE_LIMIT = 2000
_WORK_PREFIX = "work."
_WORK_RETENTION = timedelta(hours=1)

_log = structlog.get_logger(__name__)


class Relay:
    """Publishes what the transactions of one service added. `streams` are those it writes to beside the
    events and the dead letters; `messages` counts attempts by their outcome; `gathering_s` is how long it
    waits for more after a round of many."""

    def __init__(
        self,
        database: Database,
        tables: EventTables,
        bus: Bus,
        *,
        streams: Sequence[StreamSpec],
        clock: Clock,
        messages: Counter | None = None,
        tracer: Tracer | None = None,
        gathering_s: float = _GATHERING_S,
    ) -> None:
        self._gathering_s = gathering_s
        self._database = database
        self._messages = messages
        self._tracer = tracer
        self._store = OutboxStore(tables.outbox, tables.streams)
        self._bus = bus
        self._keeper = StreamKeeper(database, self._store, bus, streams=streams, clock=clock)
        self._clock = clock
        self._wakeup = Wakeup()
        self._oldest: datetime | None = None
        self._stream_check = Every(_STREAM_CHECK_S, clock)
        self._pruning = Every(_PRUNE_S, clock)
        database.on_events_added(self.wake)

    def wake(self) -> None:
        """Something was committed. Called in the loop."""
        self._wakeup.set()

    def lag_s(self) -> float:
        """Age of the oldest message not yet sent, as of the last step; 0 when all are sent."""
        return 0.0 if self._oldest is None else max(0.0, (self._clock.now() - self._oldest).total_seconds())

    async def check_streams(self) -> int:
        """Creates missing streams and takes back what a broker has lost; see StreamKeeper.step."""
        return await self._keeper.step()

    async def step(self) -> int:
        """Publishes one batch; answers how many rows it took. 0 while the broker is away."""
        if not self._bus.is_connected:
            await self._measure()
            return 0
        now = self._clock.now()
        claimed = await self._database.write(
            lambda connection: self._store.claim(connection, now=now, lease_until=now + _LEASE, limit=_BATCH_LIMIT)
        )
        if not claimed:
            await self._measure()
            return 0
        await self._settle(claimed, await self._publish(claimed))
        return len(claimed)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until told to stop, then sends what is left once."""
        failures = 0
        while not stop.is_set():
            try:
                await self._rest(await self._round(), stop)
                failures = 0
            except Exception as error:
                failures += 1
                _log.warning("relay_delayed", error=type(error).__name__, failures=failures)
                await self._wakeup.wait(_RESTART.delay_s(failures), stop)
        try:
            await self.step()
        except Exception as error:
            _log.warning("relay_not_flushed", error=type(error).__name__)

    async def prune(self) -> int:
        """Deletes what was sent long enough ago. Answers how many rows."""
        now = self._clock.now()
        deleted = 0
        for prefix, retention in ((EVENT_PREFIX, EVENT_RETENTION), (_WORK_PREFIX, _WORK_RETENTION)):
            deleted += await self._prune(prefix, now - retention)
        return deleted

    async def _rest(self, taken: int, stop: asyncio.Event) -> None:
        """Until there may be something to do, after a round that took so many."""
        if taken >= _BATCH_LIMIT:
            return
        if taken >= _MANY:
            await wait_any(stop, timeout_s=self._gathering_s)
        await self._wakeup.wait(_POLL_S, stop)

    async def _round(self) -> int:
        if self._bus.is_connected and self._stream_check.is_due:
            await self.check_streams()
            self._stream_check.done()
        taken = await self.step()
        if self._pruning.is_due:
            await self.prune()
            self._pruning.done()
        return taken

    async def _publish(self, claimed: Sequence[PendingMessage]) -> set[str]:
        """Awaits all acknowledgements together; answers the ids the broker stored."""
        spans = [self._open_span(message) for message in claimed]
        publications = [_publication(message, span) for message, span in zip(claimed, spans, strict=True)]
        problems = await self._problems(publications)
        sent = {each.message_id for each, problem in zip(publications, problems, strict=True) if problem is None}
        for span, problem in zip(spans, problems, strict=True):
            if span is not None:
                span.end(error="" if problem is None else "not_sent")
        if self._messages is not None:
            self._messages.add("sent", amount=len(sent))
            self._messages.add("failed", amount=len(claimed) - len(sent))
        return sent

    async def _problems(self, publications: Sequence[Publication]) -> Sequence[Exception | None]:
        """Why each of them was not sent. One message that can never be sent does not hold back the others."""
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                problems = await self._bus.publish_all(publications)
        except (BusUnavailable, TimeoutError) as error:
            return [error] * len(publications)
        for publication, problem in zip(publications, problems, strict=True):
            if problem is not None and not isinstance(problem, BusUnavailable):
                _log.error("relay_message_refused", subject=publication.subject, error=type(problem).__name__)
        return problems

    def _open_span(self, message: PendingMessage) -> Span | None:
        """The span of a message that belongs to a trace: from here to whoever reads it."""
        parent = message.headers.get(TRACE_PARENT_HEADER, "")
        if self._tracer is None or not parent:
            return None
        attributes = {"messaging.system": "nats", "messaging.message.id": message.id}
        return self._tracer.start(f"publish {message.subject}", SpanKind.PRODUCER, parent=parent, attributes=attributes)

    async def _settle(self, claimed: Sequence[PendingMessage], sent: set[str]) -> None:
        now = self._clock.now()
        retries = {
            message.id: now + timedelta(seconds=_RETRY.delay_s(message.attempts))
            for message in claimed
            if message.id not in sent
        }
        if retries:
            # The stream may be gone; look before the next attempt.
            self._stream_check.expire()
            _log.warning("relay_publish_failed", failed=len(retries), sent=len(sent))

        def settle(connection: Connection) -> datetime | None:
            self._store.settle(connection, sent=sorted(sent), retries=retries, now=now)
            return self._store.oldest_unsent(connection)

        self._oldest = await self._database.write(settle)

    async def _measure(self) -> None:
        self._oldest = await self._database.read(self._store.oldest_unsent)

    async def _prune(self, prefix: str, sent_before: datetime) -> int:
        total = 0
        while True:
            deleted = await self._database.write(
                lambda connection: self._store.prune(
                    connection, prefix=prefix, sent_before=sent_before, limit=_PRUNE_LIMIT
                )
            )
            total += deleted
            if deleted < _PRUNE_LIMIT:
                return total


def _publication(message: PendingMessage, span: Span | None) -> Publication:
    headers = message.headers if span is None else {**message.headers, TRACE_PARENT_HEADER: span.trace_parent}
    return Publication(message.subject, message.body, message.id, headers)
