"""Lists and counts of files. Reads outside of the service's threads, so that a long list delays no download."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.contains_text import contains_text
from kit.db.database import Database
from kit.db.paging import known_total
from kit.events.tables import core_table
from services.files.domain.listing import FileCount, FileFilter, FileStats, Page
from services.files.domain.model import StorageType, StoredFile
from services.files.store.file_repository import FILE_COLUMNS, file_from_row
from services.files.store.tables import IS_SHARED_BLOB, BlobRow, FileRow

_FILES = core_table(FileRow)
_BLOBS = core_table(BlobRow)
Conditions = Sequence[ColumnElement[bool]]

_NEWEST_FIRST = (_FILES.c.create_time.desc(), _FILES.c.bare_id.desc())


class FilePages:
    """Files that have not expired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: FileFilter, now: datetime, page: Page) -> tuple[list[StoredFile], int]:
        """Files newest first, and how many there are in all."""
        conditions = _conditions(wanted, now, self._database.dialect_name)
        async with self._database.session() as session:
            connection = await session.connection()
            # The indexes say which files are on the page; only theirs of all rows are read.
            is_far_in = page.skip and wanted.keyword and self._database.dialect_name == "postgresql"
            find = _found_at_once if is_far_in else _found_in_order
            ids, total = await find(connection, conditions, page)
            rows = await connection.execute(
                select(*FILE_COLUMNS).where(_FILES.c.bare_id.in_(ids)).order_by(*_NEWEST_FIRST)
            )
            return [file_from_row(tuple(row)) for row in rows], total

    async def stats(self) -> FileStats:
        """All files at once."""
        kinds = select(_FILES.c.storage_type, _FILES.c.file_type, func.count(), func.sum(_FILES.c.size_bytes)).group_by(
            _FILES.c.storage_type, _FILES.c.file_type
        )
        more = _BLOBS.c.reference_count - 1
        saved = select(func.coalesce(func.sum(more), 0), func.coalesce(func.sum(more * _BLOBS.c.size_bytes), 0))
        saved = saved.where(text(IS_SHARED_BLOB))
        async with self._database.session() as session:
            connection = await session.connection()
            counts = [
                FileCount(StorageType(storage_type), file_type, files, int(size_bytes))
                for storage_type, file_type, files, size_bytes in await connection.execute(kinds)
            ]
            saved_blobs, saved_bytes = (await connection.execute(saved)).one()
        return FileStats(
            counts,
            blobs=sum(count.files for count in counts) - int(saved_blobs),
            blob_bytes=sum(count.size_bytes for count in counts) - int(saved_bytes),
        )


async def _found_in_order(connection: AsyncConnection, conditions: Conditions, page: Page) -> tuple[Sequence[str], int]:
    """Ids of the page, and how many match: the index ends the page early, and all are looked at for the number."""
    ids = select(_FILES.c.bare_id).where(*conditions).order_by(*_NEWEST_FIRST).offset(page.skip).limit(page.size)
    found = (await connection.execute(ids)).scalars().all()
    total = known_total(len(found), limit=page.size, offset=page.skip)
    if total is None:
        number = select(func.count()).select_from(_FILES).where(*conditions)
        total = (await connection.execute(number)).scalar_one()
    return found, total


async def _found_at_once(connection: AsyncConnection, conditions: Conditions, page: Page) -> tuple[Sequence[str], int]:
    """The same for a page far into a search, where PostgreSQL looks at everything and sorts: once for both."""
    matching = select(_FILES.c.bare_id, _FILES.c.create_time).where(*conditions).cte("matching")
    number = select(func.count()).select_from(matching).scalar_subquery()
    newest_first = (matching.c.create_time.desc(), matching.c.bare_id.desc())
    part = select(matching.c.bare_id).order_by(*newest_first).offset(page.skip).limit(page.size).subquery()
    # The number comes along even when the page is empty.
    counted = select(number.label("total")).subquery()
    rows = (
        await connection.execute(select(counted.c.total, part.c.bare_id).outerjoin_from(counted, part, true()))
    ).all()
    return [bare_id for _, bare_id in rows if bare_id is not None], rows[0].total


def _conditions(wanted: FileFilter, now: datetime, dialect: str) -> list[ColumnElement[bool]]:
    conditions = [_is_one_of(_FILES.c.storage_type, [int(each) for each in wanted.storage_types])]
    if any(each is not StorageType.PERSISTENT for each in wanted.storage_types):
        conditions.append(or_(_FILES.c.expire_time.is_(None), _FILES.c.expire_time > now))
    if wanted.user_ids is not None:
        conditions.append(_is_one_of(_FILES.c.user_id, list(wanted.user_ids)))
    if wanted.file_type is not None:
        conditions.append(_FILES.c.file_type == wanted.file_type)
    if wanted.min_size_bytes is not None:
        conditions.append(_FILES.c.size_bytes >= wanted.min_size_bytes)
    if wanted.max_size_bytes is not None:
        conditions.append(_FILES.c.size_bytes <= wanted.max_size_bytes)
    if wanted.keyword:
        conditions.append(_mentions(wanted.keyword, dialect))
    return conditions


def _mentions(keyword: str, dialect: str) -> ColumnElement[bool]:
    """The name contains the keyword, A to Z in either case."""
    if dialect == "sqlite":
        # Its LIKE folds A to Z by itself, and the index has the name as it is.
        return contains_text(_FILES.c.original_name, keyword)
    # Of bytes, lower() folds A to Z only, as the column does.
    return func.strpos(_FILES.c.search_name, keyword.encode().lower().decode()) > 0


def _is_one_of(column: ColumnElement[int], values: list[int]) -> ColumnElement[bool]:
    # A single value lets the index deliver the order as well.
    return column == values[0] if len(values) == 1 else column.in_(values)
