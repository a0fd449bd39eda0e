"""Replays when whose credits expire, from the journal alone: nothing late may stay, and nothing may go early."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.billing.domain.holds import Hold
from services.billing.domain.journal import (
    SystemAccount,
    Transaction,
    TransactionKind,
    expire_key,
    expire_returned_key,
    spendable_account,
    user_of,
)
from services.billing.domain.ledger import Balance
from services.billing.domain.verification import Finding

_SETTLING = frozenset({TransactionKind.CAPTURE, TransactionKind.RELEASE, TransactionKind.EXPIRE_HOLD})


@dataclass(slots=True)
class _Account:
    """One user's credits. `late_hold` gave back credits that had expired; they must leave next."""

    available: int = 0
    expire_time: datetime | None = None
    expired_time: datetime | None = None
    late_hold: str | None = None

    def lapse(self) -> None:
        self.expire_time, self.expired_time = None, self.expire_time

    def is_over(self, now: datetime) -> bool:
        return self.expire_time is not None and self.expire_time <= now

    def is_late(self, hold: Hold | None) -> bool:
        if hold is None or self.expired_time is None or hold.credits == hold.captured_credits:
            return False
        return hold.create_time < self.expired_time


@dataclass(slots=True)
class ExpiryWalk:
    """Walks a journal from its beginning, in order."""

    _accounts: dict[int, _Account] = field(default_factory=dict)

    def check(self, transaction: Transaction, *, hold: Hold | None, validity_days: int | None) -> Iterator[Finding]:
        """What is wrong with the time of the credits of the next transaction; its own hold and validity are given."""
        draft = transaction.draft
        user_id = next((found for one in draft.postings if (found := user_of(one.account)) is not None), None)
        if user_id is None:
            return
        account = self._accounts.setdefault(user_id, _Account())
        is_taken = draft.kind is TransactionKind.EXPIRE
        if account.late_hold is not None and draft.request_key != expire_returned_key(account.late_hold):
            yield _kept(account.late_hold)
            account.late_hold = None
        if is_taken and draft.hold_id is not None:
            yield from _check_returned(transaction, account, hold)
        elif is_taken:
            yield from _check_taken(transaction, account, user_id)
        elif account.is_over(draft.create_time):
            if account.available:
                yield Finding(f"transaction {transaction.id}", "was made while the user had credits that had expired")
            account.lapse()
        if validity_days is not None:
            account.expire_time = _later(account.expire_time, draft.create_time + timedelta(days=validity_days))
        if draft.kind in _SETTLING and account.is_late(hold):
            account.late_hold = draft.hold_id
        for posting in draft.postings:
            if posting.account == spendable_account(user_id):
                account.available = posting.balance_after or 0

    def check_end(self, balances: Iterable[Balance]) -> Iterator[Finding]:
        """What the accounts keep otherwise than the journal says."""
        for account in self._accounts.values():
            if account.late_hold is not None:
                yield _kept(account.late_hold)
        for balance in balances:
            account = self._accounts.get(balance.user_id, _Account())
            if balance.expire_time is None and balance.expired_time == account.expire_time and not account.available:
                # Its time passed while there was nothing to take, so no transaction tells of it.
                continue
            where = f"account of user {balance.user_id}"
            if balance.expire_time != account.expire_time:
                yield Finding(
                    where, f"expires {_said(balance.expire_time)}, but {_said(account.expire_time)} in the journal"
                )
            if balance.expired_time != account.expired_time:
                yield Finding(
                    where, f"expired {_said(balance.expired_time)}, but {_said(account.expired_time)} in the journal"
                )


def _check_taken(transaction: Transaction, account: _Account, user_id: int) -> Iterator[Finding]:
    draft, where = transaction.draft, f"transaction {transaction.id}"
    if account.expire_time is None or not account.is_over(draft.create_time):
        yield Finding(where, "takes credits whose time is not over")
        return
    if draft.request_key != expire_key(user_id, account.expire_time):
        yield Finding(where, f"claims request {draft.request_key}, which is not that of the time of the credits")
    yield from _check_postings(transaction, user_id, account.available)
    account.lapse()


def _check_returned(transaction: Transaction, account: _Account, hold: Hold | None) -> Iterator[Finding]:
    draft, where = transaction.draft, f"transaction {transaction.id}"
    if hold is None or account.late_hold != hold.id or draft.request_key != expire_returned_key(hold.id):
        yield Finding(where, f"takes credits of hold {draft.hold_id}, which did not come back too late")
        return
    yield from _check_postings(transaction, hold.user_id, hold.credits - hold.captured_credits)
    account.late_hold = None


def _check_postings(transaction: Transaction, user_id: int, credits: int) -> Iterator[Finding]:
    posted = {posting.account: posting.credits for posting in transaction.draft.postings}
    if posted != {spendable_account(user_id): -credits, SystemAccount.EXPIRY.value: credits}:
        yield Finding(f"transaction {transaction.id}", "takes other credits than those that had expired")


def _kept(hold_id: str) -> Finding:
    return Finding(f"hold {hold_id}", "its credits came back after they had expired, and were not taken")


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _said(time: datetime | None) -> str:
    return "never" if time is None else time.isoformat(timespec="microseconds")
