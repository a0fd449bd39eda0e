"""What a user has gained and spent since the beginning."""

from __future__ import annotations

from collections.abc import Iterable

from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import statistics_service_pb2 as statistics

_EARNED = (ledger.ENTRY_TYPE_CARD_ACTIVATION, ledger.ENTRY_TYPE_INVITE_CODE, ledger.ENTRY_TYPE_ADMIN_RECHARGE)
_USED = (ledger.ENTRY_TYPE_FEATURE_CONSUME, ledger.ENTRY_TYPE_VOICE_SYNTHESIS)


class EntryTotals:
    """Sums of a user's entries by their type."""

    def __init__(self, totals: Iterable[statistics.EntryTotal]) -> None:
        self._by_type = {total.type: total for total in totals}

    @property
    def earned(self) -> int:
        """Credits of cards, invite codes and recharges; what an administrator took back does not lessen them."""
        return sum(self._credits(each) for each in _EARNED)

    @property
    def spent(self) -> int:
        """Credits that features took; what came back was not spent in the end."""
        return -sum(self._credits(each) for each in (*_USED, ledger.ENTRY_TYPE_REFUND))

    @property
    def consumptions(self) -> int:
        """How often features took credits."""
        return sum(self.entries(each) for each in _USED)

    def entries(self, entry_type: ledger.EntryType.ValueType) -> int:
        """How many there are of a type."""
        return self._by_type[entry_type].entries if entry_type in self._by_type else 0

    def _credits(self, entry_type: ledger.EntryType.ValueType) -> int:
        return self._by_type[entry_type].credits if entry_type in self._by_type else 0
