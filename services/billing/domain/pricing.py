"""Prices of features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FeaturePrice:
    """What one use of a feature costs, in credits. `display_name` is Chinese."""

    key: str
    display_name: str
    credits: int
    update_time: datetime
