"""Prices of features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.billing.domain.errors import field_invalid

PRICE_LIMIT: Final = 1_000_000
VOICE_SYNTHESIS: Final = "voice_synthesis"
"""Speech with emotions costs by its tokens, so whoever reserves for it names the credits: it is on no list."""


@dataclass(frozen=True, slots=True)
class FeaturePrice:
    """What one use of a feature costs, in credits. `display_name` is Chinese."""

    key: str
    display_name: str
    credits: int
    update_time: datetime


@dataclass(frozen=True, slots=True)
class ChangePrice:
    """An administrator wants a feature to cost so much."""

    feature_key: str
    credits: int
    operator_user_id: int

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        if not 0 <= self.credits <= PRICE_LIMIT:
            raise field_invalid("credits", f"积分消耗须在 0 至 {PRICE_LIMIT} 之间")
