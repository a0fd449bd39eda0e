"""Lets nobody guess passwords, and nobody lock others out by guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kit.clock import Clock
from services.auth.domain.accounts import AccountKey
from services.auth.domain.counts import Count
from services.auth.domain.errors import too_many_wrong_passwords
from services.auth.domain.login_limits import LoginLimits, counts_of
from services.auth.domain.networks import (
    KNOWN_ADDRESS_LIFETIME,
    KNOWN_ADDRESSES_LIMIT,
    network_digest,
    network_of,
)
from services.auth.store.uow import AuthUnit


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login, with what it counts for."""

    counts: Sequence[Count]
    network: str


class LoginGuard:
    """Counts wrong passwords; every method works within its caller's transaction and raises RateLimited.

    An attempt is looked at before its password is verified, so that a refused one costs nothing, and once more when
    its outcome is written down: of attempts that were verified at the same time, those beyond the limit are refused
    whether they were right or not.
    """

    def __init__(self, limits: LoginLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock

    def begin(self, unit: AuthUnit, account: AccountKey, user_id: int | None, *, client_address: str) -> Attempt:
        """The attempt; `user_id` is None for an unknown account, which is treated like any other."""
        now, network = self._clock.now(), network_of(client_address)
        is_known = user_id is not None and unit.known_addresses.is_known(
            user_id, network_digest(network), since=now - KNOWN_ADDRESS_LIFETIME
        )
        attempt = Attempt(counts_of(account, network, self._limits, is_known=is_known), network)
        self._refuse(unit.counts.full_until(attempt.counts, now), now)
        return attempt

    def record_wrong(self, unit: AuthUnit, attempt: Attempt) -> None:
        """The password was wrong."""
        now = self._clock.now()
        if not unit.counts.add_one(attempt.counts, now):
            self._refuse(unit.counts.full_until(attempt.counts, now), now)

    def require_room(self, unit: AuthUnit, attempt: Attempt) -> None:
        """The password was right; nothing may be said of it when too many others were tried meanwhile."""
        now = self._clock.now()
        self._refuse(unit.counts.lock_full_until(attempt.counts, now), now)

    def record_login(self, unit: AuthUnit, attempt: Attempt, user_id: int) -> None:
        """The user, whose row is locked, is in: what they mistyped is forgotten, their address known."""
        unit.counts.delete(attempt.counts[0])
        if attempt.network:
            unit.known_addresses.remember(
                user_id, network_digest(attempt.network), now=self._clock.now(), limit=KNOWN_ADDRESSES_LIMIT
            )

    def _refuse(self, until: datetime | None, now: datetime) -> None:
        if until is not None:
            raise too_many_wrong_passwords(until - now)
