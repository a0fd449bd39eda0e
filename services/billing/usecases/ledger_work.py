"""What a group of commands does in one database transaction.

Locks are taken in one order everywhere: cards by id, then invite codes by id, then the head of the chain. The lock of a
card or an invite code guards its state; the head's lock guards all else that commands change: balances, holds, wrong
codes, requests for codes and the journal. So whoever has the head is alone, as every writer is on SQLite, and waits for
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias

from kit.errors import DomainError
from kit.events.envelope import OutboundEvent
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.values import value
from services.billing.domain.adjustments import Adjust, Adjusted, Adjustment
from services.billing.domain.book import Decision, Invited, LedgerState, Recharged, Redeemed, decide
from services.billing.domain.cards import Card, RedeemCard, Redemption
from services.billing.domain.commands import (
    Capture,
    Command,
    EndTask,
    ExpireCredits,
    ExpireHold,
    Release,
    Settlement,
)
from services.billing.domain.guesses import Guesses
from services.billing.domain.holds import Hold, Reservation
from services.billing.domain.invites import InviteCode, InviteUse, UseInvite
from services.billing.domain.journal import (
    ChainHead,
    Transaction,
    adjust_key,
    card_key,
    entry_of,
    invite_key,
    recharge_key,
    sealed,
)
from services.billing.domain.ledger import Balance, Entry, Recharge
from services.billing.events import BillingEvents
from services.billing.store.uow import BillingUnit

# The name under which the ends of tasks are received, and remembered as applied.
SETTLEMENT_CONSUMER: Final = "billing--settlement"

Result: TypeAlias = Hold | Settlement | Entry | Adjusted | Redemption | InviteUse | DomainError
"""What a command ends with. A refusal is a value, so that it is nobody else's."""


@value
class Submission:
    """A command, and the call that asks for it."""

    command: Command
    call: CallContext


@dataclass(slots=True)
class _Ids:
    """What a group is about."""

    user_ids: set[int] = field(default_factory=set)
    hold_ids: list[str] = field(default_factory=list)
    task_ids: list[str] = field(default_factory=list)
    reservation_ids: list[str] = field(default_factory=list)
    request_keys: list[str] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)
    card_codes: list[str] = field(default_factory=list)
    redeem_keys: list[str] = field(default_factory=list)
    invite_codes: list[str] = field(default_factory=list)
    use_keys: list[str] = field(default_factory=list)
    adjust_keys: list[str] = field(default_factory=list)

    def add(self, command: Command) -> None:
        match command:
            case Reservation():
                self.user_ids.add(command.user_id)
                self.reservation_ids.append(command.request_id)
            case Capture(hold_id) | Release(hold_id) | ExpireHold(hold_id):
                self.hold_ids.append(hold_id)
            case EndTask():
                self.user_ids.add(command.user_id)
                self.task_ids.append(command.task_id)
                self.event_ids.append(command.event_id)
            case Recharge():
                self.user_ids.add(command.user_id)
                self.request_keys.append(recharge_key(command.operator_user_id, command.request_id))
            case RedeemCard():
                self.user_ids.add(command.user_id)
                self.card_codes.append(command.code)
                self.redeem_keys.append(command.redeem_key)
            case UseInvite():
                self.user_ids.add(command.user_id)
                self.invite_codes.append(command.code)
                self.use_keys.append(command.use_key)
            case Adjust():
                self.user_ids.add(command.user_id)
                self.adjust_keys.append(adjust_key(command.operator_user_id, command.request_id))
            case ExpireCredits(user_id):
                self.user_ids.add(user_id)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The state under locks, the balances and the wrong codes as they were, and what former requests wrote."""

    head: ChainHead
    state: LedgerState
    before: Mapping[int, Balance]
    guesses: Mapping[int, Guesses]
    claimed: dict[str, Transaction]


class LedgerWork:
    """Runs groups. What it does is decided by `services.billing.domain.book` alone."""

    def __init__(self, events: BillingEvents, *, new_hold_id: Callable[[], str]) -> None:
        self._events = events
        self._new_hold_id = new_hold_id

    def run(self, unit: BillingUnit, group: Sequence[Submission], now: datetime) -> list[Result]:
        """The results in the order of the group. Raises what the database raises, and Conflict when somebody
        else came in between; then nothing of the group is done."""
        with unit.pipelined():
            loaded = _load(unit, [submission.command for submission in group])
            now = loaded.state.time(now)
            expired = loaded.state.expire_overdue(now)
            decided = [self._decided(loaded.state, submission.command, now) for submission in group]
            made = [(asked, one) for asked, one in zip(group, decided, strict=True) if isinstance(one, Decision)]
            decisions = [*expired, *(decision for _, decision in made)]
            _write(unit, loaded, decisions)
            transactions = _append(unit, decisions, loaded.head)
            unit.outbox.add_all([*self._told_of_expiry(decisions), *self._told(made, transactions)])
        by_key = loaded.claimed | transactions
        return [one if isinstance(one, DomainError) else _result(one, by_key) for one in decided]

    def _decided(self, state: LedgerState, command: Command, now: datetime) -> Decision | DomainError:
        try:
            decision = decide(state, command, now=now, new_hold_id=self._new_hold_id)
        except DomainError as refusal:
            state.count_guess(command, refusal, now)
            return refusal
        state.apply(decision)
        return decision

    def _told(
        self, made: Sequence[tuple[Submission, Decision]], transactions: Mapping[str, Transaction]
    ) -> list[OutboundEvent]:
        """The events of the decisions, each in the context of its own call."""
        events: list[OutboundEvent] = []
        for submission, decision in made:
            bound = bind_call(submission.call)
            try:
                events += self._told_of(decision, transactions)
            finally:
                unbind_call(bound)
        return events

    def _told_of(self, decision: Decision, transactions: Mapping[str, Transaction]) -> Iterator[OutboundEvent]:
        if decision.settled is not None:
            yield self._events.settled(decision.settled)
        elif decision.redeemed is not None:
            yield self._events.redeemed(_redemption(decision.redeemed, transactions))
        elif decision.invited is not None:
            yield self._events.invite_used(_invite_use(decision.invited, transactions))
        elif decision.draft is not None and isinstance(decision.answer, Recharged):
            entry = entry_of(transactions[decision.draft.request_key])
            yield self._events.recharged(entry, decision.validity_days)
        elif decision.draft is not None and decision.adjusted is not None:
            yield self._events.adjusted(entry_of(transactions[decision.draft.request_key]))

    def _told_of_expiry(self, decisions: Sequence[Decision]) -> Iterator[OutboundEvent]:
        """Nobody asked for it, so these events belong to no call."""
        for decision in decisions:
            if decision.expired is not None and decision.balance is not None:
                yield self._events.expired(decision.balance, decision.expired)


def _load(unit: BillingUnit, commands: Sequence[Command]) -> _Loaded:
    ids = _Ids()
    for command in commands:
        ids.add(command)
    cards = unit.cards.lock_codes(ids.card_codes) if ids.card_codes else []
    invites = unit.invites.lock_codes(ids.invite_codes) if ids.invite_codes else []
    # One way to the server and back for all that nearly every group asks.
    head = unit.journal.lock_head()
    held = unit.holds.ask(hold_ids=ids.hold_ids, request_ids=[*ids.task_ids, *ids.reservation_ids])
    known = unit.accounts.ask(sorted(ids.user_ids))
    prices = unit.prices.ask_all() if ids.reservation_ids else list
    holds = held()
    balances = _complete(unit, known(), ids.user_ids.union(hold.user_id for hold in holds))
    redeemed = unit.cards.redeemed_by(ids.redeem_keys) if ids.redeem_keys else []
    used = unit.invites.used_by(ids.use_keys) if ids.use_keys else []
    request_keys = [
        *ids.request_keys,
        *ids.adjust_keys,
        *(card_key(card.id) for card in redeemed),
        *(invite_key(invite.id) for invite in used),
    ]
    claimed = {found.draft.request_key: found for found in unit.journal.find(request_keys)} if request_keys else {}
    state = LedgerState(
        balances=dict(balances),
        claims={key: transaction.draft.input_hash for key, transaction in claimed.items()},
        applied_events=unit.inbox.applied(SETTLEMENT_CONSUMER, ids.event_ids) if ids.event_ids else set(),
        prices={price.key: price for price in prices()},
    )
    state.add_holds(holds)
    state.add_cards([*cards, *redeemed])
    state.add_invites([*invites, *used])
    if ids.adjust_keys:
        state.adjustments = {found.request_key: found for found in unit.adjustments.find(ids.adjust_keys)}
    if ids.card_codes or ids.invite_codes:
        state.guesses = unit.guesses.find(sorted(ids.user_ids))
    return _Loaded(head(), state, balances, dict(state.guesses), claimed)


def _complete(unit: BillingUnit, known: Mapping[int, Balance], user_ids: set[int]) -> Mapping[int, Balance]:
    """The balances of all these users, who get an account if they have none."""
    missing = sorted(user_ids.difference(known))
    if not missing:
        return known
    unit.accounts.open(missing)
    return {**known, **unit.accounts.balances(missing)}


def _write(unit: BillingUnit, loaded: _Loaded, decisions: Sequence[Decision]) -> None:
    """Everything but the journal and the events."""
    # What is soon made comes first, so that PostgreSQL has it to work at while the rest is made.
    unit.accounts.move_all(loaded.before, loaded.state.balances)
    unit.holds.add_all([decision.opened for decision in decisions if decision.opened is not None])
    unit.holds.settle_all([decision.settled for decision in decisions if decision.settled is not None])
    unit.cards.redeem_all([decision.redeemed for decision in decisions if decision.redeemed is not None])
    unit.invites.use_all([decision.invited for decision in decisions if decision.invited is not None])
    unit.adjustments.add_all([decision.adjusted for decision in decisions if decision.adjusted is not None])
    _save_guesses(unit, loaded)
    unit.inbox.add_all(
        SETTLEMENT_CONSUMER, sorted(decision.applied_event for decision in decisions if decision.applied_event)
    )


def _save_guesses(unit: BillingUnit, loaded: _Loaded) -> None:
    known, now = loaded.guesses, loaded.state.guesses
    unit.guesses.save_all([now[user_id] for user_id in sorted(now) if now[user_id] != known.get(user_id)])


def _append(unit: BillingUnit, decisions: Sequence[Decision], head: ChainHead) -> dict[str, Transaction]:
    """Writes the journal."""
    drafts = [draft for decision in decisions for draft in decision.drafts]
    if not drafts:
        return {}
    transactions = sealed(drafts, head)
    unit.journal.append(transactions)
    by_key = {transaction.draft.request_key: transaction for transaction in transactions}
    unit.journal.add_validities(
        {
            by_key[decision.draft.request_key].id: decision.validity_days
            for decision in decisions
            if decision.draft is not None and decision.validity_days is not None
        }
    )
    return by_key


def _result(decision: Decision, by_key: Mapping[str, Transaction]) -> Result:
    answer = decision.answer
    match answer:
        case Recharged(request_key):
            return entry_of(by_key[request_key])
        case Redeemed(card):
            return _redemption(card, by_key)
        case Invited(invite):
            return _invite_use(invite, by_key)
        case Adjustment(request_key):
            found = by_key.get(request_key)
            return Adjusted(answer, None if found is None else entry_of(found))
        case _:
            return answer


def _invite_use(invite: InviteCode, by_key: Mapping[str, Transaction]) -> InviteUse:
    return InviteUse(entry_of(by_key[invite_key(invite.id)]), invite)


def _redemption(card: Card, by_key: Mapping[str, Transaction]) -> Redemption:
    return Redemption(replace(entry_of(by_key[card_key(card.id)]), card_code=card.code), card)
