"""Asks auth what was revoked, for what the broker does not bring.

One call per process and period, however many requests are served: every second while this process does not hear the
broker, and now and then while it does, in case it is auth whom the broker does not hear.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from kit.clock import Clock
from kit.errors import DomainError
from kit.events.waiting import wait_any
from kit.identity.revocations import HISTORY, RevocationFeed, apply_revocation
from kit.rpc.client import Peer
from kit.rpc.times import timestamp_of
from kit.rpc.tokens import TokenVerifier
from voxreel.common.v1 import key_service_pb2 as messages
from voxreel.common.v1 import key_service_pb2_grpc

_log = structlog.get_logger()
_PERIOD_WITHOUT_BROKER_S = 1.0
_PERIOD_S = 30.0
# What was dated before the last look, but committed after it; and clocks that differ.
_OVERLAP = timedelta(seconds=15)
_PAGES = 200


class RevocationPoll:
    """Reads revocations from auth into a verifier."""

    def __init__(self, auth: Peer, feed: RevocationFeed, verifier: TokenVerifier, *, clock: Clock) -> None:
        self._keys = auth.stub(key_service_pb2_grpc.KeyServiceStub)
        self._feed = feed
        self._verifier = verifier
        self._clock = clock
        self._seen_until: datetime | None = None
        self._failures = 0

    async def step(self) -> int:
        """One look; answers how many revocations it brought. Raises DomainError when auth cannot be asked."""
        now = self._clock.now()
        since = now - HISTORY if self._seen_until is None else self._seen_until - _OVERLAP
        request = messages.ListRevocationsRequest(since=timestamp_of(since))
        found = 0
        for _ in range(_PAGES):
            response = await self._keys.ListRevocations(request)
            for revoked in response.revocations:
                apply_revocation(self._verifier, revoked)
            found += len(response.revocations)
            if not response.next_id:
                break
            request.after_id = response.next_id
        self._seen_until = now
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until stopped. What cannot be asked now is asked again a period later."""
        waited_s = 0.0
        while not stop.is_set():
            await wait_any(stop, timeout_s=_PERIOD_WITHOUT_BROKER_S)
            waited_s += _PERIOD_WITHOUT_BROKER_S
            if self._feed.is_current and waited_s < _PERIOD_S:
                continue
            waited_s = 0.0
            await self._look()

    async def _look(self) -> None:
        try:
            await self.step()
        except DomainError as error:
            self._failures += 1
            if self._failures == 1:
                _log.warning("revocation.auth_unavailable", reason=error.reason_name)
            return
        self._failures = 0
