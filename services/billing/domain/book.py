"""What a command does to the ledger: state in, decision out. Nothing here reads or writes anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from kit.errors import InsufficientCredits
from services.billing.domain.cards import Card, RedeemCard, describe
from services.billing.domain.commands import Capture, Command, EndTask, ExpireHold, Release, Settlement, TaskOutcome
from services.billing.domain.errors import (
    card_not_found,
    credits_limit_exceeded,
    feature_not_found,
    hold_not_found,
    hold_released,
    request_id_reused,
)
from services.billing.domain.holds import Hold, HoldState, Reservation, open_hold, tombstone
from services.billing.domain.journal import (
    Posting,
    SystemAccount,
    TransactionDraft,
    TransactionKind,
    card_key,
    held_account,
    recharge_key,
    reserve_key,
    settle_key,
    spendable_account,
)
from services.billing.domain.ledger import Balance, Recharge
from services.billing.domain.limits import CREDITS_LIMIT
from services.billing.domain.pricing import FeaturePrice

_NOT_DONE = "任务未完成，退还积分"
_PARTLY_USED = "实际用量较少，退还积分"
_EXPIRED = "预扣超时，退还积分"


@dataclass(frozen=True, slots=True)
class Recharged:
    """Credits were added under this request key, now or before."""

    request_key: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The card was redeemed by this request, now or before."""

    card: Card


Answer: TypeAlias = Hold | Settlement | Recharged | Redeemed


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a command, and every change it makes; none for a repeated command.

    `balance` is the user's after the change, `opened` a new hold (or a tombstone), `settled` a known hold that now
    is settled, `redeemed` a card that now is used, `applied_event` the event that must never be applied again.
    """

    answer: Answer
    balance: Balance | None = None
    opened: Hold | None = None
    settled: Hold | None = None
    redeemed: Card | None = None
    draft: TransactionDraft | None = None
    applied_event: str | None = None


@dataclass(slots=True)
class LedgerState:
    """What is known of the ledger: at least what the commands are about. A user without an account has nothing.

    `claims` maps request keys of recharges to their input hashes, `cards` codes to cards.
    """

    balances: dict[int, Balance] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    holds_by_request: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    cards_by_request: dict[str, Card] = field(default_factory=dict)
    applied_events: set[str] = field(default_factory=set)
    prices: Mapping[str, FeaturePrice] = field(default_factory=dict)

    def add_holds(self, holds: Iterable[Hold]) -> None:
        for hold in holds:
            self.holds[hold.id] = hold
            self.holds_by_request[hold.request_id] = hold.id

    def add_cards(self, cards: Iterable[Card]) -> None:
        for card in cards:
            self.cards[card.code] = card
            if card.redeem_key is not None:
                self.cards_by_request[card.redeem_key] = card

    def balance(self, user_id: int) -> Balance:
        return self.balances.get(user_id) or Balance(user_id)

    def hold(self, hold_id: str) -> Hold:
        """Raises NotFound."""
        hold = self.holds.get(hold_id)
        if hold is None:
            raise hold_not_found()
        return hold

    def hold_of_request(self, request_id: str) -> Hold | None:
        hold_id = self.holds_by_request.get(request_id)
        return None if hold_id is None else self.holds[hold_id]

    def apply(self, decision: Decision) -> None:
        """Makes the changes, so that the next command sees them."""
        if decision.balance is not None:
            self.balances[decision.balance.user_id] = decision.balance
        self.add_holds(hold for hold in (decision.opened, decision.settled) if hold is not None)
        if decision.redeemed is not None:
            self.add_cards([decision.redeemed])
        if decision.draft is not None and decision.draft.kind is TransactionKind.RECHARGE:
            self.claims[decision.draft.request_key] = decision.draft.input_hash
        if decision.applied_event is not None:
            self.applied_events.add(decision.applied_event)


def decide(state: LedgerState, command: Command, *, now: datetime, new_hold_id: Callable[[], str]) -> Decision:
    """What the command does now. Raises DomainError for a refusal; then nothing changes.

    Commands are checked already (`services.billing.domain.commands.check`).
    """
    match command:
        case Reservation():
            return _reserve(state, command, now=now, new_hold_id=new_hold_id)
        case Capture(hold_id, credits):
            hold = state.hold(hold_id)
            captured = hold.captured(credits, now)
            return _settle(state, hold, captured, kind=TransactionKind.CAPTURE, answer=captured)
        case Release(hold_id):
            hold = state.hold(hold_id)
            released = hold.released(now)
            return _settle(state, hold, released, kind=TransactionKind.RELEASE, answer=released)
        case ExpireHold(hold_id):
            return _expire(state, state.hold(hold_id), now)
        case EndTask():
            return _end_task(state, command, now=now, new_hold_id=new_hold_id)
        case Recharge():
            return _recharge(state, command, now)
        case RedeemCard():
            return _redeem(state, command, now)


def _reserve(
    state: LedgerState, reservation: Reservation, *, now: datetime, new_hold_id: Callable[[], str]
) -> Decision:
    known = state.hold_of_request(reservation.request_id)
    if known is not None:
        return Decision(_repeated(known, reservation))
    price = state.prices.get(reservation.feature_key)
    if price is None:
        raise feature_not_found()
    credits = price.credits if reservation.credits is None else reservation.credits
    balance = state.balance(reservation.user_id)
    if balance.available < credits:
        raise InsufficientCredits(required=credits, available=balance.available)
    hold = open_hold(new_hold_id(), reservation, credits=credits, now=now)
    if not credits:
        return Decision(hold, opened=hold)
    after = balance.moved(available=-credits, held=credits)
    draft = TransactionDraft(
        TransactionKind.RESERVE,
        reserve_key(hold.request_id),
        hold.input_hash,
        reservation.description or f"{price.display_name}消耗积分",
        now,
        (
            Posting(spendable_account(hold.user_id), -credits, after.available),
            Posting(held_account(hold.user_id), credits, after.held),
        ),
        hold_id=hold.id,
        feature_key=hold.feature_key,
    )
    return Decision(hold, balance=after, opened=hold, draft=draft)


def _repeated(hold: Hold, reservation: Reservation) -> Hold:
    # A tombstone has no input: it stands for whatever was going to be asked.
    if hold.input_hash and hold.input_hash != reservation.input_hash():
        raise request_id_reused()
    if hold.state is HoldState.RELEASED:
        raise hold_released()
    return hold


def _settle(
    state: LedgerState, hold: Hold, settled: Hold, *, kind: TransactionKind, answer: Hold | Settlement
) -> Decision:
    if settled is hold:
        return Decision(answer)
    assert settled.settle_time is not None, "it was settled just now"
    if not hold.credits:
        return Decision(answer, settled=settled)
    returned = settled.credits - settled.captured_credits
    after = state.balance(hold.user_id).moved(available=returned, held=-settled.credits)
    postings = [Posting(held_account(hold.user_id), -settled.credits, after.held)]
    if returned:
        postings.append(Posting(spendable_account(hold.user_id), returned, after.available))
    if settled.captured_credits:
        postings.append(Posting(SystemAccount.CONSUMPTION.value, settled.captured_credits))
    draft = TransactionDraft(
        kind,
        settle_key(hold.id),
        "",
        _why_returned(kind) if returned else "",
        settled.settle_time,
        tuple(postings),
        hold_id=hold.id,
        feature_key=hold.feature_key,
    )
    return Decision(answer, balance=after, settled=settled, draft=draft)


def _why_returned(kind: TransactionKind) -> str:
    match kind:
        case TransactionKind.CAPTURE:
            return _PARTLY_USED
        case TransactionKind.EXPIRE_HOLD:
            return _EXPIRED
        case _:
            return _NOT_DONE


def _expire(state: LedgerState, hold: Hold, now: datetime) -> Decision:
    if hold.state is not HoldState.OPEN or hold.expire_time > now:
        return Decision(Settlement.REPEATED)
    released = hold.released(now)
    return _settle(state, hold, released, kind=TransactionKind.EXPIRE_HOLD, answer=Settlement.SETTLED)


def _end_task(state: LedgerState, end: EndTask, *, now: datetime, new_hold_id: Callable[[], str]) -> Decision:
    if end.event_id in state.applied_events:
        return Decision(Settlement.REPEATED)
    hold = state.hold_of_request(end.task_id)
    if hold is None:
        stone = tombstone(new_hold_id(), end.task_id, user_id=end.user_id, now=now)
        return Decision(Settlement.BURIED, opened=stone, applied_event=end.event_id)
    has_succeeded = end.outcome is TaskOutcome.SUCCEEDED
    if hold.state is not HoldState.OPEN:
        is_wanted = hold.state is (HoldState.CAPTURED if has_succeeded else HoldState.RELEASED)
        known = Settlement.REPEATED if is_wanted else Settlement.CONTRADICTED
        return Decision(known, applied_event=end.event_id)
    settled = hold.captured(None, now) if has_succeeded else hold.released(now)
    kind = TransactionKind.CAPTURE if has_succeeded else TransactionKind.RELEASE
    decision = _settle(state, hold, settled, kind=kind, answer=Settlement.SETTLED)
    return replace(decision, applied_event=end.event_id)


def _recharge(state: LedgerState, recharge: Recharge, now: datetime) -> Decision:
    key, input_hash = recharge_key(recharge.operator_user_id, recharge.request_id), recharge.input_hash()
    claimed = state.claims.get(key)
    if claimed is not None:
        if claimed != input_hash:
            raise request_id_reused()
        return Decision(Recharged(key))
    after = _grown(state.balance(recharge.user_id), recharge.credits)
    draft = TransactionDraft(
        TransactionKind.RECHARGE,
        key,
        input_hash,
        recharge.description,
        now,
        (
            Posting(SystemAccount.GRANTS.value, -recharge.credits),
            Posting(spendable_account(recharge.user_id), recharge.credits, after.available),
        ),
        operator_user_id=recharge.operator_user_id,
    )
    return Decision(Recharged(key), balance=after, draft=draft)


def _redeem(state: LedgerState, redemption: RedeemCard, now: datetime) -> Decision:
    known = state.cards_by_request.get(redemption.redeem_key)
    if known is not None:
        if known.code != redemption.code:
            raise request_id_reused()
        return Decision(Redeemed(known))
    found = state.cards.get(redemption.code)
    if found is None:
        raise card_not_found()
    card = found.redeemed(redemption, now)
    credits = card.batch.credits
    after = _grown(state.balance(redemption.user_id), credits)
    draft = TransactionDraft(
        TransactionKind.REDEEM_CARD,
        card_key(card.id),
        redemption.input_hash(),
        describe(card),
        now,
        (
            Posting(SystemAccount.CARDS.value, -credits),
            Posting(spendable_account(redemption.user_id), credits, after.available),
        ),
    )
    return Decision(Redeemed(card), balance=after, redeemed=card, draft=draft)


def _grown(balance: Balance, credits: int) -> Balance:
    # What is held counts, since it may return.
    if balance.available + balance.held + credits >= CREDITS_LIMIT:
        raise credits_limit_exceeded()
    return balance.moved(available=credits, held=0)
