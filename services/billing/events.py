"""The events billing may emit."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.envelope import EventSource, OutboundEvent
from kit.rpc.times import timestamp_of
from services.billing.domain.cards import Card, CardBatch, Redemption
from services.billing.domain.holds import Hold, HoldState
from services.billing.domain.invites import InviteCode, InviteUse
from services.billing.domain.journal import TransactionDraft
from services.billing.domain.ledger import Balance, Entry
from services.billing.domain.packages import CreditPackage
from services.billing.domain.pricing import FeaturePrice
from services.billing.package_terms import terms_to_proto
from voxreel.billing.v1 import events_pb2


class BillingEvents:
    """Builds the events of billing; whoever calls adds them to the outbox of its transaction."""

    def __init__(self, source: EventSource) -> None:
        self._source = source

    def recharged(self, entry: Entry, validity_days: int | None) -> OutboundEvent:
        """`validity_days` as the administrator gave them."""
        payload = events_pb2.CreditsRecharged(
            user_id=entry.user_id,
            credits=entry.credits,
            balance_after=entry.balance_after,
            operator_user_id=entry.operator_user_id or 0,
            description=entry.description,
            validity_days=validity_days,
        )
        return self._source.event("evt.billing.credits.recharged", payload, user_id=entry.user_id)

    def adjusted(self, entry: Entry) -> OutboundEvent:
        payload = events_pb2.CreditsAdjusted(
            user_id=entry.user_id,
            credits=entry.credits,
            balance_after=entry.balance_after,
            operator_user_id=entry.operator_user_id or 0,
            description=entry.description,
        )
        return self._source.event("evt.billing.credits.adjusted", payload, user_id=entry.user_id)

    def expired(self, balance: Balance, draft: TransactionDraft) -> OutboundEvent:
        """The transaction that took the credits, and the balance after it."""
        assert balance.expired_time is not None, "a time is over"
        payload = events_pb2.CreditsExpired(
            user_id=balance.user_id,
            credits=max(posting.credits for posting in draft.postings),
            expire_time=timestamp_of(balance.expired_time),
        )
        return self._source.event("evt.billing.credits.expired", payload, user_id=balance.user_id)

    def invites_generated(self, invites: Sequence[InviteCode]) -> OutboundEvent:
        """Of one request, so they have one administrator and are worth the same."""
        operator_user_id = invites[0].operator_user_id
        payload = events_pb2.InviteCodesGenerated(
            operator_user_id=operator_user_id, quantity=len(invites), credits=invites[0].credits
        )
        return self._source.event("evt.billing.invites.generated", payload, user_id=operator_user_id)

    def invite_used(self, use: InviteUse) -> OutboundEvent:
        entry, invite = use.entry, use.invite
        assert invite.credits_expire_time is not None, "it was used"
        payload = events_pb2.InviteCodeUsed(
            user_id=entry.user_id,
            invite_code_id=invite.id,
            credits=entry.credits,
            balance_after=entry.balance_after,
            credits_expire_time=timestamp_of(invite.credits_expire_time),
        )
        return self._source.event("evt.billing.invite.used", payload, user_id=entry.user_id)

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

    def cards_generated(self, batch: CardBatch) -> OutboundEvent:
        payload = events_pb2.CardsGenerated(
            operator_user_id=batch.operator_user_id,
            batch_number=batch.number,
            package_key=batch.package_key,
            quantity=batch.quantity,
            credits=batch.credits,
        )
        return self._source.event("evt.billing.cards.generated", payload, user_id=batch.operator_user_id)

    def card_disabled(self, card: Card, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.CardsDisabled(
            operator_user_id=operator_user_id, batch_number=card.batch.number, card_id=card.id, disabled_cards=1
        )
        return self._source.event("evt.billing.cards.disabled", payload, user_id=operator_user_id)

    def batch_disabled(self, number: str, disabled_cards: int, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.CardsDisabled(
            operator_user_id=operator_user_id, batch_number=number, disabled_cards=disabled_cards
        )
        return self._source.event("evt.billing.cards.disabled", payload, user_id=operator_user_id)

    def card_deleted(self, card: Card, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.CardDeleted(
            operator_user_id=operator_user_id,
            batch_number=card.batch.number,
            card_id=card.id,
            package_key=card.batch.package_key,
            credits=card.batch.credits,
        )
        return self._source.event("evt.billing.card.deleted", payload, user_id=operator_user_id)

    def redeemed(self, redemption: Redemption) -> OutboundEvent:
        entry, card = redemption.entry, redemption.card
        payload = events_pb2.CardRedeemed(
            user_id=entry.user_id,
            card_id=card.id,
            package_key=card.batch.package_key,
            package_name=card.batch.package_name,
            credits=entry.credits,
            balance_after=entry.balance_after,
        )
        return self._source.event("evt.billing.card.redeemed", payload, user_id=entry.user_id)

    def price_changed(self, price: FeaturePrice, former_credits: int, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.FeaturePriceChanged(
            operator_user_id=operator_user_id,
            feature_key=price.key,
            former_credits=former_credits,
            credits=price.credits,
        )
        return self._source.event("evt.billing.feature_price.changed", payload, user_id=operator_user_id)

    def package_created(self, package: CreditPackage, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.PackageCreated(
            operator_user_id=operator_user_id,
            package_key=package.key,
            package_name=package.terms.display_name,
            credits=package.terms.credits,
            price_fen=package.terms.price_fen,
            terms=terms_to_proto(package.terms),
        )
        return self._source.event("evt.billing.package.created", payload, user_id=operator_user_id)

    def package_changed(self, package: CreditPackage, former: CreditPackage, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.PackageChanged(
            operator_user_id=operator_user_id,
            package_key=package.key,
            package_name=package.terms.display_name,
            former_credits=former.terms.credits,
            former_price_fen=former.terms.price_fen,
            credits=package.terms.credits,
            price_fen=package.terms.price_fen,
            former_terms=terms_to_proto(former.terms),
            terms=terms_to_proto(package.terms),
        )
        return self._source.event("evt.billing.package.changed", payload, user_id=operator_user_id)

    def package_deleted(self, package: CreditPackage, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.PackageDeleted(
            operator_user_id=operator_user_id,
            package_key=package.key,
            package_name=package.terms.display_name,
            terms=terms_to_proto(package.terms),
        )
        return self._source.event("evt.billing.package.deleted", payload, user_id=operator_user_id)
