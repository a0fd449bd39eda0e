"""Changing what users can spend by an administrator's hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kit.errors import DomainError
from services.billing.domain.adjustments import Adjust, Adjusted
from services.billing.domain.errors import user_not_found
from services.billing.domain.ledger import Entry, Recharge
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.ports import UserDirectory

R = TypeVar("R", Entry, Adjusted)


@dataclass(frozen=True, slots=True)
class Changed(Generic[R]):
    """What a change ended with, and the account name of the user."""

    result: R
    account: str


class Adjustments:
    """Recharges and adjusts users that exist. A request done before is answered as it was then.

    A refusal is a value: Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED), NotFound (USER_NOT_FOUND), Precondition
    (CREDITS_LIMIT_EXCEEDED; BALANCE_TOO_LOW of an adjustment). Both raise RateLimited and Unavailable.
    """

    def __init__(self, writer: LedgerWriter, users: UserDirectory) -> None:
        self._writer = writer
        self._users = users

    async def recharge(self, submissions: Sequence[Submission]) -> list[Changed[Entry] | DomainError]:
        """What the recharges ended with, in their order."""
        return await self._perform(Entry, submissions)

    async def adjust(self, submissions: Sequence[Submission]) -> list[Changed[Adjusted] | DomainError]:
        """What the adjustments ended with, in their order."""
        return await self._perform(Adjusted, submissions)

    async def _perform(self, kind: type[R], submissions: Sequence[Submission]) -> list[Changed[R] | DomainError]:
        users = [_user_of(submission) for submission in submissions]
        accounts = await self._users.accounts_of(set(users))
        known = [submission for submission, user_id in zip(submissions, users, strict=True) if user_id in accounts]
        results = iter(await self._writer.perform_as(kind, known))
        changes: list[Changed[R] | DomainError] = []
        for user_id in users:
            account = accounts.get(user_id)
            result = user_not_found() if account is None else next(results)
            changes.append(result if isinstance(result, DomainError) else Changed(result, account or ""))
        return changes


def _user_of(submission: Submission) -> int:
    command = submission.command
    assert isinstance(command, Recharge | Adjust), "an administrator's command"
    return command.user_id
