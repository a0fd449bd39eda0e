"""Natural batching: what waits is done together, and nobody waits for more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from kit.errors import RateLimited
from services.billing.usecases.group_commit import GroupCommit


class FakeStore:
    """Doubles numbers, one group at a time, and lets the test say when."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_commit = asyncio.Event()

    async def commit(self, numbers: Sequence[int]) -> list[int]:
        self.groups.append(list(numbers))
        await self.may_commit.wait()
        return [2 * number for number in numbers]


async def begun(store: FakeStore, groups: int = 1) -> None:
    async with asyncio.timeout(60):
        while len(store.groups) < groups:
            await asyncio.sleep(0)


async def test_what_comes_while_a_group_is_committed_is_the_next_group() -> None:
    store = FakeStore()
    commit = GroupCommit(store.commit)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(commit.perform([1]))
        await begun(store)
        others = [group.create_task(commit.perform([number, 10 * number])) for number in (2, 3)]
        await asyncio.sleep(0)
        store.may_commit.set()
    assert store.groups == [[1], [2, 20, 3, 30]]
    assert [first.result(), *(task.result() for task in others)] == [[2], [4, 40], [6, 60]]


async def test_whoever_has_gone_before_the_turn_is_left_out() -> None:
    store = FakeStore()
    commit = GroupCommit(store.commit)
    first = asyncio.create_task(commit.perform([1]))
    await begun(store)
    gone, stays = asyncio.create_task(commit.perform([2])), asyncio.create_task(commit.perform([3]))
    await asyncio.sleep(0)
    gone.cancel()
    first.cancel()
    await asyncio.sleep(0)
    store.may_commit.set()
    assert await stays == [6]
    assert store.groups == [[1], [3]]
    assert gone.cancelled()


async def test_closing_waits_for_what_is_queued() -> None:
    store = FakeStore()
    commit = GroupCommit(store.commit)
    waiting = [asyncio.create_task(commit.perform([number])) for number in (1, 2)]
    await begun(store)
    store.may_commit.set()
    await commit.close()
    assert [await task for task in waiting] == [[2], [4]]


async def test_too_much_at_once_is_refused() -> None:
    commit = GroupCommit(FakeStore().commit)
    with pytest.raises(RateLimited):
        await commit.perform(range(10_001))


async def test_a_group_that_fails_leaves_nobody_waiting() -> None:
    async def fail(_numbers: Sequence[int]) -> list[int]:
        raise RuntimeError("broken")

    commit = GroupCommit(fail)
    with pytest.raises(asyncio.CancelledError):
        await commit.perform([1])
