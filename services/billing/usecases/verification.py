"""Checks a whole ledger: the chain, zero sums, balances and their times, holds, codes, the requests that were claimed,
and the sums for statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.billing.domain.adjustments import Adjustment
from services.billing.domain.cards import Card
from services.billing.domain.expiry_walk import ExpiryWalk
from services.billing.domain.holds import Hold
from services.billing.domain.invites import InviteCode
from services.billing.domain.journal import (
    ChainHead,
    Transaction,
    TransactionKind,
    card_of,
    held_account,
    invite_of,
    spendable_account,
    user_of,
)
from services.billing.domain.ledger import Balance
from services.billing.domain.statistics import JournalTally
from services.billing.domain.verification import (
    Finding,
    JournalWalk,
    check_adjustment,
    check_hold,
    check_recharge,
    check_redemption,
    check_use,
)
from services.billing.store.audit import LedgerAudit, UnreadableTransaction

_ADJUSTING = frozenset({TransactionKind.ADD, TransactionKind.DEDUCT})


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
    _expiry: ExpiryWalk = field(default_factory=ExpiryWalk)
    _sums: JournalTally = field(default_factory=lambda: JournalTally(0))

    @property
    def head(self) -> ChainHead:
        return self._walk.head

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, in the order of the journal, then of the accounts, the holds, the codes and the
        sums."""
        kept = self.audit.sums()
        self._sums = JournalTally(kept.last_id)
        for batch in self.audit.transactions():
            yield from self._check_batch(batch)
        for transaction_id in self.audit.postings_without_transaction():
            yield Finding(f"transaction {transaction_id}", "has postings, but does not exist")
        yield from self._check_head()
        yield from self._check_balances()
        yield from self._expiry.check_end(self.audit.balances())
        for hold_id, missing in self.audit.holds_not_in_the_journal():
            yield Finding(f"hold {hold_id}", f"no transaction {missing} it")
        for card_id in self.audit.cards_not_in_the_journal():
            yield Finding(f"card {card_id}", "is used, but no transaction redeems it")
        for invite_id in self.audit.invites_not_in_the_journal():
            yield Finding(f"invite code {invite_id}", "is used, but no transaction uses it")
        for request_key in self.audit.adjustments_not_in_the_journal():
            yield Finding(f"adjustment {request_key}", "moved credits, but no transaction does")
        yield from self._check_sums(kept)

    def _check_batch(self, batch: Sequence[Transaction | UnreadableTransaction]) -> Iterator[Finding]:
        claimed = _Claimed.by(batch, self.audit)
        for one in batch:
            self.transactions += 1
            if isinstance(one, UnreadableTransaction):
                yield from self._walk.pass_by(one.id, one.hash)
                yield Finding(f"transaction {one.id}", "its kind is unknown")
            else:
                yield from self._walk.check(one)
                self._sums.add(one)
                yield from claimed.check(one)
                yield from self._expiry.check(
                    one,
                    hold=claimed.holds.get(one.draft.hold_id or ""),
                    validity_days=claimed.validities.get(one.id),
                )
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


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What the transactions of a batch say they are about."""

    holds: Mapping[str, Hold]
    cards: Mapping[int, Card]
    invites: Mapping[int, InviteCode]
    adjustments: Mapping[str, Adjustment]
    validities: Mapping[int, int]

    @classmethod
    def by(cls, batch: Sequence[Transaction | UnreadableTransaction], audit: LedgerAudit) -> _Claimed:
        drafts = [one.draft for one in batch if isinstance(one, Transaction)]
        card_ids = {found for draft in drafts if (found := card_of(draft.request_key)) is not None}
        invite_ids = {found for draft in drafts if (found := invite_of(draft.request_key)) is not None}
        adjust_keys = {draft.request_key for draft in drafts if draft.kind in _ADJUSTING}
        return cls(
            holds=audit.holds(sorted({draft.hold_id for draft in drafts if draft.hold_id})),
            cards=audit.cards(sorted(card_ids)),
            invites=audit.invites(sorted(invite_ids)),
            adjustments=audit.adjustments(sorted(adjust_keys)),
            validities=audit.validities(batch[0].id, batch[-1].id),
        )

    def check(self, transaction: Transaction) -> Iterator[Finding]:
        """Whether they say the same as the transaction."""
        draft, days = transaction.draft, self.validities.get(transaction.id)
        match draft.kind:
            case TransactionKind.RECHARGE:
                return check_recharge(transaction, days)
            case TransactionKind.ADD | TransactionKind.DEDUCT:
                return check_adjustment(transaction, self.adjustments.get(draft.request_key))
            case TransactionKind.REDEEM_CARD:
                return check_redemption(transaction, self.cards.get(card_of(draft.request_key) or 0))
            case TransactionKind.USE_INVITE:
                return check_use(transaction, self.invites.get(invite_of(draft.request_key) or 0), days)
            case TransactionKind.EXPIRE:
                # The walk of the times knows what is right.
                return iter(())
            case _:
                return check_hold(transaction, self.holds.get(draft.hold_id or ""))


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
