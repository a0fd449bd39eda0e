"""What must be true of a journal, transaction by transaction, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from services.billing.domain.adjustments import Adjustment
from services.billing.domain.cards import Card, CardState, redemption_hash
from services.billing.domain.holds import Hold, HoldState
from services.billing.domain.invites import INVITE_VALIDITY_DAYS, InviteCode, use_hash
from services.billing.domain.journal import (
    GENESIS,
    RESERVATIONS,
    ChainHead,
    Posting,
    SystemAccount,
    Transaction,
    TransactionKind,
    adjust_key,
    card_key,
    hash_of,
    held_account,
    invite_key,
    recharge_key,
    reserve_key,
    settle_key,
    spendable_account,
    user_of,
)
from services.billing.domain.ledger import recharge_hash

_SYSTEM_ACCOUNTS = frozenset(account.value for account in SystemAccount)
_SETTLED_STATES: Mapping[TransactionKind, HoldState] = {
    TransactionKind.CAPTURE: HoldState.CAPTURED,
    TransactionKind.RELEASE: HoldState.RELEASED,
    TransactionKind.EXPIRE_HOLD: HoldState.RELEASED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, and where. English, for operators."""

    where: str
    problem: str


@dataclass(slots=True)
class JournalWalk:
    """Walks a journal from its beginning. A fault is told where it is, not again at everything behind it."""

    head: ChainHead = GENESIS
    balances: dict[str, int] = field(default_factory=dict)

    def pass_by(self, transaction_id: int, own_hash: str) -> Iterator[Finding]:
        """Goes on behind a transaction; tells what is missing before it."""
        first_missing = self.head.transaction_id + 1
        if transaction_id > first_missing:
            last_missing = transaction_id - 1
            where = f"transaction {first_missing}"
            if last_missing > first_missing:
                where = f"transactions {first_missing} to {last_missing}"
            yield Finding(where, "missing")
        self.head = ChainHead(transaction_id, own_hash)

    def check(self, transaction: Transaction) -> Iterator[Finding]:
        """What is wrong with the next transaction by itself, and in its place."""
        where, former = f"transaction {transaction.id}", self.head
        yield from self.pass_by(transaction.id, transaction.hash)
        if former.transaction_id + 1 == transaction.id and transaction.previous_hash != former.hash:
            yield Finding(where, f"does not follow transaction {former.transaction_id}: the hashes differ")
        if hash_of(transaction.id, transaction.draft, transaction.previous_hash) != transaction.hash:
            yield Finding(where, "its content does not have its hash")
        postings = transaction.draft.postings
        if len(postings) < 2:
            yield Finding(where, f"has {len(postings)} postings")
        total = sum(posting.credits for posting in postings)
        if total:
            yield Finding(where, f"its postings sum to {total}, not to zero")
        yield from self._check_balances(transaction, where)

    def _check_balances(self, transaction: Transaction, where: str) -> Iterator[Finding]:
        for posting in transaction.draft.postings:
            if posting.account in _SYSTEM_ACCOUNTS:
                continue
            if user_of(posting.account) is None:
                yield Finding(where, f"posts to {posting.account}, which is no account")
                continue
            expected = self.balances.get(posting.account, 0) + posting.credits
            if posting.balance_after != expected:
                yield Finding(where, f"leaves {posting.account} with {posting.balance_after}, not {expected}")
            # Goes on from what it says, so that what is behind it is not blamed.
            self.balances[posting.account] = expected if posting.balance_after is None else posting.balance_after


def check_recharge(transaction: Transaction, validity_days: int | None) -> Iterator[Finding]:
    """Whether a recharge claims the request that it is."""
    where, draft = f"transaction {transaction.id}", transaction.draft
    gained = [
        (user_id, posting.credits)
        for posting in draft.postings
        if posting.credits > 0 and (user_id := user_of(posting.account)) is not None
    ]
    if len(gained) != 1:
        yield Finding(where, "a recharge that is not of one user")
        return
    ((user_id, credits),) = gained
    if draft.input_hash != recharge_hash(user_id, credits, description=draft.description, validity_days=validity_days):
        yield Finding(where, "claims its request with another input than its own")
    if draft.operator_user_id is None or not draft.request_key.startswith(recharge_key(draft.operator_user_id, "")):
        yield Finding(where, f"claims request {draft.request_key}, which is not its operator's")


def check_adjustment(transaction: Transaction, adjustment: Adjustment | None) -> Iterator[Finding]:
    """Whether a transaction that changes a balance and the adjustment of its request say the same."""
    where, draft = f"transaction {transaction.id}", transaction.draft
    if adjustment is None:
        yield Finding(where, f"claims request {draft.request_key}, which is that of no adjustment")
        return
    gained = adjustment.balance_after - adjustment.balance_before
    expected = (
        Posting(SystemAccount.GRANTS.value, -gained),
        Posting(spendable_account(adjustment.user_id), gained, adjustment.balance_after),
    )
    if sorted(draft.postings, key=attrgetter("account")) != sorted(expected, key=attrgetter("account")):
        yield Finding(where, "its user or its credits are not those of its adjustment")
    if draft.input_hash != adjustment.input_hash():
        yield Finding(where, "its input is not that of its adjustment")
    if draft.create_time != adjustment.create_time:
        yield Finding(where, "was not made at the time of its adjustment")
    if draft.operator_user_id is None or not draft.request_key.startswith(adjust_key(draft.operator_user_id, "")):
        yield Finding(where, f"claims request {draft.request_key}, which is not its operator's")
    if (draft.kind is TransactionKind.ADD) != (gained > 0):
        yield Finding(where, f"is {draft.kind.value}, but the user gained {gained}")


def check_use(transaction: Transaction, invite: InviteCode | None, validity_days: int | None) -> Iterator[Finding]:
    """Whether a transaction that uses an invite code and the invite code say the same."""
    where, draft = f"transaction {transaction.id}", transaction.draft
    if invite is None or draft.request_key != invite_key(invite.id):
        yield Finding(where, f"claims request {draft.request_key}, which is that of no invite code")
        return
    if invite.used_by_user_id is None:
        yield Finding(f"invite code {invite.id}", f"is unused, but transaction {transaction.id} used it")
        return
    posted = {posting.account: posting.credits for posting in draft.postings}
    expected = {
        SystemAccount.INVITES.value: -invite.credits,
        spendable_account(invite.used_by_user_id): invite.credits,
    }
    if posted != expected:
        yield Finding(
            f"invite code {invite.id}", f"its user or its credits are not those of transaction {transaction.id}"
        )
    if invite.use_time != draft.create_time:
        yield Finding(f"invite code {invite.id}", f"was not used at the time of transaction {transaction.id}")
    if draft.input_hash != use_hash(invite.code, invite.use_key or ""):
        yield Finding(
            f"invite code {invite.id}", f"its code or its request is not that of transaction {transaction.id}"
        )
    if validity_days != INVITE_VALIDITY_DAYS:
        yield Finding(where, f"makes credits good for {validity_days} days, not for {INVITE_VALIDITY_DAYS}")


def check_redemption(transaction: Transaction, card: Card | None) -> Iterator[Finding]:
    """Whether a transaction that redeems a card and the card say the same."""
    where, draft = f"transaction {transaction.id}", transaction.draft
    if card is None or draft.request_key != card_key(card.id):
        yield Finding(where, f"claims request {draft.request_key}, which is that of no card")
        return
    if card.state is not CardState.USED or card.used_by_user_id is None:
        yield Finding(f"card {card.id}", f"is {card.state.value}, but transaction {transaction.id} redeemed it")
        return
    credits = card.batch.credits
    posted = {posting.account: posting.credits for posting in draft.postings}
    if posted != {SystemAccount.CARDS.value: -credits, spendable_account(card.used_by_user_id): credits}:
        yield Finding(f"card {card.id}", f"its user or its credits are not those of transaction {transaction.id}")
    if card.use_time != draft.create_time:
        yield Finding(f"card {card.id}", f"was not used at the time of transaction {transaction.id}")
    if draft.input_hash != redemption_hash(card.code, card.redeem_key or ""):
        yield Finding(f"card {card.id}", f"its code or its request is not that of transaction {transaction.id}")


def check_hold(transaction: Transaction, hold: Hold | None) -> Iterator[Finding]:
    """Whether a transaction about a hold and the hold say the same."""
    where, draft = f"transaction {transaction.id}", transaction.draft
    if hold is None:
        yield Finding(where, f"is about hold {draft.hold_id}, which does not exist")
        return
    is_reservation = draft.kind in RESERVATIONS
    posted = {posting.account: posting.credits for posting in draft.postings}
    if posted != (_reserved(hold) if is_reservation else _settled(hold)):
        yield Finding(f"hold {hold.id}", f"its credits are not those of transaction {transaction.id}")
    if draft.request_key != (reserve_key(hold.request_id) if is_reservation else settle_key(hold.id)):
        yield Finding(where, f"claims request {draft.request_key}, which is not that of hold {hold.id}")
    if is_reservation and draft.input_hash != hold.input_hash:
        yield Finding(f"hold {hold.id}", f"its input is not that of transaction {transaction.id}")
    if not is_reservation and hold.state is not _SETTLED_STATES[draft.kind]:
        yield Finding(
            f"hold {hold.id}", f"is {hold.state.value}, but transaction {transaction.id} settled it otherwise"
        )


def _reserved(hold: Hold) -> dict[str, int]:
    return {spendable_account(hold.user_id): -hold.credits, held_account(hold.user_id): hold.credits}


def _settled(hold: Hold) -> dict[str, int]:
    expected = {
        held_account(hold.user_id): -hold.credits,
        spendable_account(hold.user_id): hold.credits - hold.captured_credits,
        SystemAccount.CONSUMPTION.value: hold.captured_credits,
    }
    return {account: credits for account, credits in expected.items() if credits}
