"""Times in filters, which come from clients."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from services.billing.domain.errors import field_invalid
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger


def create_time_of(
    given: cards.CardFilter | ledger.EntryFilter, field: Literal["create_time_from", "create_time_before"]
) -> datetime | None:
    """The bound; None when it is not given. Raises Invalid for a time outside of the calendar."""
    if not given.HasField(field):
        return None
    bound = given.create_time_from if field == "create_time_from" else given.create_time_before
    try:
        return bound.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise field_invalid("create_time", "时间无效") from None
