"""Sums of users' entries: what was summed before, and the end that was not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, literal_column, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from services.billing.domain.journal import TransactionKind, spendable_account
from services.billing.domain.statistics import Tally
from services.billing.store.journal_sums import by_entry
from services.billing.store.tables import ENTRY_TOTALS, IS_ENTRY, POSTINGS, STATISTICS_HEAD

_SUMMED = select(STATISTICS_HEAD.c.transaction_id).scalar_subquery()
# One statement sees one state of the database everywhere, so nothing moves from one half to the other meanwhile.
_OF_ACCOUNTS = LeanQuery(
    select(ENTRY_TOTALS)
    .where(AnyOf(ENTRY_TOTALS.c.account, "accounts"))
    .union_all(
        by_entry(POSTINGS.c.transaction_id > _SUMMED, AnyOf(POSTINGS.c.account, "accounts"), literal_column(IS_ENTRY))
    )
)


class EntryTotalRepository:
    """Read in the ledger's threads: the end that was not summed is short, as long as the worker that sums it runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, user_ids: Sequence[int]) -> Mapping[int, Mapping[TransactionKind, Tally]]:
        """What changed what these users can spend, by the kind of its transactions; exact at this moment. Users without
        an entry have nothing."""
        users = {spendable_account(user_id): user_id for user_id in user_ids}
        found: defaultdict[int, dict[TransactionKind, Tally]] = defaultdict(dict)
        for account, name, number, credits in _OF_ACCOUNTS.all(self._connection, accounts=list(users)):
            tallies, kind = found[users[account]], TransactionKind(name)
            tallies[kind] = tallies.get(kind, Tally()).plus(Tally(number, credits))
        return found
