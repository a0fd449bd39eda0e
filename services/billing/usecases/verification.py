"""Checks a whole ledger: the chain, zero sums, balances, holds, cards, the requests that were claimed, and the sums for
statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.billing.domain.cards import Card
from services.billing.domain.holds import Hold
from services.billing.domain.journal import (
    ChainHead,
    Transaction,
    TransactionKind,
    card_of,
    held_account,
    spendable_account,
    user_of,
)
from services.billing.domain.ledger import Balance
from services.billing.domain.statistics import JournalTally
from services.billing.domain.verification import Finding, JournalWalk, check_hold, check_recharge, check_redemption
from services.billing.store.audit import LedgerAudit, UnreadableTransaction


@dataclass(slots=True)
class Verification:
    """One check of one ledger. `head` and `transactions` say how far it went.

    `published` is a head that was kept elsewhere: the journal must still contain it. Without it, cutting off the
    newest transactions together with their balances and holds leaves no trace.
    """

    audit: LedgerAudit
    published: ChainHead | None = None
    transactions: int = 0
    _walk: JournalWalk = field(default_factory=JournalWalk)
    _sums: JournalTally = field(default_factory=lambda: JournalTally(0))

    @property
    def head(self) -> ChainHead:
        return self._walk.head

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, in the order of the journal, then of the accounts, the holds, the cards and the
        sums."""
        kept = self.audit.sums()
        self._sums = JournalTally(kept.last_id)
        for batch in self.audit.transactions():
            yield from self._check_batch(batch)
        for transaction_id in self.audit.postings_without_transaction():
            yield Finding(f"transaction {transaction_id}", "has postings, but does not exist")
        yield from self._check_head()
        yield from self._check_balances()
        for hold_id, missing in self.audit.holds_not_in_the_journal():
            yield Finding(f"hold {hold_id}", f"no transaction {missing} it")
        for card_id in self.audit.cards_not_in_the_journal():
            yield Finding(f"card {card_id}", "is used, but no transaction redeems it")
        yield from self._check_sums(kept)

    def _check_batch(self, batch: Sequence[Transaction | UnreadableTransaction]) -> Iterator[Finding]:
        hold_ids = {one.draft.hold_id for one in batch if isinstance(one, Transaction) and one.draft.hold_id}
        holds = self.audit.holds(sorted(hold_ids))
        redeemed = (card_of(one.draft.request_key) for one in batch if isinstance(one, Transaction))
        cards = self.audit.cards(sorted(card_id for card_id in redeemed if card_id is not None))
        for one in batch:
            self.transactions += 1
            if isinstance(one, UnreadableTransaction):
                yield from self._walk.pass_by(one.id, one.hash)
                yield Finding(f"transaction {one.id}", "its kind is unknown")
            else:
                yield from self._walk.check(one)
                self._sums.add(one)
                yield from _check_claim(one, holds, cards)
            if self.published is not None and self.published.transaction_id == one.id:
                yield from _check_published(self.published, one.hash)

    def _check_head(self) -> Iterator[Finding]:
        kept, reached = self.audit.head(), self._walk.head
        if kept != reached:
            yield Finding(
                "chain head", f"names transaction {kept.transaction_id}; the journal ends with {reached.transaction_id}"
            )
        if self.published is not None and self.published.transaction_id > reached.transaction_id:
            yield Finding(f"transaction {self.published.transaction_id}", "was published, but is missing")

    def _check_sums(self, kept: JournalTally) -> Iterator[Finding]:
        if kept.last_id > self._walk.head.transaction_id:
            yield Finding("statistics", f"reach transaction {kept.last_id}, which the journal does not")
        for difference in self._sums.differences(kept):
            yield Finding("statistics", difference)

    def _check_balances(self) -> Iterator[Finding]:
        journalled, held = dict(self._walk.balances), self.audit.open_credits()
        for balance in self.audit.balances():
            user_id = balance.user_id
            yield from _check_balance(
                balance,
                available=journalled.pop(spendable_account(user_id), 0),
                held=journalled.pop(held_account(user_id), 0),
                in_holds=held.pop(user_id, 0),
            )
        for account, credits in journalled.items():
            if credits and user_of(account) is not None:
                yield Finding(f"account {account}", f"has {credits} in the journal, but no balance is kept")


def _check_claim(transaction: Transaction, holds: Mapping[str, Hold], cards: Mapping[int, Card]) -> Iterator[Finding]:
    draft = transaction.draft
    if draft.kind is TransactionKind.RECHARGE:
        return check_recharge(transaction)
    if draft.kind is TransactionKind.REDEEM_CARD:
        return check_redemption(transaction, cards.get(card_of(draft.request_key) or 0))
    return check_hold(transaction, holds.get(draft.hold_id or ""))


def _check_published(published: ChainHead, own_hash: str) -> Iterator[Finding]:
    if published.hash != own_hash:
        yield Finding(f"transaction {published.transaction_id}", "is not the one that was published: the hashes differ")


def _check_balance(balance: Balance, *, available: int, held: int, in_holds: int) -> Iterator[Finding]:
    where = f"account of user {balance.user_id}"
    if balance.available != available:
        yield Finding(where, f"{balance.available} available, but {available} in the journal")
    if balance.held != held:
        yield Finding(where, f"{balance.held} held, but {held} in the journal")
    if balance.held != in_holds:
        yield Finding(where, f"{balance.held} held, but {in_holds} in open holds")
