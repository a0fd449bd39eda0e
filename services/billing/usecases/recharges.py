"""Adding credits by an administrator's hand."""

from __future__ import annotations

from kit.rpc.context import current_call
from services.billing.domain.errors import user_not_found
from services.billing.domain.ledger import Entry, Recharge
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.ports import UserDirectory


class Recharges:
    """Recharges users that exist."""

    def __init__(self, writer: LedgerWriter, users: UserDirectory) -> None:
        self._writer = writer
        self._users = users

    async def recharge(self, recharge: Recharge) -> tuple[Entry, str]:
        """The entry and the user's account name; a request done before is answered as it was then.

        Raises Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED), NotFound (USER_NOT_FOUND), Precondition
        (CREDITS_LIMIT_EXCEEDED).
        """
        account = await self._users.account_of(recharge.user_id)
        if account is None:
            raise user_not_found()
        return await self._writer.perform_one(Entry, Submission(recharge, current_call())), account
