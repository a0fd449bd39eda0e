"""Changing what a user can spend by an administrator's hand."""

from __future__ import annotations

from kit.rpc.context import current_call
from services.billing.domain.adjustments import Adjust, Adjusted
from services.billing.domain.errors import user_not_found
from services.billing.domain.ledger import Entry, Recharge
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.ports import UserDirectory


class Adjustments:
    """Recharges and adjusts users that exist."""

    def __init__(self, writer: LedgerWriter, users: UserDirectory) -> None:
        self._writer = writer
        self._users = users

    async def recharge(self, asked: Recharge) -> tuple[Entry, str]:
        """The entry and the user's account name; a request done before is answered as it was then.

        Raises Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED), NotFound (USER_NOT_FOUND), Precondition
        (CREDITS_LIMIT_EXCEEDED).
        """
        account = await self._account_of(asked.user_id)
        return await self._writer.perform_one(Entry, Submission(asked, current_call())), account

    async def adjust(self, asked: Adjust) -> tuple[Adjusted, str]:
        """The same for an adjustment, which may also be refused with Precondition (BALANCE_TOO_LOW)."""
        account = await self._account_of(asked.user_id)
        return await self._writer.perform_one(Adjusted, Submission(asked, current_call())), account

    async def _account_of(self, user_id: int) -> str:
        account = await self._users.account_of(user_id)
        if account is None:
            raise user_not_found()
        return account
