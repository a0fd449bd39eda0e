"""Reading balances and entries."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.uow import Units
from services.billing.domain.errors import field_invalid
from services.billing.domain.journal import ChainHead
from services.billing.domain.ledger import Balance, Entry, EntryType
from services.billing.store.entry_pages import EntryPages
from services.billing.store.uow import BillingUnit

PAGE_LIMIT = 100
DEFAULT_PAGE = 20


class LedgerReader:
    """Reads for users."""

    def __init__(self, units: Units[BillingUnit], pages: EntryPages) -> None:
        self._units = units
        self._pages = pages

    async def balances(self, user_ids: Sequence[int]) -> list[Balance]:
        """In the order of the ids; zero for a user without an account."""
        asked = list(set(user_ids))
        found = await self._units.read(lambda unit: unit.accounts.balances(asked))
        return [found.get(user_id) or Balance(user_id) for user_id in user_ids]

    async def chain_head(self) -> ChainHead:
        """The newest transaction of the journal."""
        return await self._units.read(lambda unit: unit.journal.head())

    async def entries(
        self, user_id: int, *, only: EntryType | None, page_size: int, skip: int
    ) -> tuple[list[Entry], int]:
        """One page, newest first, and the number of all. Raises Invalid (FIELD_INVALID)."""
        if not 1 <= page_size <= PAGE_LIMIT:
            raise field_invalid("page_size", f"每页数量须在 1 至 {PAGE_LIMIT} 之间")
        if skip < 0:
            raise field_invalid("skip", "跳过的数量不能为负数")
        return await self._pages.page(user_id, only=only, limit=page_size, offset=skip)
