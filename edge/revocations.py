"""Voids access tokens at once when the auth service says so.

Two readers of one subject: a live subscription, and at every connect a look at the last hour of the stream, which
is as long as a token lives. Without the broker the edge serves on; services check for themselves.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, timedelta

import nats.errors
import nats.js.errors
import structlog
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from kit.clock import Clock
from kit.events.bus import BusUnavailable
from kit.events.nats_session import NatsSession, translated
from kit.events.streams import EVENTS
from kit.rpc.tokens import TokenVerifier
from voxreel.auth.v1.events_pb2 import UserAccessRevoked
from voxreel.common.v1.event_pb2 import EventEnvelope

SUBJECT = "evt.auth.user.access_revoked"

_log = structlog.get_logger()
_TOKEN_LIFE = timedelta(seconds=3600)
_FETCH = 256
_FETCH_TIMEOUT_S = 2.0
_LATEST_RECONNECT_S = 2.0
_FIRST_RECONNECT_S = 0.1
_CONSUMER_IDLE_S = 30.0


class RevocationFeed:
    """Reads revocations from the broker into a verifier."""

    def __init__(self, url: str, verifier: TokenVerifier, clock: Clock) -> None:
        self._servers = [server.strip() for server in url.split(",")]
        self._verifier = verifier
        self._clock = clock

    def apply(self, body: bytes) -> None:
        """Takes one event. One that cannot be read is logged and skipped."""
        try:
            revoked = UserAccessRevoked.FromString(EventEnvelope.FromString(body).payload)
        except DecodeError:
            _log.error("revocation.unreadable")
            return
        self._verifier.revoke(
            revoked.user_id,
            not_before=revoked.not_before.ToDatetime(UTC),
            kept_token_id=revoked.kept_token_id,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Follows the broker, over any number of its restarts, until stopped."""
        delay_s = _FIRST_RECONNECT_S
        while not stop.is_set():
            try:
                await self._follow(stop)
                delay_s = _FIRST_RECONNECT_S
            except BusUnavailable as error:
                _raise_if_cancelled()
                _log.debug("revocation.broker_unavailable", error=str(error))
                delay_s = min(delay_s * 2, _LATEST_RECONNECT_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay_s)

    async def _follow(self, stop: asyncio.Event) -> None:
        """One connection, from connect to loss."""
        session = await NatsSession.connect(self._servers, name="edge-revocations")
        try:
            with translated():
                await session.client.subscribe(SUBJECT, cb=self._receive)
                await self._catch_up(session)
            await _either(stop, session.lost)
        finally:
            await session.close()

    async def _receive(self, message: Msg) -> None:
        self.apply(message.data)

    async def _catch_up(self, session: NatsSession) -> None:
        """What was revoked while nobody here listened. Returns early when the stream does not exist yet."""
        since = self._clock.now() - _TOKEN_LIFE
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=since,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=_CONSUMER_IDLE_S,
        )
        try:
            history = await session.stream.pull_subscribe(SUBJECT, stream=EVENTS.name, config=config)
        except nats.js.errors.NotFoundError:
            return
        try:
            while messages := await _fetch(history):
                for message in messages:
                    self.apply(message.data)
                if messages[-1].metadata.num_pending == 0:
                    return
        finally:
            await history.unsubscribe()


async def _fetch(history: JetStreamContext.PullSubscription) -> list[Msg]:
    """The next messages; none when there are no more."""
    try:
        return await history.fetch(_FETCH, timeout=_FETCH_TIMEOUT_S)
    except (nats.errors.TimeoutError, TimeoutError):
        return []


def _raise_if_cancelled() -> None:
    """`asyncio.wait_for` of Python 3.11 may answer a cancellation with the error of what it waited for."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _either(*events: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
