"""Files, grants and the garbage list, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kit.db.uow import Units
from services.files.store.uow import FilesUnit
from tests.store.files.conftest import NOW, a_file, a_grant


async def test_a_file_comes_back_as_it_was_stored(units: Units[FilesUnit]) -> None:
    kept, passing = a_file("kept"), a_file("passing", expire_time=NOW + timedelta(hours=1))
    assert await units.write(lambda unit: unit.files.add(kept, request_id=None))
    assert await units.write(lambda unit: unit.files.add(passing, request_id="r-1"))
    assert await units.read(lambda unit: unit.files.find("kept")) == kept
    assert await units.read(lambda unit: unit.files.find_by_request(7, "r-1")) == passing
    assert await units.read(lambda unit: unit.files.find("other")) is None
    assert await units.read(lambda unit: unit.files.find_by_request(8, "r-1")) is None


async def test_a_request_id_stores_once_for_each_user(units: Units[FilesUnit]) -> None:
    results = await asyncio.gather(
        *[units.write(lambda unit, at=at: unit.files.add(a_file(f"f-{at}"), request_id="r-1")) for at in range(6)]
    )
    assert sorted(results) == [False] * 5 + [True]
    assert await units.write(lambda unit: unit.files.add(a_file("g", user_id=8), request_id="r-1"))


async def test_files_without_a_request_do_not_collide(units: Units[FilesUnit]) -> None:
    for bare_id in ("a", "b"):
        assert await units.write(lambda unit, key=bare_id: unit.files.add(a_file(key), request_id=None))


async def test_only_expired_files_are_removed_oldest_first(units: Units[FilesUnit]) -> None:
    files = [a_file("kept"), *(a_file(f"t-{at}", expire_time=NOW + timedelta(minutes=at)) for at in range(5))]
    for file in files:
        await units.write(lambda unit, each=file: unit.files.add(each, request_id=None))
    later = NOW + timedelta(minutes=3)
    first = await units.write(lambda unit: unit.files.remove_expired(later, 2))
    second = await units.write(lambda unit: unit.files.remove_expired(later, 10))
    assert sorted(first) == ["zz/t-0", "zz/t-1"]
    assert sorted(second) == ["zz/t-2", "zz/t-3"]
    assert await units.read(lambda unit: unit.files.find("kept")) is not None
    assert await units.read(lambda unit: unit.files.find("t-4")) is not None


async def test_a_grant_comes_back_and_is_used(units: Units[FilesUnit]) -> None:
    grant = a_grant("g-1")
    await units.write(lambda unit: unit.grants.add(grant))
    assert await units.read(lambda unit: unit.grants.find("g-1")) == grant
    await units.write(lambda unit: unit.grants.use("g-1", "file-1"))
    used = await units.write(lambda unit: unit.grants.lock("g-1"))
    assert used is not None
    assert used.bare_id == "file-1"
    await units.write(lambda unit: unit.grants.remove("g-1"))
    assert await units.read(lambda unit: unit.grants.find("g-1")) is None


async def test_expired_grants_give_back_only_unused_blobs(units: Units[FilesUnit]) -> None:
    for grant in (a_grant("used"), a_grant("unused"), a_grant("fresh", expire_time=NOW + timedelta(hours=9))):
        await units.write(lambda unit, each=grant: unit.grants.add(each))
    await units.write(lambda unit: unit.grants.use("used", "file-1"))
    orphans = await units.write(lambda unit: unit.grants.remove_expired(NOW + timedelta(hours=1), 10))
    assert orphans == ["zz/unused"]
    assert await units.read(lambda unit: unit.grants.find("used")) is None
    assert await units.read(lambda unit: unit.grants.find("fresh")) is not None


async def test_garbage_is_listed_oldest_first_until_it_is_removed(units: Units[FilesUnit]) -> None:
    await units.write(lambda unit: unit.garbage.add(["b"], NOW + timedelta(seconds=1)))
    await units.write(lambda unit: unit.garbage.add(["a", "c"], NOW))
    await units.write(lambda unit: unit.garbage.add([], NOW))
    assert sorted(await units.read(lambda unit: unit.garbage.oldest(2))) == ["a", "c"]
    await units.write(lambda unit: unit.garbage.remove(["a", "c"]))
    assert await units.read(lambda unit: unit.garbage.oldest(9)) == ["b"]


async def test_a_failing_unit_leaves_nothing(units: Units[FilesUnit]) -> None:
    def add_and_fail(unit: FilesUnit) -> None:
        unit.files.add(a_file("half"), request_id=None)
        raise LookupError

    with pytest.raises(LookupError):
        await units.write(add_and_fail)
    assert await units.read(lambda unit: unit.files.find("half")) is None


async def test_files_of_departed_users_go_some_at_a_time(units: Units[FilesUnit]) -> None:
    for user_id, name in ((7, "a"), (7, "b"), (7, "c"), (8, "d"), (9, "kept")):
        file = a_file(f"f-{name}", user_id=user_id)
        await units.write(lambda unit, each=file: unit.files.add(each, request_id=None))
    for _ in range(2):
        await units.write(lambda unit: unit.departures.add_all([7, 8], NOW))
    first = await units.write(lambda unit: unit.files.remove_of_departed(3))
    second = await units.write(lambda unit: unit.files.remove_of_departed(3))
    assert (len(first), len(second)) == (3, 1)
    assert {*first, *second} == {"zz/f-a", "zz/f-b", "zz/f-c", "zz/f-d"}
    assert await units.read(lambda unit: unit.files.find("f-kept")) is not None
    await units.write(lambda unit: unit.files.add(a_file("late", user_id=8), request_id=None))
    await units.write(lambda unit: unit.departures.forget(NOW + timedelta(seconds=1)))
    assert await units.write(lambda unit: unit.files.remove_of_departed(3)) == []
