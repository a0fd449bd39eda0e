"""Users that are not asked for again at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.billing.usecases.recent_accounts import RecentAccounts
from tests.fakes.clock import FakeClock


class FakeDirectory:
    """Knows some users, and what it was asked for."""

    def __init__(self, *known: int) -> None:
        self.known = set(known)
        self.asked: list[list[int]] = []

    async def accounts_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        self.asked.append(sorted(user_ids))
        return {user_id: f"user{user_id}" for user_id in user_ids if user_id in self.known}


async def test_whoever_was_found_is_not_asked_for_again_within_a_second() -> None:
    clock, directory = FakeClock(), FakeDirectory(1, 2)
    accounts = RecentAccounts(directory, clock)
    assert await accounts.accounts_of({1}) == {1: "user1"}
    clock.advance(0.9)
    assert await accounts.accounts_of({1, 2}) == {1: "user1", 2: "user2"}
    assert directory.asked == [[1], [2]]


async def test_whoever_is_gone_is_missed_a_second_later() -> None:
    clock, directory = FakeClock(), FakeDirectory(1)
    accounts = RecentAccounts(directory, clock)
    await accounts.accounts_of({1})
    directory.known.clear()
    clock.advance(1.0)
    assert await accounts.accounts_of({1}) == {}


async def test_whoever_was_not_found_is_asked_for_each_time() -> None:
    directory = FakeDirectory()
    accounts = RecentAccounts(directory, FakeClock())
    assert await accounts.accounts_of({3}) == {}
    directory.known.add(3)
    assert await accounts.accounts_of({3}) == {3: "user3"}


async def test_it_remembers_no_more_than_so_many() -> None:
    directory = FakeDirectory(*range(20_001))
    accounts = RecentAccounts(directory, FakeClock())
    await accounts.accounts_of({0})
    await accounts.accounts_of(range(1, 10_001))
    await accounts.accounts_of({0})
    assert [len(each) for each in directory.asked] == [1, 10_000, 1]
