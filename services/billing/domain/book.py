"""What a command does to the ledger: state in, decision out. Nothing here reads or writes anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import TypeAlias

from kit.errors import DomainError, InsufficientCredits
from kit.values import value
from services.billing.domain import movements
from services.billing.domain.adjustments import Adjust, Adjustment
from services.billing.domain.cards import Card, RedeemCard
from services.billing.domain.commands import (
    Capture,
    Command,
    EndTask,
    ExpireCredits,
    ExpireHold,
    Release,
    Settlement,
    TaskOutcome,
)
from services.billing.domain.errors import (
    card_not_found,
    feature_not_found,
    hold_not_found,
    hold_released,
    invite_code_not_found,
    request_id_reused,
)
from services.billing.domain.guesses import Guesses
from services.billing.domain.holds import Hold, HoldState, Reservation, open_hold, tombstone
from services.billing.domain.invites import INVITE_VALIDITY_DAYS, InviteCode, UseInvite
from services.billing.domain.journal import TransactionDraft, TransactionKind, adjust_key, recharge_key
from services.billing.domain.ledger import Balance, Recharge
from services.billing.domain.pricing import VOICE_SYNTHESIS, FeaturePrice
from voxreel.common.v1 import error_reason_pb2 as reasons

_WRONG_CODE = frozenset({reasons.ERROR_REASON_CARD_NOT_FOUND, reasons.ERROR_REASON_INVITE_CODE_NOT_FOUND})


@value
class Recharged:
    """Credits were added under this request key, now or before."""

    request_key: str


@value
class Redeemed:
    """The card was redeemed by this request, now or before."""

    card: Card


@value
class Invited:
    """The invite code was used by this request, now or before."""

    invite: InviteCode


Answer: TypeAlias = Hold | Settlement | Recharged | Adjustment | Redeemed | Invited


@value
class Decision:
    """The answer to a command, and every change it makes; none for a repeated command.

    `balance` is the user's after the change, `opened` a new hold (or a tombstone), `settled` a known hold that now
    is settled, `redeemed` a card and `invited` an invite code that now is used, `adjusted` an adjustment to remember,
    `applied_event` the event that must never be applied again. `draft` is the transaction, after which all credits are
    good for `validity_days`, and `expired` a second one that takes what came back too late.
    """

    answer: Answer
    balance: Balance | None = None
    opened: Hold | None = None
    settled: Hold | None = None
    redeemed: Card | None = None
    invited: InviteCode | None = None
    adjusted: Adjustment | None = None
    draft: TransactionDraft | None = None
    validity_days: int | None = None
    expired: TransactionDraft | None = None
    applied_event: str | None = None

    @property
    def drafts(self) -> Iterator[TransactionDraft]:
        """Its transactions, in their order."""
        return (draft for draft in (self.draft, self.expired) if draft is not None)


@dataclass(slots=True)
class LedgerState:
    """What is known of the ledger: at least what the commands are about. A user without an account has nothing.

    `claims` maps request keys of recharges to their input hashes, `adjustments` request keys to what was done under
    them; `cards` and `invites` are by code, `guesses` by user.
    """

    balances: dict[int, Balance] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    holds_by_request: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    cards_by_request: dict[str, Card] = field(default_factory=dict)
    invites: dict[str, InviteCode] = field(default_factory=dict)
    invites_by_request: dict[str, InviteCode] = field(default_factory=dict)
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    guesses: dict[int, Guesses] = field(default_factory=dict)
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

    def add_invites(self, invites: Iterable[InviteCode]) -> None:
        for invite in invites:
            self.invites[invite.code] = invite
            if invite.use_key is not None:
                self.invites_by_request[invite.use_key] = invite

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
        if decision.invited is not None:
            self.add_invites([decision.invited])
        if decision.adjusted is not None:
            self.adjustments[decision.adjusted.request_key] = decision.adjusted
        if decision.draft is not None and decision.draft.kind is TransactionKind.RECHARGE:
            self.claims[decision.draft.request_key] = decision.draft.input_hash
        if decision.applied_event is not None:
            self.applied_events.add(decision.applied_event)

    def time(self, now: datetime) -> datetime:
        """The time of what is decided now: never before the last expiry of anybody, whatever the clocks of replicas
        say, so that what is held after it is told from what was held before."""
        return max(now, *(balance.expired_time or now for balance in self.balances.values())) if self.balances else now

    def expire_overdue(self, now: datetime) -> list[Decision]:
        """Takes the credits whose time is over, from everybody who is known. Comes before everything else."""
        overdue = [balance for balance in self.balances.values() if balance.is_overdue(now)]
        expired = [_expire_credits(balance, now) for balance in sorted(overdue, key=attrgetter("user_id"))]
        for decision in expired:
            self.apply(decision)
        return expired

    def count_guess(self, command: Command, refusal: DomainError, now: datetime) -> None:
        """Remembers a wrong code against the user. One that was right once and is used up by now tells nothing about
        others, so it does not count."""
        if isinstance(command, RedeemCard | UseInvite) and refusal.reason in _WRONG_CODE:
            former = self.guesses.get(command.user_id, Guesses(command.user_id, now, 0))
            self.guesses[command.user_id] = former.one_more(now)


def decide(state: LedgerState, command: Command, *, now: datetime, new_hold_id: Callable[[], str]) -> Decision:
    """What the command does now. Raises DomainError for a refusal; then nothing changes.

    Nobody whom the command is about is overdue any more (`LedgerState.expire_overdue`).
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
            return _expire_hold(state, state.hold(hold_id), now)
        case EndTask():
            return _end_task(state, command, now=now, new_hold_id=new_hold_id)
        case Recharge():
            return _recharge(state, command, now)
        case Adjust():
            return _adjust(state, command, now)
        case RedeemCard():
            return _redeem(state, command, now)
        case UseInvite():
            return _use_invite(state, command, now)
        case ExpireCredits():
            return Decision(Settlement.REPEATED)


def _reserve(
    state: LedgerState, reservation: Reservation, *, now: datetime, new_hold_id: Callable[[], str]
) -> Decision:
    known = state.hold_of_request(reservation.request_id)
    if known is not None:
        return Decision(_repeated(known, reservation))
    credits, feature_name = _priced(state, reservation)
    balance = state.balance(reservation.user_id)
    if balance.available < credits:
        raise InsufficientCredits(required=credits, available=balance.available)
    hold = open_hold(new_hold_id(), reservation, credits=credits, now=now)
    if not credits:
        return Decision(hold, opened=hold)
    movement = movements.reserve(balance, hold, reservation.description or f"{feature_name}消耗积分")
    return Decision(hold, balance=movement.balance, opened=hold, draft=movement.draft)


def _priced(state: LedgerState, reservation: Reservation) -> tuple[int, str]:
    """What is to be held, and the name of the feature."""
    if reservation.feature_key == VOICE_SYNTHESIS and reservation.credits is not None:
        return reservation.credits, "语音生成"
    price = state.prices.get(reservation.feature_key)
    if price is None:
        raise feature_not_found()
    return price.credits if reservation.credits is None else reservation.credits, price.display_name


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
    movement = movements.settle(state.balance(hold.user_id), settled, kind)
    decision = Decision(answer, balance=movement.balance, settled=settled, draft=movement.draft)
    expired_time = movement.balance.expired_time
    is_late = expired_time is not None and hold.create_time < expired_time
    if not is_late or settled.credits == settled.captured_credits:
        return decision
    taken = movements.expire_returned(movement.balance, settled, settled.settle_time)
    return replace(decision, balance=taken.balance, expired=taken.draft)


def _expire_hold(state: LedgerState, hold: Hold, now: datetime) -> Decision:
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


def _expire_credits(balance: Balance, now: datetime) -> Decision:
    if not balance.available:
        return Decision(Settlement.SETTLED, balance=balance.lapsed())
    movement = movements.expire(balance, now)
    return Decision(Settlement.SETTLED, balance=movement.balance, expired=movement.draft)


def _recharge(state: LedgerState, recharge: Recharge, now: datetime) -> Decision:
    key, input_hash = recharge_key(recharge.operator_user_id, recharge.request_id), recharge.input_hash()
    claimed = state.claims.get(key)
    if claimed is not None:
        if claimed != input_hash:
            raise request_id_reused()
        return Decision(Recharged(key))
    movement = movements.recharge(state.balance(recharge.user_id), recharge, now)
    return Decision(
        Recharged(key), balance=movement.balance, draft=movement.draft, validity_days=movement.validity_days
    )


def _adjust(state: LedgerState, asked: Adjust, now: datetime) -> Decision:
    key = adjust_key(asked.operator_user_id, asked.request_id)
    known = state.adjustments.get(key)
    if known is not None:
        if known.input_hash() != asked.input_hash():
            raise request_id_reused()
        return Decision(known)
    balance = state.balance(asked.user_id)
    gain = asked.gain(balance.available)
    adjustment = Adjustment(
        key,
        asked.user_id,
        asked.operation,
        asked.credits,
        asked.description,
        balance_before=balance.available,
        balance_after=balance.available + gain,
        create_time=now,
    )
    if not gain:
        return Decision(adjustment, adjusted=adjustment)
    movement = movements.adjust(balance, asked, gain=gain, now=now)
    return Decision(adjustment, balance=movement.balance, adjusted=adjustment, draft=movement.draft)


def _redeem(state: LedgerState, redemption: RedeemCard, now: datetime) -> Decision:
    known = state.cards_by_request.get(redemption.redeem_key)
    if known is not None:
        if known.code != redemption.code:
            raise request_id_reused()
        return Decision(Redeemed(known))
    _check_guesses(state, redemption.user_id, now)
    found = state.cards.get(redemption.code)
    if found is None:
        raise card_not_found()
    card = found.redeemed(redemption, now)
    balance = state.balance(redemption.user_id)
    movement = movements.redeem_card(balance, card, redemption=redemption, now=now)
    return Decision(Redeemed(card), balance=movement.balance, redeemed=card, draft=movement.draft)


def _use_invite(state: LedgerState, use: UseInvite, now: datetime) -> Decision:
    known = state.invites_by_request.get(use.use_key)
    if known is not None:
        if known.code != use.code:
            raise request_id_reused()
        return Decision(Invited(known))
    _check_guesses(state, use.user_id, now)
    found = state.invites.get(use.code)
    if found is None:
        raise invite_code_not_found()
    balance = state.balance(use.user_id)
    expire_time = balance.valid_for(INVITE_VALIDITY_DAYS, now).expire_time
    invite = found.used(use, now=now, credits_expire_time=expire_time)
    movement = movements.use_invite(balance, invite, use=use, now=now)
    return Decision(
        Invited(invite),
        balance=movement.balance,
        invited=invite,
        draft=movement.draft,
        validity_days=movement.validity_days,
    )


def _check_guesses(state: LedgerState, user_id: int, now: datetime) -> None:
    guesses = state.guesses.get(user_id)
    if guesses is not None:
        guesses.check(now)
