"""Access tokens that auth has voided are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kit.clock import SystemClock
from kit.errors import Unauthenticated
from kit.events.envelope import EventSource
from kit.events.memory import MemoryBus
from kit.events.streams import EVENTS
from kit.ids import RandomIds
from services.files.peers.auth import revocation_consumer
from tests.fakes.tokens import FakeTokens
from voxreel.auth.v1.events_pb2 import UserAccessRevoked


async def test_revoked_tokens_are_refused() -> None:
    clock = SystemClock()
    tokens, bus = FakeTokens(clock), MemoryBus(clock)
    await bus.ensure_stream(EVENTS)
    void, kept, others = tokens.issue(7, token_id="a"), tokens.issue(7, token_id="b"), tokens.issue(8, token_id="c")
    payload = UserAccessRevoked(user_id=7, kept_token_id="b")
    payload.not_before.FromDatetime(clock.now() + timedelta(seconds=1))
    event = EventSource("auth", RandomIds(), clock).event("evt.auth.user.access_revoked", payload, user_id=7)
    await bus.publish(event.subject, event.body, message_id=event.id)
    consumer = revocation_consumer(bus, tokens.verifier, service="files", instance="host.example.com")
    assert await consumer.step() == 1
    with pytest.raises(Unauthenticated):
        tokens.verifier.verify(void)
    assert tokens.verifier.verify(kept).user_id == 7
    assert tokens.verifier.verify(others).user_id == 8
