"""Feature prices in the database."""

from __future__ import annotations

from sqlalchemy import Connection, select

from kit.db.lean import LeanQuery
from services.billing.domain.pricing import FeaturePrice
from services.billing.store.tables import FEATURE_PRICES

_COLUMNS = (
    FEATURE_PRICES.c.key,
    FEATURE_PRICES.c.display_name,
    FEATURE_PRICES.c.credits,
    FEATURE_PRICES.c.update_time,
)
_ALL = LeanQuery(select(*_COLUMNS).order_by(FEATURE_PRICES.c.position))


class PriceRepository:
    """Prices, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_all(self) -> list[FeaturePrice]:
        """In the order of the contract."""
        return [FeaturePrice(*row) for row in _ALL.all(self._connection)]
