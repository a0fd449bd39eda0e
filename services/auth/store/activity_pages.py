"""Lists and numbers of activities. Reads outside of the threads of logins and profiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, func, select

from kit.db.database import Database
from services.auth.domain.activities import Activity, ActivityFilter, ActivityStats, ActivityStatus
from services.auth.domain.paging import Page
from services.auth.store.tables import ACTIVITIES

_COLUMNS = (
    ACTIVITIES.c.id,
    ACTIVITIES.c.user_id,
    ACTIVITIES.c.account,
    ACTIVITIES.c.type,
    ACTIVITIES.c.status,
    ACTIVITIES.c.description,
    ACTIVITIES.c.details,
    ACTIVITIES.c.create_time,
)
_NEWEST = (ACTIVITIES.c.create_time.desc(), ACTIVITIES.c.id.desc())


class ActivityPages:
    """Activities, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: ActivityFilter, page: Page) -> tuple[list[Activity], int]:
        """Activities, and how many there are in all."""
        conditions = _conditions(wanted)
        number = select(func.count()).select_from(ACTIVITIES).where(*conditions)
        # Which ones is read from an index alone, however deep the page; only they are read whole.
        chosen = select(ACTIVITIES.c.id).where(*conditions).order_by(*_NEWEST).offset(page.skip).limit(page.size)
        newest = select(*_COLUMNS).where(ACTIVITIES.c.id.in_(chosen)).order_by(*_NEWEST)
        async with self._database.session() as session:
            connection = await session.connection()
            total = (await connection.execute(number)).scalar_one()
            if page.skip >= total:
                return [], total
            rows = await connection.execute(newest)
            return [_activity_from_row(row) for row in rows], total

    async def stats(self, day_starts: Sequence[datetime]) -> ActivityStats:
        """Everybody's activities since the first of the days, which ascend."""
        kinds = self._kinds(ACTIVITIES.c.create_time >= day_starts[0])
        days = select(*(_number_between(start, end) for start, end in pairwise([*day_starts, None])))
        by_type: Counter[str] = Counter()
        by_status: Counter[ActivityStatus] = Counter()
        async with self._database.session() as session:
            connection = await session.connection()
            for kind, status, number in await connection.execute(kinds):
                by_type[kind] += number
                by_status[ActivityStatus(status)] += number
            by_day = (await connection.execute(days)).one()
        return ActivityStats(by_type, by_status, tuple(by_day))

    def _kinds(self, condition: ColumnElement[bool]) -> Select[str, str, int]:
        kind = (ACTIVITIES.c.type, ACTIVITIES.c.status)
        if self._database.dialect_name == "sqlite":
            return select(*kind, func.count()).where(condition).group_by(*kind)
        # Told to go by the index that has them in order, PostgreSQL need not hash every row, which is half the price.
        ordered = select(*kind).where(condition).order_by(*kind).subquery()
        return select(ordered.c.type, ordered.c.status, func.count()).group_by(*ordered.c)


def _conditions(wanted: ActivityFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [ACTIVITIES.c.create_time >= wanted.since]
    if wanted.user_id is not None:
        conditions.append(ACTIVITIES.c.user_id == wanted.user_id)
    if wanted.type is not None:
        conditions.append(ACTIVITIES.c.type == wanted.type)
    if wanted.status is not None:
        conditions.append(ACTIVITIES.c.status == wanted.status.value)
    return conditions


def _number_between(start: datetime | None, end: datetime | None) -> ColumnElement[int]:
    number = select(func.count()).select_from(ACTIVITIES).where(ACTIVITIES.c.create_time >= start)
    if end is not None:
        number = number.where(ACTIVITIES.c.create_time < end)
    return number.scalar_subquery()


def _activity_from_row(row: Sequence[Any]) -> Activity:
    activity_id, user_id, account, kind, status, description, details, create_time = row
    return Activity(
        id=activity_id,
        user_id=user_id,
        account=account,
        type=kind,
        status=ActivityStatus(status),
        description=description,
        details=orjson.loads(details),
        create_time=create_time,
    )
