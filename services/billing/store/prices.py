"""Feature prices in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from services.billing.domain.pricing import FeaturePrice
from services.billing.store.tables import FEATURE_PRICES

_COLUMNS = (
    FEATURE_PRICES.c.key,
    FEATURE_PRICES.c.display_name,
    FEATURE_PRICES.c.credits,
    FEATURE_PRICES.c.update_time,
)
_ALL = LeanQuery(select(*_COLUMNS).order_by(FEATURE_PRICES.c.position))
_IS_IT = FEATURE_PRICES.c.key == bindparam("feature_key")
_LOCK = LeanQuery(select(*_COLUMNS).where(_IS_IT).with_for_update())
_CHANGE = LeanWrite(
    update(FEATURE_PRICES)
    .where(_IS_IT)
    .values(
        credits=bindparam("new_credits"),
        update_time=bindparam("changed_at", type_=FEATURE_PRICES.c.update_time.type),
    )
)


class PriceRepository:
    """Prices, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_all(self) -> list[FeaturePrice]:
        """In the order of the contract."""
        return self.ask_all()()

    def ask_all(self) -> Callable[[], list[FeaturePrice]]:
        """The same, waited for when called."""
        rows = _ALL.ask(self._connection)
        return lambda: [FeaturePrice(*row) for row in rows()]

    def lock(self, key: str) -> FeaturePrice | None:
        """The price of a feature; nobody else changes it before this transaction ends."""
        row = _LOCK.first(self._connection, feature_key=key)
        return None if row is None else FeaturePrice(*row)

    def change(self, key: str, credits: int, now: datetime) -> None:
        """Writes what a locked price is from now on."""
        _CHANGE.run(self._connection, feature_key=key, new_credits=credits, changed_at=now)
