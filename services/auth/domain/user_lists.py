"""Lists of users: which, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.auth.domain.errors import field_invalid
from services.auth.domain.materials import MaterialKind, Materials
from services.auth.domain.users import User, UserStatus

USER_IDS_LIMIT = 300_000


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users. None does not matter; at most one of `only` and `all_but` is given.

    `keyword` is part of an account, `identity` part of an account or of a phone number, or a whole id.
    """

    keyword: str | None = None
    identity: str | None = None
    is_admin: bool | None = None
    status: UserStatus | None = None
    only: Sequence[int] | None = None
    all_but: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if max(len(self.only or ()), len(self.all_but or ())) > USER_IDS_LIMIT:
            raise field_invalid("users", f"一次最多指定 {USER_IDS_LIMIT} 个用户")


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user in a list. `materials` is empty unless it was asked for."""

    user: User
    counts: Mapping[MaterialKind, int]
    materials: Materials


@dataclass(frozen=True, slots=True)
class UserPeriods:
    """Since when a user is new today, and new this week."""

    day_start: datetime
    week_start: datetime


@dataclass(frozen=True, slots=True)
class UserStats:
    """Numbers of users."""

    total: int
    active: int
    admins: int
    new_today: int
    new_this_week: int
