"""What happens to holds, as plain functions of one transaction.

Each begins by locking the account of the hold's user. So two of them on one hold never interleave, and the
order of locks is the same everywhere.
"""

from __future__ import annotations

from enum import Enum, auto

from kit.clock import Clock
from kit.ids import IdSource
from services.billing.domain.errors import (
    concurrent_update,
    feature_not_found,
    hold_not_found,
    hold_released,
    request_id_reused,
)
from services.billing.domain.holds import Hold, HoldState, Reservation, open_hold, tombstone
from services.billing.domain.ledger import Balance, hold_movement, settle_movement
from services.billing.events import BillingEvents
from services.billing.store.uow import BillingUnit
from services.billing.usecases.fingerprint import fingerprint

_NOT_DONE = "任务未完成，退还积分"
_PARTLY_USED = "实际用量较少，退还积分"
_EXPIRED = "预扣超时，退还积分"


class TaskOutcome(Enum):
    """How a task ended."""

    SUCCEEDED = auto()
    NOT_DONE = auto()


class Settlement(Enum):
    """What the end of a task did to its hold."""

    SETTLED = auto()
    REPEATED = auto()
    # There was no hold; now a tombstone keeps one from being made.
    BURIED = auto()
    # The hold had been settled the other way.
    CONTRADICTED = auto()


class HoldBook:
    """Reserves and settles."""

    def __init__(self, events: BillingEvents, clock: Clock, ids: IdSource) -> None:
        self._events = events
        self._clock = clock
        self._ids = ids

    def reserve(self, unit: BillingUnit, reservation: Reservation) -> Hold:
        """Holds credits, or answers the hold the same request made before.

        Raises NotFound (FEATURE_NOT_FOUND), InsufficientCredits, Precondition (HOLD_SETTLED) when the credits
        were given back already, Invalid (IDEMPOTENCY_KEY_REUSED).
        """
        balance = unit.ledger.lock(reservation.user_id)
        input_hash = _input_hash(reservation)
        known = unit.holds.find_by_request(reservation.request_id)
        if known is not None:
            return _repeated(*known, input_hash)
        price = unit.prices.find(reservation.feature_key)
        if price is None:
            raise feature_not_found()
        credits = price.credits if reservation.credits is None else reservation.credits
        now = self._clock.now()
        hold = open_hold(self._ids.random("hold_"), reservation, credits=credits, now=now)
        description = reservation.description or f"{price.display_name}消耗积分"
        movement = hold_movement(balance, hold, description)
        if not unit.holds.add(hold, input_hash=input_hash):
            # Somebody else's request with this id came in between; the lock is per user.
            raise request_id_reused()
        unit.ledger.apply(movement, now)
        return hold

    def capture(self, unit: BillingUnit, hold_id: str, credits: int | None) -> Hold:
        """Takes held credits, all of them when None; a hold captured before is answered as it is.

        Raises NotFound (HOLD_NOT_FOUND), Precondition (HOLD_SETTLED), Invalid (FIELD_INVALID).
        """
        balance, hold = self._locked(unit, hold_id)
        settled = hold.captured(credits, self._clock.now())
        return self._settle(unit, balance, hold=hold, settled=settled, description=_PARTLY_USED)

    def release(self, unit: BillingUnit, hold_id: str) -> Hold:
        """Gives held credits back; a hold released before is answered as it is.

        Raises NotFound (HOLD_NOT_FOUND), Precondition (HOLD_SETTLED).
        """
        balance, hold = self._locked(unit, hold_id)
        settled = hold.released(self._clock.now())
        return self._settle(unit, balance, hold=hold, settled=settled, description=_NOT_DONE)

    def expire(self, unit: BillingUnit, hold_id: str) -> bool:
        """Gives back a hold past its time. False when it has been settled meanwhile."""
        balance, hold = self._locked(unit, hold_id)
        if hold.state is not HoldState.OPEN:
            return False
        settled = hold.released(self._clock.now())
        self._settle(unit, balance, hold=hold, settled=settled, description=_EXPIRED)
        return True

    def end_task(self, unit: BillingUnit, task_id: str, *, user_id: int, outcome: TaskOutcome) -> Settlement:
        """Captures or releases the hold of a task that has ended."""
        first_seen = unit.holds.find_by_request(task_id)
        balance = unit.ledger.lock(user_id if first_seen is None else first_seen[0].user_id)
        # Read again: whoever had the lock may have made or settled it.
        known = unit.holds.find_by_request(task_id)
        now = self._clock.now()
        if known is None:
            stone = tombstone(self._ids.random("hold_"), task_id, user_id=user_id, now=now)
            if not unit.holds.add(stone, input_hash=""):
                raise concurrent_update()
            return Settlement.BURIED
        hold = known[0]
        wanted = HoldState.CAPTURED if outcome is TaskOutcome.SUCCEEDED else HoldState.RELEASED
        if hold.state is not HoldState.OPEN:
            return Settlement.REPEATED if hold.state is wanted else Settlement.CONTRADICTED
        settled = hold.captured(None, now) if wanted is HoldState.CAPTURED else hold.released(now)
        self._settle(unit, balance, hold=hold, settled=settled, description=_NOT_DONE)
        return Settlement.SETTLED

    def _locked(self, unit: BillingUnit, hold_id: str) -> tuple[Balance, Hold]:
        hold = unit.holds.find(hold_id)
        if hold is None:
            raise hold_not_found()
        balance = unit.ledger.lock(hold.user_id)
        # Read again: whoever had the lock may have settled it.
        fresh = unit.holds.find(hold_id)
        assert fresh is not None, "holds are never deleted"
        return balance, fresh

    def _settle(self, unit: BillingUnit, balance: Balance, *, hold: Hold, settled: Hold, description: str) -> Hold:
        if settled is hold:
            return hold
        now = settled.settle_time or self._clock.now()
        unit.holds.settle(settled)
        unit.ledger.apply(settle_movement(balance, settled, description), now)
        unit.outbox.add(self._events.settled(settled))
        return settled


def _input_hash(reservation: Reservation) -> str:
    return fingerprint(
        reservation.user_id,
        reservation.feature_key,
        reservation.credits,
        reservation.description,
        reservation.expires_in.total_seconds(),
    )


def _repeated(hold: Hold, known_hash: str, input_hash: str) -> Hold:
    if known_hash and known_hash != input_hash:
        raise request_id_reused()
    if hold.state is HoldState.RELEASED:
        raise hold_released()
    return hold
