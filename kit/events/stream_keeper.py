"""Keeps the streams there, and notices when the broker has lost what it had been given.

The outbox is the record, the broker is transport. A stream made anew has lost everything: every event of the
retention is published again. A restarted broker may have lost what it acknowledged before flushing (two minutes
by default): the last minutes are published again. Of a cluster each node is looked at by itself, since a service is
connected now to one of them and now to another. Ids stay the same, so readers apply nothing twice. What was
last seen lies in the service's own database, so this also works for a loss while the service was down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from kit.clock import Clock
from kit.db.database import Database
from kit.events.bus import Bus, StreamStamp
from kit.events.outbox_store import OutboxStore
from kit.events.streams import DEAD_LETTERS, EVENTS, StreamSpec

EVENT_RETENTION = timedelta(hours=24)
UNFLUSHED = timedelta(minutes=5)
EVENT_PREFIX = "evt."

_log = structlog.get_logger(__name__)


class StreamKeeper:
    """Ensures the event stream, the dead letters, and what else a service writes to."""

    def __init__(
        self, database: Database, store: OutboxStore, bus: Bus, *, streams: Sequence[StreamSpec], clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._bus = bus
        named = {spec.name: spec for spec in (EVENTS, DEAD_LETTERS, *streams)}
        self._streams = tuple(named.values())
        self._clock = clock

    async def step(self) -> int:
        """Creates missing streams; answers how many events will be published again. Raises BusUnavailable."""
        reopened = 0
        for spec in self._streams:
            stamp = await self._bus.ensure_stream(spec)
            # Lost wake-ups need no such care: the sweeper of the tasks repeats them from their rows.
            if spec.name == EVENTS.name:
                reopened += await self._compare(spec.name, stamp)
        return reopened

    async def _compare(self, stream: str, stamp: StreamStamp) -> int:
        seen = await self._database.read(lambda connection: self._store.stamps(connection, stream))
        if stamp in seen:
            return 0
        is_same_storage = any(each.created == stamp.created for each in seen)
        since = self._clock.now() - (UNFLUSHED if is_same_storage else EVENT_RETENTION)

        def reopen(connection: Connection) -> int:
            self._store.keep_stamp(connection, stream, stamp)
            return self._store.reopen(connection, prefix=EVENT_PREFIX, sent_since=since)

        reopened = await self._database.write(reopen)
        _log.info("stream_changed", stream=stream, is_same_storage=is_same_storage, reopened=reopened)
        return reopened
