"""Lists, searches and statistics of files, on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from kit.db.database import Database
from kit.db.uow import Units
from kit.errors import Invalid
from services.files.domain.listing import FileCount, FileFilter, Page
from services.files.domain.model import StorageType, StoredFile
from services.files.store.file_pages import FilePages
from services.files.store.uow import FilesUnit
from tests.store.files.conftest import NOW, a_file

PERSISTENT = FileFilter(storage_types=(StorageType.PERSISTENT,))
ALL = Page(100, 0)


def _named(bare_id: str, name: str, *, minutes: int = 0, size_bytes: int = 10, user_id: int = 7) -> StoredFile:
    made = NOW + timedelta(minutes=minutes)
    file = a_file(bare_id, user_id=user_id)
    return replace(file, original_name=name, create_time=made, size_bytes=size_bytes)


async def _store(units: Units[FilesUnit], files: Sequence[StoredFile]) -> None:
    for file in files:
        await units.write(lambda unit, each=file: unit.files.add(each, request_id=None))


async def _found(database: Database, wanted: FileFilter, page: Page = ALL) -> tuple[list[str], int]:
    files, total = await FilePages(database).page(wanted, NOW, page)
    return [file.bare_id for file in files], total


async def test_newest_first_ties_by_id_page_by_page(migrated: Database, units: Units[FilesUnit]) -> None:
    await _store(units, [_named(key, "a.wav", minutes=at // 2) for at, key in enumerate("badcfe")])
    assert await _found(migrated, PERSISTENT) == (["f", "e", "d", "c", "b", "a"], 6)
    assert await _found(migrated, PERSISTENT, Page(2, 3)) == (["c", "b"], 6)
    assert await _found(migrated, PERSISTENT, Page(2, 6)) == ([], 6)


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("Audio", ["upper", "lower"]),
        ("景", ["chinese"]),
        ("100%", ["percent"]),
        ("%", ["percent"]),
        ("_", ["under"]),
        ("/", []),
        ("\\", []),
        ("'; --", []),
        ("", ["under", "percent", "chinese", "upper", "lower"]),
    ],
)
async def test_a_keyword_is_a_part_of_the_name(
    migrated: Database, units: Units[FilesUnit], keyword: str, expected: list[str]
) -> None:
    names = ("lower", "my audio.mp3"), ("upper", "MY AUDIO.MP3"), ("chinese", "背景.png"), ("percent", "100% ok.png")
    files = [_named(key, name, minutes=at) for at, (key, name) in enumerate([*names, ("under", "a_b.png")])]
    await _store(units, files)
    assert await _found(migrated, replace(PERSISTENT, keyword=keyword)) == (expected, len(expected))


async def test_pages_of_a_search(migrated: Database, units: Units[FilesUnit]) -> None:
    await _store(units, [_named(key, f"{key} audio.wav", minutes=at // 2) for at, key in enumerate("badcfe")])
    wanted = replace(PERSISTENT, keyword="audio")
    assert await _found(migrated, wanted, Page(2, 0)) == (["f", "e"], 6)
    assert await _found(migrated, wanted, Page(2, 3)) == (["c", "b"], 6)
    assert await _found(migrated, wanted, Page(2, 6)) == ([], 6)
    assert await _found(migrated, replace(wanted, keyword="none"), Page(2, 6)) == ([], 0)


async def test_every_filter_narrows(migrated: Database, units: Units[FilesUnit]) -> None:
    image = replace(_named("image", "a.png", minutes=1, size_bytes=500, user_id=8), file_type="backgrounds")
    await _store(units, [image, _named("music", "b.wav", size_bytes=2_000_000)])
    for narrowed, expected in (
        (replace(PERSISTENT, file_type="backgrounds"), ["image"]),
        (replace(PERSISTENT, user_ids=(7,)), ["music"]),
        (replace(PERSISTENT, user_ids=(7, 8)), ["image", "music"]),
        (replace(PERSISTENT, min_size_bytes=501), ["music"]),
        (replace(PERSISTENT, min_size_bytes=500, max_size_bytes=500), ["image"]),
        (replace(PERSISTENT, max_size_bytes=499), []),
        (replace(PERSISTENT, keyword="a", file_type="backgrounds", user_ids=(8,)), ["image"]),
    ):
        assert await _found(migrated, narrowed) == (expected, len(expected))


async def test_what_has_expired_is_not_listed(migrated: Database, units: Units[FilesUnit]) -> None:
    passing, gone = a_file("passing", expire_time=NOW + timedelta(seconds=1)), a_file("gone", expire_time=NOW)
    await _store(units, [a_file("kept"), passing, gone])
    assert await _found(migrated, FileFilter(storage_types=(StorageType.TEMP, StorageType.CACHE))) == (["passing"], 1)
    assert await _found(migrated, PERSISTENT) == (["kept"], 1)


async def test_files_of_the_same_bytes_take_one_blob(migrated: Database, units: Units[FilesUnit]) -> None:
    files = [_named("a", "a.wav", size_bytes=10), _named("b", "b.wav", size_bytes=10)]
    await _store(units, [*files, a_file("t", expire_time=NOW)])
    assert await units.write(lambda unit: unit.blobs.claim(files[0])) == "zz/a"
    assert await units.write(lambda unit: unit.blobs.claim(files[1])) == "zz/a"
    stats = await FilePages(migrated).stats()
    assert sorted(stats.counts, key=lambda count: count.file_type) == [
        FileCount(StorageType.TEMP, "", 1, 3_000_000_000),
        FileCount(StorageType.PERSISTENT, "bgm", 2, 20),
    ]
    assert (stats.blobs, stats.blob_bytes) == (2, 3_000_000_010)


async def test_statistics_of_nothing(migrated: Database) -> None:
    stats = await FilePages(migrated).stats()
    assert (stats.counts, stats.blobs, stats.blob_bytes) == ([], 0, 0)


@pytest.mark.parametrize(("size", "skip"), [(0, 0), (1001, 0), (-1, 0), (10, -1)])
def test_pages_have_bounds(size: int, skip: int) -> None:
    with pytest.raises(Invalid):
        Page.checked(size, skip)
