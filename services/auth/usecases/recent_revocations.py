"""What was revoked lately, for verifiers that may have missed an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kit.db.uow import Units
from services.auth.domain.users import Revocation
from services.auth.store.uow import AuthUnit

_PAGE = 500


@dataclass(frozen=True, slots=True)
class RevocationPage:
    """Users and what voids their tokens; `next_id` is 0 when nothing follows."""

    revocations: tuple[tuple[int, Revocation], ...]
    next_id: int


class RecentRevocations:
    """Reads them a page at a time."""

    def __init__(self, units: Units[AuthUnit]) -> None:
        self._units = units

    async def since(self, time: datetime, *, after_id: int) -> RevocationPage:
        """Revocations of that time and later, behind the row of an id, in the order of the rows."""
        rows = await self._units.read(lambda unit: unit.revocations.since(time, after_id=after_id, limit=_PAGE))
        next_id = rows[-1][0] if len(rows) == _PAGE else 0
        return RevocationPage(tuple((user_id, revocation) for _, user_id, revocation in rows), next_id)
