"""What administrators ask of the entries of all users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.errors import field_invalid
from services.billing.domain.ledger import EntryType
from services.billing.domain.limits import check_text

USERS_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries; None does not matter. The bounds of `credits` are included, the end of the time is not.

    `keyword` is part of a description or of the code of a card, in either case of Latin letters; entries of
    `keyword_user_ids` have it as well. `owner_user_ids` are the only ones whose entries are wanted.
    """

    user_id: int | None = None
    type: EntryType | None = None
    credits_min: int | None = None
    credits_max: int | None = None
    create_time_from: datetime | None = None
    create_time_before: datetime | None = None
    keyword: str | None = None
    keyword_user_ids: tuple[int, ...] = ()
    owner_user_ids: tuple[int, ...] | None = None

    def check(self) -> None:
        """Raises Invalid, naming the field."""
        check_text("keyword", self.keyword or "")
        for field, user_ids in (("keyword_user_ids", self.keyword_user_ids), ("owners", self.owner_user_ids or ())):
            if len(user_ids) > USERS_LIMIT:
                raise field_invalid(field, f"一次最多按 {USERS_LIMIT} 个用户搜索")
