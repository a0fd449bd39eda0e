"""Lists of invite codes for administrators. Reads outside of the ledger's threads, as lists of cards do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, false, func, or_, select

from kit.db.database import Database
from services.billing.domain.codes import code_as_written, is_part_of_code
from services.billing.domain.invites import InviteCode, InviteFilter, InviteStatus
from services.billing.store.invites import INVITE_COLUMNS, invite_from_row
from services.billing.store.tables import INVITE_CODES


class InvitePages:
    """Invite codes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: InviteFilter, now: datetime, *, limit: int, offset: int
    ) -> tuple[list[InviteCode], int]:
        """Invite codes newest first, and how many there are in all."""
        conditions = _conditions(wanted, now)
        number = select(func.count()).select_from(INVITE_CODES).where(*conditions)
        newest = select(*INVITE_COLUMNS).where(*conditions).order_by(INVITE_CODES.c.id.desc())
        async with self._database.session() as session:
            connection = await session.connection()
            total = (await connection.execute(number)).scalar_one()
            rows = await connection.execute(newest.offset(offset).limit(limit))
            return [invite_from_row(row) for row in rows], total


def _conditions(wanted: InviteFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.operator_user_id is not None:
        conditions.append(INVITE_CODES.c.operator_user_id == wanted.operator_user_id)
    if wanted.used_by_user_id is not None:
        conditions.append(INVITE_CODES.c.used_by_user_id == wanted.used_by_user_id)
    if wanted.keyword:
        conditions.append(_mentions(wanted.keyword))
    if wanted.status is not None:
        conditions += _has_status(wanted.status, now)
    return conditions


def _mentions(keyword: str) -> ColumnElement[bool]:
    part = code_as_written(keyword)
    return func.replace(INVITE_CODES.c.code, "-", "").contains(part) if is_part_of_code(part) else false()


def _has_status(status: InviteStatus, now: datetime) -> list[ColumnElement[bool]]:
    is_unused = INVITE_CODES.c.used_by_user_id.is_(None)
    match status:
        case InviteStatus.USED:
            return [~is_unused]
        case InviteStatus.EXPIRED:
            return [is_unused, INVITE_CODES.c.expire_time <= now]
        case InviteStatus.UNUSED:
            return [is_unused, or_(INVITE_CODES.c.expire_time.is_(None), INVITE_CODES.c.expire_time > now)]
