"""Voids access tokens at once when the auth service says so.

Two readers of one subject: a live subscription, and at every connect a look at as much of the stream as a token can
outlive. Nothing is kept between two starts, so nothing can be forgotten, and the broker keeps nothing for a reader
that is gone. Beside it `kit/identity/revocation_poll.py` asks auth, for what the broker does not bring.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

import nats.js.errors
import structlog
from google.protobuf.message import DecodeError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from kit.clock import Clock
from kit.events.live import LiveReader
from kit.events.nats_session import NatsSession
from kit.events.streams import EVENTS
from kit.rpc.tokens import TokenVerifier
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked

SUBJECT = "evt.auth.user.access_revoked"

_log = structlog.get_logger()
_TOKEN_LIFE_S = 3600.0
# For clocks that differ: the broker dates the events, this process asks for them.
_MARGIN_S = 300.0
HISTORY = timedelta(seconds=_TOKEN_LIFE_S + _MARGIN_S)
"""How far back a revocation may concern a token that still lives."""
_FETCH = 256
_FETCH_TIMEOUT_S = 2.0
_CONSUMER_IDLE_S = 30.0


def apply_revocation(verifier: TokenVerifier, revoked: UserAccessRevoked) -> None:
    """Makes the verifier refuse what was revoked. Raises ValueError or OverflowError for an impossible time."""
    verifier.revoke(
        revoked.user_id,
        not_before=revoked.not_before.ToDatetime(UTC),
        kept_token_id=revoked.kept_token_id,
        is_frozen=revoked.is_frozen,
    )


class RevocationFeed:
    """Reads revocations from the broker into a verifier. `nats_url` may hold several servers, separated by commas."""

    def __init__(self, nats_url: str, verifier: TokenVerifier, *, clock: Clock, name: str) -> None:
        self._verifier = verifier
        self._clock = clock
        self._reader = LiveReader(
            nats_url, name=name, subjects=[SUBJECT], receive=self._receive, catch_up=self._catch_up
        )

    @property
    def is_current(self) -> bool:
        """Whether revocations of now are heard."""
        return self._reader.is_current

    async def check(self) -> None:
        """Raises BusUnavailable while revocations of now would not be heard."""
        await self._reader.check()

    def apply(self, body: bytes) -> None:
        """Takes one event. One that cannot be read is logged and skipped."""
        try:
            apply_revocation(self._verifier, UserAccessRevoked.FromString(EventEnvelope.FromString(body).payload))
        except (DecodeError, ValueError, OverflowError):
            _log.error("revocation.unreadable")

    async def run(self, stop: asyncio.Event) -> None:
        """Follows the broker, over any number of its restarts, until stopped."""
        await self._reader.run(stop)

    def _receive(self, _subject: str, body: bytes) -> None:
        self.apply(body)

    async def _catch_up(self, session: NatsSession) -> None:
        """What was revoked while nobody here listened. Nothing when the stream does not exist yet."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=self._clock.now() - HISTORY,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=_CONSUMER_IDLE_S,
        )
        try:
            history = await session.stream.pull_subscribe(SUBJECT, stream=EVENTS.name, config=config)
        except nats.js.errors.NotFoundError:
            return
        try:
            left = (await history.consumer_info()).num_pending or 0
            while left:
                messages = await history.fetch(min(_FETCH, left), timeout=_FETCH_TIMEOUT_S)
                for message in messages:
                    self.apply(message.data)
                left = messages[-1].metadata.num_pending or 0
        finally:
            await history.unsubscribe()
