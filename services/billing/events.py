"""The events billing may emit."""

from __future__ import annotations

from kit.events.envelope import EventSource, OutboundEvent
from services.billing.domain.holds import Hold, HoldState
from services.billing.domain.ledger import Entry
from voxreel.billing.v1 import events_pb2


class BillingEvents:
    """Builds the events of billing; whoever calls adds them to the outbox of its transaction."""

    def __init__(self, source: EventSource) -> None:
        self._source = source

    def recharged(self, entry: Entry) -> OutboundEvent:
        payload = events_pb2.CreditsRecharged(
            user_id=entry.user_id,
            credits=entry.credits,
            balance_after=entry.balance_after,
            operator_user_id=entry.operator_user_id or 0,
            description=entry.description,
        )
        return self._source.event("evt.billing.credits.recharged", payload, user_id=entry.user_id)

    def settled(self, hold: Hold) -> OutboundEvent:
        """Captured with what was taken, or released with what was held."""
        if hold.state is HoldState.CAPTURED:
            captured = events_pb2.HoldCaptured(
                hold_id=hold.id,
                user_id=hold.user_id,
                feature_key=hold.feature_key,
                credits=hold.captured_credits,
            )
            return self._source.event("evt.billing.hold.captured", captured, user_id=hold.user_id)
        released = events_pb2.HoldReleased(
            hold_id=hold.id, user_id=hold.user_id, feature_key=hold.feature_key, credits=hold.credits
        )
        return self._source.event("evt.billing.hold.released", released, user_id=hold.user_id)
