"""A migrated files database and files to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from kit.db.database import Database
from kit.db.uow import Units
from services.files.domain.model import StorageType, StoredFile, UploadGrant
from services.files.store.uow import FilesUnit
from tests.store.migrated import migrated_database

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


@pytest.fixture
async def migrated(database_url: str) -> AsyncIterator[Database]:
    async with migrated_database(database_url, "files") as database:
        yield database


@pytest.fixture
def units(migrated: Database) -> Units[FilesUnit]:
    return Units(migrated, FilesUnit)


def a_file(bare_id: str, *, user_id: int = 7, expire_time: datetime | None = None) -> StoredFile:
    return StoredFile(
        bare_id=bare_id,
        extension="wav",
        user_id=user_id,
        storage_type=StorageType.PERSISTENT if expire_time is None else StorageType.TEMP,
        file_type="bgm" if expire_time is None else "",
        original_name="音乐.wav",
        content_type="audio/wav",
        size_bytes=3_000_000_000,
        sha256="a" * 64,
        blob_key=f"zz/{bare_id}",
        create_time=NOW,
        expire_time=expire_time,
    )


def a_grant(grant_id: str, *, expire_time: datetime = NOW + timedelta(hours=1)) -> UploadGrant:
    return UploadGrant(
        id=grant_id,
        user_id=7,
        request_id="",
        storage_type=StorageType.PERSISTENT,
        file_type="bgm",
        id_prefix="bgm",
        original_name="音乐.wav",
        blob_key=f"zz/{grant_id}",
        limit_bytes=5_000_000_000,
        expire_time=expire_time,
        bare_id=None,
    )
