"""Lists and numbers of users. Reads outside of the threads of logins and profiles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.any_of import AnyOf
from kit.db.contains_text import contains_folded
from kit.db.database import Database
from services.auth.domain.materials import NO_MATERIALS, MaterialKind, Materials
from services.auth.domain.paging import Page
from services.auth.domain.user_lists import ListedUser, UserFilter, UserPeriods, UserStats
from services.auth.domain.users import User, UserStatus
from services.auth.store.marked_ids import IsMarked, marks_of
from services.auth.store.materials import MATERIAL_LISTS, lists_from_rows
from services.auth.store.tables import MATERIALS, USERS
from services.auth.store.users import USER_COLUMNS, user_from_row

_IS_ADMIN = USERS.c.is_admin.is_(True)
_IS_FROZEN = USERS.c.status == UserStatus.FROZEN.value
_HIGHEST_ID = select(func.coalesce(func.max(USERS.c.id), 0))
_BY_IDS = select(*USER_COLUMNS).where(AnyOf(USERS.c.id, "user_ids")).order_by(USERS.c.id.desc())
# What both databases take for one.
_ID = re.compile(r"[0-9]{1,18}")
_ONLY, _ALL_BUT = "only", "all_but"
# So many are looked up by the key faster than all users are read.
_SHORT_LIST = 1000


class UserPages:
    """Users, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def with_counts(self, wanted: UserFilter, page: Page) -> tuple[list[ListedUser], int]:
        """Users with the lengths of their material lists, and how many users there are in all."""
        async with self._database.session() as session:
            connection = await session.connection()
            users, total = await _page(connection, wanted, page)
            counts = await _counts(connection, [user.id for user in users])
        return [ListedUser(user, counts[user.id], NO_MATERIALS) for user in users], total

    async def with_lists(self, wanted: UserFilter, page: Page) -> tuple[list[ListedUser], int]:
        """The same with the material lists themselves."""
        async with self._database.session() as session:
            connection = await session.connection()
            users, total = await _page(connection, wanted, page)
            found = await connection.execute(MATERIAL_LISTS, {"user_ids": [user.id for user in users]})
            lists = lists_from_rows(found.all())
        kept = [(user, lists.get(user.id, NO_MATERIALS)) for user in users]
        return [ListedUser(user, _lengths(materials), materials) for user, materials in kept], total

    async def stats(self, periods: UserPeriods) -> UserStats:
        """All users at once."""
        numbers = select(
            _number(),
            _number(_IS_FROZEN),
            _number(_IS_ADMIN),
            _number(_is_new(periods.day_start)),
            _number(_is_new(periods.week_start)),
        )
        async with self._database.session() as session:
            connection = await session.connection()
            total, frozen, admins, today, week = (await connection.execute(numbers)).one()
        return UserStats(total, total - frozen, admins, today, week)


async def _page(connection: AsyncConnection, wanted: UserFilter, page: Page) -> tuple[list[User], int]:
    conditions, parameters = _conditions(wanted), await _parameters(connection, wanted)
    newest = select(USERS.c.id).where(*conditions).order_by(USERS.c.id.desc())
    first = (await connection.scalars(newest.limit(_SHORT_LIST + 1), parameters)).all()
    if _is_short(first):
        # All of them: what finds few among many reads every user, and need not do so again.
        total, ids = len(first), first[page.skip : page.skip + page.size]
    else:
        number = select(func.count()).select_from(USERS).where(*conditions)
        total = (await connection.execute(number, parameters)).scalar_one()
        ids = (await connection.scalars(newest.offset(page.skip).limit(page.size), parameters)).all()
    rows = await connection.execute(_BY_IDS, {"user_ids": ids})
    return [user_from_row(tuple(row)) for row in rows], total


def _conditions(wanted: UserFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.keyword:
        conditions.append(contains_folded(USERS.c.account_key, wanted.keyword))
    if wanted.identity:
        conditions.append(_is_called(wanted.identity))
    if wanted.is_admin is not None:
        conditions.append(_IS_ADMIN if wanted.is_admin else not_(_IS_ADMIN))
    if wanted.status is not None:
        conditions.append(USERS.c.status == wanted.status.value)
    if wanted.only is not None:
        conditions.append(AnyOf(USERS.c.id, _ONLY) if _is_short(wanted.only) else IsMarked(USERS.c.id, _ONLY))
    if wanted.all_but is not None:
        conditions.append(not_(IsMarked(USERS.c.id, _ALL_BUT)))
    return conditions


def _is_called(identity: str) -> ColumnElement[bool]:
    # Digits have no case.
    called = [contains_folded(USERS.c.account_key, identity), contains_folded(USERS.c.phone, identity)]
    if _ID.fullmatch(identity):
        called.append(USERS.c.id == int(identity))
    return or_(*called)


async def _parameters(connection: AsyncConnection, wanted: UserFilter) -> dict[str, Sequence[int] | bytes]:
    if wanted.only is not None and _is_short(wanted.only):
        return {_ONLY: wanted.only}
    chosen = {_ONLY: wanted.only, _ALL_BUT: wanted.all_but}
    marked = {name: ids for name, ids in chosen.items() if ids is not None}
    if not marked:
        return {}
    highest = (await connection.execute(_HIGHEST_ID)).scalar_one()
    return {name: marks_of(ids, highest) for name, ids in marked.items()}


def _is_short(ids: Sequence[int]) -> bool:
    return len(ids) <= _SHORT_LIST


async def _counts(connection: AsyncConnection, user_ids: Sequence[int]) -> dict[int, dict[MaterialKind, int]]:
    counted = (
        select(MATERIALS.c.user_id, MATERIALS.c.kind, func.count())
        .where(AnyOf(MATERIALS.c.user_id, "user_ids"))
        .group_by(MATERIALS.c.user_id, MATERIALS.c.kind)
    )
    found: defaultdict[int, dict[MaterialKind, int]] = defaultdict(dict)
    for user_id, kind, number in await connection.execute(counted, {"user_ids": user_ids}):
        found[user_id][MaterialKind(kind)] = number
    return found


def _lengths(materials: Materials) -> dict[MaterialKind, int]:
    return {kind: len(ids) for kind, ids in materials.items()}


def _number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(USERS).where(*conditions).scalar_subquery()


def _is_new(since: datetime) -> ColumnElement[bool]:
    return USERS.c.create_time >= since
