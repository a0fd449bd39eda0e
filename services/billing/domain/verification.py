"""What must be true of a journal, transaction by transaction, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from services.billing.domain.cards import Card, CardState, redemption_hash
from services.billing.domain.fingerprint import fingerprint
from services.billing.domain.holds import Hold, HoldState
from services.billing.domain.journal import (
    GENESIS,
    ChainHead,
    SystemAccount,
    Transaction,
    TransactionKind,
    card_key,
    hash_of,
    held_account,
    recharge_key,
    reserve_key,
    settle_key,
    spendable_account,
    user_of,
)

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


def check_recharge(transaction: Transaction) -> Iterator[Finding]:
    """Whether a recharge claims the request that it is."""
    where, draft = f"transaction {transaction.id}", transaction.draft
    gained = [(user_of(posting.account), posting.credits) for posting in draft.postings if posting.credits > 0]
    if len(gained) != 1 or gained[0][0] is None:
        yield Finding(where, "a recharge that is not of one user")
        return
    ((user_id, credits),) = gained
    if draft.input_hash != fingerprint(user_id, credits, draft.description):
        yield Finding(where, "claims its request with another input than its own")
    if draft.operator_user_id is None or not draft.request_key.startswith(recharge_key(draft.operator_user_id, "")):
        yield Finding(where, f"claims request {draft.request_key}, which is not its operator's")


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
    is_reservation = draft.kind is TransactionKind.RESERVE
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
