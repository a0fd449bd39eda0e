"""Blobs that several files of one user have, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from kit.db.uow import Units
from services.files.store.uow import FilesUnit
from tests.store.files.conftest import a_file


async def test_the_second_file_gets_the_first_ones_blob(units: Units[FilesUnit]) -> None:
    assert await units.write(lambda unit: unit.blobs.claim(a_file("a"))) == "zz/a"
    assert await units.write(lambda unit: unit.blobs.claim(a_file("b"))) == "zz/a"
    assert not await units.write(lambda unit: unit.blobs.release("zz/a"))
    assert await units.write(lambda unit: unit.blobs.release("zz/a"))
    assert await units.write(lambda unit: unit.blobs.claim(a_file("c"))) == "zz/c"


async def test_other_owners_and_other_bytes_share_nothing(units: Units[FilesUnit]) -> None:
    other_bytes = replace(a_file("c"), sha256="b" * 64)
    for file in (a_file("a"), a_file("b", user_id=8), other_bytes):
        assert await units.write(lambda unit, each=file: unit.blobs.claim(each)) == file.blob_key


async def test_a_blob_without_a_row_is_one_files_alone(units: Units[FilesUnit]) -> None:
    assert await units.write(lambda unit: unit.blobs.release("zz/older"))


async def test_claims_and_releases_at_the_same_time_lose_no_count(units: Units[FilesUnit]) -> None:
    files = [a_file(f"f-{at}") for at in range(12)]
    keys = await asyncio.gather(*[units.write(lambda unit, each=file: unit.blobs.claim(each)) for file in files])
    assert len(set(keys)) == 1
    gone = await asyncio.gather(*[units.write(lambda unit: unit.blobs.release(keys[0])) for _ in files])
    assert sorted(gone) == [False] * 11 + [True]
