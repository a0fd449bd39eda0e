"""Voiding tokens by events of a real broker, over its restarts and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from kit.clock import Clock, SystemClock
from kit.events.bus import BusUnavailable
from kit.events.nats_session import NatsSession
from kit.events.streams import EVENTS
from kit.identity.revocations import RevocationFeed
from kit.rpc.tokens import TokenVerifier
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import FakeTokens
from tests.nats import NatsServer
from tests.polling import eventually
from tests.rpc.identity.revoking import USER_ID, is_void, publish, revocation
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked

# Reserved (RFC 863); nothing answers there.
NOWHERE = "nats://127.0.0.1:9"


def _feed(url: str, verifier: TokenVerifier, clock: Clock | None = None) -> RevocationFeed:
    return RevocationFeed(url, verifier, clock=clock or SystemClock(), name="test-revocations")


@asynccontextmanager
async def _following(feed: RevocationFeed) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await running


async def _is_current(feed: RevocationFeed) -> bool:
    try:
        await feed.check()
    except BusUnavailable:
        return False
    return True


async def test_every_new_process_learns_what_was_revoked_before_it(nats: NatsServer, tokens: FakeTokens) -> None:
    token = tokens.issue(USER_ID)
    await publish(nats, revocation())
    for _ in range(2):
        verifier = TokenVerifier(SystemClock())
        verifier.set_keys(tokens.public_keys())
        assert not is_void(verifier, token)
        feed = _feed(nats.url, verifier)
        async with _following(feed):
            await eventually(lambda feed=feed: _is_current(feed))
            assert is_void(verifier, token)


async def test_it_looks_back_further_than_a_token_lives_but_not_to_the_beginning(
    nats: NatsServer, tokens: FakeTokens
) -> None:
    token = tokens.issue(USER_ID, lifetime_s=100_000)
    await publish(nats, revocation())
    for ahead, is_seen in ((timedelta(hours=2), False), (timedelta(hours=1), True)):
        feed = _feed(nats.url, tokens.verifier, FakeClock(SystemClock().now() + ahead))
        async with _following(feed):
            await eventually(lambda feed=feed: _is_current(feed))
            assert is_void(tokens.verifier, token) is is_seen


async def test_a_long_history_is_read_to_its_end(nats: NatsServer, tokens: FakeTokens) -> None:
    token = tokens.issue(USER_ID)
    unreadable = b"\xff\xff\xff"
    await publish(nats, *([unreadable] * 600), revocation())
    feed = _feed(nats.url, tokens.verifier)
    async with _following(feed):
        await eventually(lambda: _is_current(feed))
        assert is_void(tokens.verifier, token)


async def test_a_revocation_takes_effect_at_once_and_keeps_the_named_token(
    nats: NatsServer, tokens: FakeTokens
) -> None:
    lost, kept = tokens.issue(USER_ID, token_id="lost"), tokens.issue(USER_ID, token_id="kept")
    feed = _feed(nats.url, tokens.verifier)
    async with _following(feed):
        await eventually(lambda: _is_current(feed))
        await publish(nats, revocation(kept_token_id="kept"))
        await eventually(lambda: is_void(tokens.verifier, lost))
    assert not is_void(tokens.verifier, kept)


async def test_the_broker_keeps_nothing_for_a_reader_that_is_gone(nats: NatsServer, tokens: FakeTokens) -> None:
    await publish(nats, revocation())
    feed = _feed(nats.url, tokens.verifier)
    async with _following(feed):
        await eventually(lambda: _is_current(feed))
    session = await NatsSession.connect([nats.url], name="test")
    consumers = await session.stream.consumers_info(EVENTS.name)
    await session.close()
    assert [info.config.durable_name for info in consumers if info.config.durable_name] == []
    assert all((info.config.inactive_threshold or 0) > 0 for info in consumers)


async def test_the_feed_outlives_the_broker_and_tells_that_it_is_away(nats: NatsServer, tokens: FakeTokens) -> None:
    token = tokens.issue(USER_ID)
    feed = _feed(nats.url, tokens.verifier)
    async with _following(feed):
        await eventually(lambda: _is_current(feed))
        await nats.kill()
        await eventually(lambda: _is_away(feed))
        await nats.start()
        await nats.wipe()
        await publish(nats, revocation())
        await eventually(lambda: is_void(tokens.verifier, token))


async def _is_away(feed: RevocationFeed) -> bool:
    return not await _is_current(feed)


async def test_other_users_and_unreadable_events_change_nothing(tokens: FakeTokens) -> None:
    feed = _feed(NOWHERE, tokens.verifier)
    feed.apply(b"\xff\xff\xff")
    late = UserAccessRevoked(user_id=USER_ID)
    late.not_before.seconds = 1 << 60
    feed.apply(EventEnvelope(payload=late.SerializeToString()).SerializeToString())
    assert not is_void(tokens.verifier, tokens.issue(USER_ID))
    feed.apply(revocation())
    assert not is_void(tokens.verifier, tokens.issue(USER_ID + 1))
    assert is_void(tokens.verifier, tokens.issue(USER_ID))


async def test_without_a_broker_it_goes_on_and_stops_when_told(tokens: FakeTokens) -> None:
    feed = _feed(NOWHERE, tokens.verifier)
    async with _following(feed):
        assert await _is_away(feed)
        assert not is_void(tokens.verifier, tokens.issue(USER_ID))
