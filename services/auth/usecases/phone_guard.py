"""Lets nobody guess codes, flood a phone with messages, or use up the codes of somebody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kit.clock import Clock
from kit.errors import RateLimited
from services.auth.domain.counts import Count
from services.auth.domain.errors import too_many_codes, too_many_wrong_codes
from services.auth.domain.networks import KNOWN_ADDRESS_LIFETIME, KNOWN_ADDRESSES_LIMIT, network_digest
from services.auth.domain.phone_limits import PhoneLimits, counts_of_code, counts_of_wrong_code
from services.auth.domain.users import User
from services.auth.store.uow import AuthUnit


class PhoneGuard:
    """Every method works within its caller's transaction, which is to be undone when it raises RateLimited."""

    def __init__(self, limits: PhoneLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock

    def admit_code(self, unit: AuthUnit, phone_digest: str, network: str, *, user: User | None) -> None:
        """Counts a code that is about to be sent."""
        now = self._clock.now()
        is_known = self._is_known(unit, user, network)
        counts = counts_of_code(phone_digest, network, self._limits, is_known=is_known)
        _refuse(unit.counts.lock_full_until(counts, now), now, too_many_codes)
        if not unit.counts.add_one(counts, now):
            # Others counted at the same time, before there was a row to lock.
            _refuse(unit.counts.full_until(counts, now), now, too_many_codes)

    def admit_try(self, unit: AuthUnit, network: str, *, user: User | None) -> Sequence[Count]:
        """What the try counts for if it is wrong."""
        now = self._clock.now()
        counts = counts_of_wrong_code(network, self._limits, is_known=self._is_known(unit, user, network))
        _refuse(unit.counts.lock_full_until(counts, now), now, too_many_wrong_codes)
        return counts

    def record_wrong(self, unit: AuthUnit, counts: Sequence[Count]) -> None:
        """The code was wrong. Tries that were made at the same time may exceed the limit of the address."""
        unit.counts.add_one(counts, self._clock.now())

    def record_login(self, unit: AuthUnit, network: str, user_id: int) -> None:
        """The user, whose row is locked, is in: their address is known."""
        if network:
            digest = network_digest(network)
            unit.known_addresses.remember(user_id, digest, now=self._clock.now(), limit=KNOWN_ADDRESSES_LIMIT)

    def _is_known(self, unit: AuthUnit, user: User | None, network: str) -> bool:
        # Also asked for nobody, so that it takes as long.
        user_id = 0 if user is None else user.id
        since = self._clock.now() - KNOWN_ADDRESS_LIFETIME
        return unit.known_addresses.is_known(user_id, network_digest(network), since=since)


def _refuse(until: datetime | None, now: datetime, refusal: Callable[[timedelta], RateLimited]) -> None:
    if until is not None:
        raise refusal(until - now)
