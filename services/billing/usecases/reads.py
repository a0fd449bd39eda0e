"""Reading balances and entries."""

from __future__ import annotations

from collections.abc import Sequence

from kit.clock import Clock
from kit.db.uow import Units
from services.billing.domain.entry_lists import EntryFilter
from services.billing.domain.journal import ChainHead
from services.billing.domain.ledger import Balance, Entry, EntryType
from services.billing.domain.limits import check_page
from services.billing.store.entry_pages import EntryPages
from services.billing.store.uow import BillingUnit

DEFAULT_PAGE = 20


class LedgerReader:
    """Reads for users and administrators."""

    def __init__(self, units: Units[BillingUnit], pages: EntryPages, clock: Clock) -> None:
        self._units = units
        self._pages = pages
        self._clock = clock

    async def balances(self, user_ids: Sequence[int]) -> list[Balance]:
        """In the order of the ids; zero for a user without an account. What is overdue is not shown any more."""
        asked = list(set(user_ids))
        found = await self._units.read(lambda unit: unit.accounts.balances(asked))
        now = self._clock.now()
        return [(found.get(user_id) or Balance(user_id)).as_of(now) for user_id in user_ids]

    async def chain_head(self) -> ChainHead:
        """The newest transaction of the journal."""
        return await self._units.read(lambda unit: unit.journal.head())

    async def entries(
        self, user_id: int, *, only: EntryType | None, page_size: int, skip: int
    ) -> tuple[list[Entry], int]:
        """One page, newest first, and the number of all. Raises Invalid (FIELD_INVALID)."""
        check_page(page_size=page_size, skip=skip)
        return await self._pages.page(user_id, only=only, limit=page_size, offset=skip)

    async def search(self, wanted: EntryFilter, *, page_size: int, skip: int) -> tuple[list[Entry], int]:
        """The same of all users, by filter. Raises Invalid (FIELD_INVALID)."""
        wanted.check()
        check_page(page_size=page_size, skip=skip)
        return await self._pages.search(wanted, limit=page_size, offset=skip)
