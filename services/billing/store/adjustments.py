"""Adjustments in the database."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import Connection, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany
from services.billing.domain.adjustments import Adjustment, AdjustmentOperation
from services.billing.store.tables import ADJUSTMENTS

_COLUMNS = (
    ADJUSTMENTS.c.request_key,
    ADJUSTMENTS.c.user_id,
    ADJUSTMENTS.c.operation,
    ADJUSTMENTS.c.credits,
    ADJUSTMENTS.c.description,
    ADJUSTMENTS.c.balance_before,
    ADJUSTMENTS.c.balance_after,
    ADJUSTMENTS.c.create_time,
)
_BY_KEY = LeanQuery(select(*_COLUMNS).where(AnyOf(ADJUSTMENTS.c.request_key, "request_keys")))
_ADD = LeanInsertMany(_COLUMNS)
_values_of = attrgetter(
    "request_key",
    "user_id",
    "operation.value",
    "credits",
    "description",
    "balance_before",
    "balance_after",
    "create_time",
)


class AdjustmentRepository:
    """Adjustments, within one transaction. Guarded by the lock of the head of the chain."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, request_keys: Sequence[str]) -> list[Adjustment]:
        """Those that were made under these keys."""
        rows = _BY_KEY.all(self._connection, request_keys=request_keys)
        return [Adjustment(key, user_id, AdjustmentOperation(what), *rest) for key, user_id, what, *rest in rows]

    def add_all(self, adjustments: Sequence[Adjustment]) -> None:
        """Raises IntegrityError when one of the keys is taken."""
        rows = [_values_of(adjustment) for adjustment in adjustments]
        _ADD.run(self._connection, rows)
