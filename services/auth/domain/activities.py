"""Activities: what users did and what happened to what is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kit.values import value

Details = Mapping[str, str | int | bool]

DAYS_LIMIT = 31


class ActivityStatus(StrEnum):
    """How it went. The values are stored."""

    SUCCESS = "success"
    FAILED = "failed"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class ActivityType:
    """A type. The value is stored; the label is Chinese; the icon is one of Element Plus."""

    value: str
    label: str
    icon: str


@value
class NewActivity:
    """An activity to be added. `user_id` is None when nobody known did it."""

    user_id: int | None
    account: str
    type: str
    status: ActivityStatus
    description: str
    details: Details
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as it is kept."""

    id: int
    user_id: int | None
    account: str
    type: str
    status: ActivityStatus
    description: str
    details: Details
    create_time: datetime


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Which activities. None does not matter."""

    since: datetime
    user_id: int | None = None
    type: str | None = None
    status: ActivityStatus | None = None


@dataclass(frozen=True, slots=True)
class ActivityStats:
    """Numbers of activities; the days are those that were asked for, in their order."""

    by_type: Mapping[str, int]
    by_status: Mapping[ActivityStatus, int]
    by_day: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.by_type.values())
