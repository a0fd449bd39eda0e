"""Voiding tokens by events of a real broker, over its restarts and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from edge.revocations import SUBJECT, RevocationFeed
from kit.clock import SystemClock
from kit.errors import Unauthenticated
from kit.events.nats_bus import NatsBus
from kit.events.streams import EVENTS
from tests.fakes.tokens import FakeTokens
from tests.nats import NatsServer
from tests.polling import eventually
from voxreel.auth.v1.events_pb2 import UserAccessRevoked
from voxreel.common.v1.event_pb2 import EventEnvelope

USER_ID = 7


@pytest_asyncio.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path) as server:
        yield server


@pytest.fixture
def tokens() -> FakeTokens:
    return FakeTokens(SystemClock())


def _event(*, kept_token_id: str = "") -> bytes:
    revoked = UserAccessRevoked(user_id=USER_ID, kept_token_id=kept_token_id)
    revoked.not_before.FromDatetime(SystemClock().now() + timedelta(seconds=1))
    return EventEnvelope(id="e-1", payload=revoked.SerializeToString()).SerializeToString()


async def _publish(nats: NatsServer, body: bytes) -> None:
    async with NatsBus(nats.url, name="test") as bus:
        await bus.wait_connected(5.0)
        await bus.ensure_stream(EVENTS)
        await bus.publish(SUBJECT, body, message_id="e-1")


@asynccontextmanager
async def _following(url: str, tokens: FakeTokens) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(RevocationFeed(url, tokens.verifier, SystemClock()).run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(5.0):
            await running


def _is_void(tokens: FakeTokens, token: str) -> bool:
    try:
        tokens.verifier.verify(token)
    except Unauthenticated:
        return True
    return False


async def test_what_was_revoked_before_the_start_is_void(nats: NatsServer, tokens: FakeTokens) -> None:
    token = tokens.issue(USER_ID)
    await _publish(nats, _event())
    assert not _is_void(tokens, token)
    async with _following(nats.url, tokens):
        await eventually(lambda: _is_void(tokens, token))


async def test_a_revocation_takes_effect_at_once_and_keeps_the_named_token(
    nats: NatsServer, tokens: FakeTokens
) -> None:
    lost, kept = tokens.issue(USER_ID, token_id="lost"), tokens.issue(USER_ID, token_id="kept")
    async with _following(nats.url, tokens):
        await _publish(nats, _event(kept_token_id="kept"))
        await eventually(lambda: _is_void(tokens, lost))
    assert not _is_void(tokens, kept)


async def test_the_feed_outlives_the_broker(nats: NatsServer, tokens: FakeTokens) -> None:
    token = tokens.issue(USER_ID)
    async with _following(nats.url, tokens):
        await nats.wipe()
        await _publish(nats, _event())
        await eventually(lambda: _is_void(tokens, token))


async def test_other_users_and_unreadable_events_change_nothing(tokens: FakeTokens) -> None:
    feed = RevocationFeed("nats://127.0.0.1:1", tokens.verifier, SystemClock())
    feed.apply(b"\xff\xff\xff")
    feed.apply(_event())
    assert not _is_void(tokens, tokens.issue(USER_ID + 1))
    assert _is_void(tokens, tokens.issue(USER_ID))


async def test_without_a_broker_it_stops_when_told(tokens: FakeTokens) -> None:
    async with _following("nats://127.0.0.1:1", tokens):
        assert not _is_void(tokens, tokens.issue(USER_ID))
