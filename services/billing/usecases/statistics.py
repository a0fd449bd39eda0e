"""Sums over the journal, for administrators and for users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.db.uow import Units
from services.billing.domain.journal import ENTRY_TYPES, TransactionKind
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
from services.billing.store.uow import BillingUnit


class Statistics:
    """Exact at the moment of the answer."""

    def __init__(self, tables: StatisticsTables, units: Units[BillingUnit]) -> None:
        self._tables = tables
        self._units = units

    async def totals(self) -> CreditTotals:
        """Of all users."""
        return credit_totals(await self._tables.totals())

    async def consumption(self, span: HourSpan) -> list[HourOfConsumption]:
        """What features consumed in each hour of the span. Raises Invalid (FIELD_INVALID)."""
        span.check()
        return span.gather(await self._tables.consumption(span.quarters))

    async def entries(self, user_ids: Sequence[int]) -> list[list[EntryTotal]]:
        """Of each of the users, in the order of the ids: their entries by type, those that occur."""
        asked = list(set(user_ids))
        found = await self._units.read(lambda unit: unit.entry_totals.of(asked))
        totals = {user_id: _by_type(by_kind) for user_id, by_kind in found.items()}
        return [totals.get(user_id, []) for user_id in user_ids]


def _by_type(by_kind: Mapping[TransactionKind, Tally]) -> list[EntryTotal]:
    tallies: dict[EntryType, Tally] = {}
    for kind, tally in by_kind.items():
        shown_as = ENTRY_TYPES[kind]
        tallies[shown_as] = tallies.get(shown_as, Tally()).plus(tally)
    return [EntryTotal(each, tallies[each]) for each in EntryType if each in tallies]
