"""Forgets what nobody needs any more, so that no table grows with every login."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from kit.clock import Clock
from kit.db.uow import Units
from kit.events.waiting import wait_any
from services.auth.domain.networks import KNOWN_ADDRESS_LIFETIME
from services.auth.domain.sessions import ACCESS_TOKEN_LIFETIME
from services.auth.store.uow import AuthUnit

_BATCH = 500
_PAUSE_S = 600.0
# Twice as long as any token it may concern: verifiers look back a little further than one lives.
_REVOCATIONS_KEPT = 2 * ACCESS_TOKEN_LIFETIME
# Longer than one is tried.
_DELIVERIES_KEPT = timedelta(days=14)


class Forget(Protocol):
    """Deletes at most `limit` of what is old at a time; answers how many."""

    def __call__(self, unit: AuthUnit, now: datetime, *, limit: int) -> int: ...


def forget_sessions(unit: AuthUnit, now: datetime, *, limit: int) -> int:
    """Refresh tokens that have ended."""
    return unit.sessions.delete_expired(now, limit=limit)


def forget_revocations(unit: AuthUnit, now: datetime, *, limit: int) -> int:
    """Revocations of tokens that have all expired."""
    return unit.revocations.delete_before(now - _REVOCATIONS_KEPT, limit=limit)


def forget_counts(unit: AuthUnit, now: datetime, *, limit: int) -> int:
    """Counts whose window is over."""
    return unit.counts.delete_expired(now, limit=limit)


def forget_phone_codes(unit: AuthUnit, now: datetime, *, limit: int) -> int:
    """Codes that nobody can use any more."""
    return unit.phone_codes.delete_expired(now, limit=limit)


def forget_known_addresses(unit: AuthUnit, now: datetime, *, limit: int) -> int:
    """Addresses from which their user has not logged in for long."""
    return unit.known_addresses.delete_before(now - KNOWN_ADDRESS_LIFETIME, limit=limit)


def forget_deliveries(unit: AuthUnit, now: datetime, *, limit: int) -> int:
    """Messages to webhooks that were made long before."""
    return unit.deliveries.delete_before(now - _DELIVERIES_KEPT, limit=limit)


def forget_activities(kept: timedelta) -> Forget:
    """Activities older than they are kept."""

    def forget(unit: AuthUnit, now: datetime, *, limit: int) -> int:
        return unit.activities.delete_before(now - kept, limit=limit)

    return forget


class Sweeper:
    """Deletes in small transactions."""

    def __init__(self, units: Units[AuthUnit], clock: Clock, chores: Sequence[Forget]) -> None:
        self._units = units
        self._clock = clock
        self._chores = tuple(chores)

    async def step(self) -> int:
        """Does each chore once; answers how many rows the busiest deleted, 500 when there may be more."""
        now = self._clock.now()
        deleted = [await self._do(chore, now) for chore in self._chores]
        return max(deleted)

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until told to stop, with a pause when nothing is left to do."""
        while not stop.is_set():
            if await self.step() < _BATCH:
                await wait_any(stop, timeout_s=_PAUSE_S)

    async def _do(self, chore: Forget, now: datetime) -> int:
        return await self._units.write(lambda unit: chore(unit, now, limit=_BATCH))
