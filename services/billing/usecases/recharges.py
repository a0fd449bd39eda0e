"""Adding credits by an administrator's hand."""

from __future__ import annotations

from kit.db.uow import Units
from services.billing.domain.errors import user_not_found
from services.billing.domain.ledger import Entry, Recharge
from services.billing.store.uow import BillingUnit
from services.billing.usecases.ports import UserDirectory
from services.billing.usecases.recharge_book import RechargeBook


class Recharges:
    """Recharges users that exist."""

    def __init__(self, units: Units[BillingUnit], users: UserDirectory, book: RechargeBook) -> None:
        self._units = units
        self._users = users
        self._book = book

    async def recharge(self, recharge: Recharge) -> tuple[Entry, str]:
        """The entry and the user's account name.

        Raises Invalid (FIELD_INVALID), NotFound (USER_NOT_FOUND), and what RechargeBook raises.
        """
        recharge.check()
        account = await self._users.account_of(recharge.user_id)
        if account is None:
            raise user_not_found()
        return await self._units.write(lambda unit: self._book.add(unit, recharge)), account
