"""Revocations as auth publishes them."""

from __future__ import annotations

from datetime import timedelta

from kit.clock import SystemClock
from kit.errors import Unauthenticated
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.streams import EVENTS
from kit.identity.revocations import SUBJECT
from kit.ids import RandomIds
from kit.rpc.times import timestamp_of
from kit.rpc.tokens import TokenVerifier
from tests.nats import NatsServer
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked

USER_ID = 7


def revocation(*, kept_token_id: str = "") -> bytes:
    """An event that voids the user's tokens of before the next second."""
    clock = SystemClock()
    not_before = timestamp_of(clock.now() + timedelta(seconds=1))
    payload = UserAccessRevoked(user_id=USER_ID, not_before=not_before, kept_token_id=kept_token_id)
    return EventSource("auth", RandomIds(), clock).event(SUBJECT, payload, user_id=USER_ID).body


async def publish(nats: NatsServer, *bodies: bytes) -> None:
    """Stores events on the stream, which is made when it is missing."""
    async with NatsBus(nats.url, name="test") as bus:
        await bus.wait_connected(5.0)
        await bus.ensure_stream(EVENTS)
        for body in bodies:
            await bus.publish(SUBJECT, body, message_id=RandomIds().random())


def is_void(verifier: TokenVerifier, token: str) -> bool:
    """Whether the verifier refuses the token."""
    try:
        verifier.verify(token)
    except Unauthenticated:
        return True
    return False
