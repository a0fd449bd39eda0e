"""Sums over the journal, for administrators and for users."""

from __future__ import annotations

from services.billing.domain.journal import ENTRY_TYPES
from services.billing.domain.ledger import EntryType
from services.billing.domain.statistics import (
    CreditTotals,
    EntryTotal,
    HourOfConsumption,
    HourSpan,
    Tally,
    credit_totals,
)
from services.billing.store.statistics import StatisticsTables


class Statistics:
    """Exact at the moment of the answer."""

    def __init__(self, tables: StatisticsTables) -> None:
        self._tables = tables

    async def totals(self) -> CreditTotals:
        """Of all users."""
        return credit_totals(await self._tables.totals())

    async def consumption(self, span: HourSpan) -> list[HourOfConsumption]:
        """What features consumed in each hour of the span. Raises Invalid (FIELD_INVALID)."""
        span.check()
        return span.gather(await self._tables.consumption(span.quarters))

    async def entries(self, user_id: int) -> list[EntryTotal]:
        """The user's entries by type, those that occur."""
        tallies: dict[EntryType, Tally] = {}
        for kind, tally in (await self._tables.entries(user_id)).items():
            shown_as = ENTRY_TYPES[kind]
            tallies[shown_as] = tallies.get(shown_as, Tally()).plus(tally)
        return [EntryTotal(each, tallies[each]) for each in EntryType if each in tallies]
