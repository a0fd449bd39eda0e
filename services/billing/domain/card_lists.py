"""What administrators ask of all cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.cards import CardStatus
from services.billing.domain.limits import check_text


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which cards; None does not matter. `keyword` is part of a code or a batch number, in either case."""

    status: CardStatus | None = None
    batch_number: str | None = None
    package_key: str | None = None
    keyword: str | None = None
    operator_user_id: int | None = None
    used_by_user_id: int | None = None
    create_time_from: datetime | None = None
    create_time_before: datetime | None = None

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        texts = {"batch_number": self.batch_number, "package_key": self.package_key, "keyword": self.keyword}
        for field, text in texts.items():
            check_text(field, text or "")


@dataclass(frozen=True, slots=True)
class CardStats:
    """Number of cards by what they are, and what the active ones are worth."""

    counts: Mapping[CardStatus, int]
    active_credits: int
    active_price_fen: int
