"""What a recharge does, as a plain function of one transaction."""

from __future__ import annotations

from kit.clock import Clock
from services.billing.domain.errors import request_id_reused
from services.billing.domain.ledger import Entry, Recharge, recharge_movement
from services.billing.events import BillingEvents
from services.billing.store.idempotency import DoneRequest
from services.billing.store.uow import BillingUnit
from services.billing.usecases.fingerprint import fingerprint


class RechargeBook:
    """Adds credits by an administrator's hand."""

    def __init__(self, events: BillingEvents, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    def add(self, unit: BillingUnit, recharge: Recharge) -> Entry:
        """The entry; a request done before is answered as it was then.

        Raises Invalid (IDEMPOTENCY_KEY_REUSED), Precondition (CREDITS_LIMIT_EXCEEDED).
        """
        # One administrator's requests may race on two users: the idempotency row is what decides then.
        balance = unit.ledger.lock(recharge.user_id)
        scope = f"recharge:{recharge.operator_user_id}"
        input_hash = fingerprint(recharge.user_id, recharge.credits, recharge.description)
        done = unit.idempotency.find(scope, recharge.request_id)
        if done is not None:
            return _repeated(unit, done, input_hash)
        now = self._clock.now()
        entry = unit.ledger.apply(recharge_movement(balance, recharge), now)
        assert entry is not None, "a recharge always has an entry"
        if not unit.idempotency.add(scope, recharge.request_id, done=DoneRequest(input_hash, entry.id), now=now):
            raise request_id_reused()
        unit.outbox.add(self._events.recharged(entry))
        return entry


def _repeated(unit: BillingUnit, done: DoneRequest, input_hash: str) -> Entry:
    if done.input_hash != input_hash:
        raise request_id_reused()
    entry = unit.ledger.find_entry(done.entry_id)
    assert entry is not None, "entries are never deleted"
    return entry
