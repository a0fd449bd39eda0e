"""The audit in the database: written once, never changed, read in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, func, select

from kit.db.database import Database
from kit.db.lean_many import LeanInsertMany
from services.auth.domain.audit import AuditFilter, AuditRecord, NewAuditRecord
from services.auth.domain.paging import Page
from services.auth.store.tables import AUDIT_RECORDS

_COLUMNS = (
    AUDIT_RECORDS.c.id,
    AUDIT_RECORDS.c.create_time,
    AUDIT_RECORDS.c.request_id,
    AUDIT_RECORDS.c.operator_user_id,
    AUDIT_RECORDS.c.operator_account,
    AUDIT_RECORDS.c.target_user_id,
    AUDIT_RECORDS.c.target_account,
    AUDIT_RECORDS.c.action,
    AUDIT_RECORDS.c.target,
    AUDIT_RECORDS.c.before,
    AUDIT_RECORDS.c.after,
)
_ADD = LeanInsertMany((AUDIT_RECORDS.c.event_id, *(column for column in _COLUMNS if column is not AUDIT_RECORDS.c.id)))
_NEWEST = (AUDIT_RECORDS.c.create_time.desc(), AUDIT_RECORDS.c.id.desc())


class AuditRepository:
    """Writes records, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_all(self, records: Sequence[NewAuditRecord]) -> None:
        """Raises IntegrityError when one of the events has a record."""
        _ADD.run(self._connection, [_row_of(new) for new in records])


def _row_of(new: NewAuditRecord) -> tuple[Any, ...]:
    return (
        new.event_id,
        new.create_time,
        new.request_id,
        new.operator_user_id,
        new.operator_account,
        new.target_user_id,
        new.target_account,
        new.action,
        new.target,
        orjson.dumps(new.before).decode(),
        orjson.dumps(new.after).decode(),
    )


class AuditPages:
    """Reads records, newest first, outside of the threads of logins and profiles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: AuditFilter, page: Page) -> tuple[list[AuditRecord], int]:
        """Records, and how many there are in all."""
        conditions = _conditions(wanted)
        number = select(func.count()).select_from(AUDIT_RECORDS).where(*conditions)
        # Which ones is read from an index, however deep the page; only they are read whole.
        chosen = select(AUDIT_RECORDS.c.id).where(*conditions).order_by(*_NEWEST).offset(page.skip).limit(page.size)
        newest = select(*_COLUMNS).where(AUDIT_RECORDS.c.id.in_(chosen)).order_by(*_NEWEST)
        async with self._database.session() as session:
            connection = await session.connection()
            total = (await connection.execute(number)).scalar_one()
            if page.skip >= total:
                return [], total
            return [_record_from_row(row) for row in await connection.execute(newest)], total


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.operator_user_id is not None:
        conditions.append(AUDIT_RECORDS.c.operator_user_id == wanted.operator_user_id)
    if wanted.target_user_id is not None:
        conditions.append(AUDIT_RECORDS.c.target_user_id == wanted.target_user_id)
    if wanted.action is not None:
        conditions.append(AUDIT_RECORDS.c.action == wanted.action)
    if wanted.since is not None:
        conditions.append(AUDIT_RECORDS.c.create_time >= wanted.since)
    if wanted.until is not None:
        conditions.append(AUDIT_RECORDS.c.create_time < wanted.until)
    return conditions


def _record_from_row(row: Sequence[Any]) -> AuditRecord:
    record_id, create_time, request_id, operator_user_id, operator_account, target_user_id, *rest = row
    target_account, action, target, before, after = rest
    return AuditRecord(
        id=record_id,
        create_time=create_time,
        request_id=request_id,
        operator_user_id=operator_user_id,
        operator_account=operator_account,
        target_user_id=target_user_id,
        target_account=target_account,
        action=action,
        target=target,
        before=orjson.loads(before),
        after=orjson.loads(after),
    )
