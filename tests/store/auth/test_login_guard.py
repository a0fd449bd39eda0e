"""Guessing passwords is slow, and locks nobody out but the guesser, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select

from kit.errors import DomainError, RateLimited, Unauthenticated
from services.auth.config import LoginSettings
from services.auth.domain.networks import KNOWN_ADDRESS_LIFETIME, KNOWN_ADDRESSES_LIMIT
from services.auth.store.tables import KNOWN_ADDRESSES, WRONG_PASSWORDS
from services.auth.usecases.sessions import Login, Sessions
from services.auth.workers.sweepers import Sweeper, forget_counts, forget_known_addresses
from tests.fakes.hasher import FakeHasher
from tests.store.auth.conftest import Auth

PASSWORD = "password123"
HOME, CAFE = "198.51.100.7", "203.0.113.9"
LIMITS = LoginSettings().limits()
PAIR, ADDRESS, ACCOUNT = LIMITS.account_and_address, LIMITS.address, LIMITS.account


class Door:
    """Where somebody tries passwords."""

    def __init__(self, auth: Auth, hasher: FakeHasher) -> None:
        self.auth = auth
        self.hasher = hasher
        self.sessions: Sessions = auth.sessions_with(hasher)

    async def open_account(self, account: str) -> None:
        """An account whose password the door's hasher knows."""
        await self.auth.registration.register(account, PASSWORD)
        await self.auth.set_password_hash(account, await self.hasher.hash(PASSWORD))

    async def attempt(self, account: str, address: str, password: str = "password124") -> Login | DomainError:
        """What comes of an attempt."""
        try:
            return await self.sessions.login(account, password, client_address=address)
        except DomainError as error:
            return error

    async def is_let_in(self, account: str, address: str) -> bool:
        return isinstance(await self.attempt(account, address, PASSWORD), Login)


@pytest.fixture
async def door(auth: Auth) -> Door:
    door = Door(auth, FakeHasher())
    await door.open_account("alice")
    return door


def informative(outcomes: Sequence[Login | DomainError]) -> int:
    """How many outcomes say something of the password."""
    return sum(not isinstance(outcome, RateLimited) for outcome in outcomes)


async def rows(auth: Auth, table: Table) -> int:
    return await auth.database.read(
        lambda connection: int(connection.scalar(select(func.count()).select_from(table)) or 0)
    )


async def test_after_too_many_wrong_passwords_one_has_to_wait(door: Door) -> None:
    for _ in range(PAIR.most):
        assert isinstance(await door.attempt("Alice", CAFE), Unauthenticated)
        door.auth.clock.advance(1)
    verified = door.hasher.verified
    refusal = await door.attempt("alice", CAFE, PASSWORD)
    assert isinstance(refusal, RateLimited)
    assert (refusal.reason_name, refusal.message) == ("TOO_MANY_REQUESTS", "登录失败次数过多，请稍后再试")
    left = PAIR.window.total_seconds() - PAIR.most
    assert refusal.retry_after_s == left
    assert door.hasher.verified == verified, "a refused attempt costs no hash"
    assert await door.is_let_in("alice", HOME), "another address has its own count"
    door.auth.clock.advance(left)
    assert await door.is_let_in("alice", CAFE)


async def test_refused_attempts_leave_nothing(door: Door) -> None:
    for _ in range(PAIR.most):
        await door.attempt("alice", CAFE)
    before = (await rows(door.auth, WRONG_PASSWORDS), len(await door.auth.events()))
    for _ in range(5):
        assert isinstance(await door.attempt("alice", CAFE), RateLimited)
    assert (await rows(door.auth, WRONG_PASSWORDS), len(await door.auth.events())) == before


async def test_an_unknown_account_is_treated_alike(door: Door) -> None:
    def told(outcome: Login | DomainError) -> tuple[str, str, float | None]:
        assert isinstance(outcome, DomainError)
        return outcome.reason_name, outcome.message, outcome.retry_after_s

    for _ in range(PAIR.most + 2):
        assert told(await door.attempt("alice", CAFE)) == told(await door.attempt("nobody", CAFE))
    crowd = [f"198.18.{number // 200}.{number % 200}" for number in range(ACCOUNT.most + 2)]
    for address in crowd:
        assert told(await door.attempt("alice", address)) == told(await door.attempt("nobody", address))


async def test_a_right_password_forgets_what_was_mistyped(door: Door) -> None:
    for _ in range(4):
        for _ in range(PAIR.most - 1):
            assert isinstance(await door.attempt("alice", HOME), Unauthenticated)
        assert await door.is_let_in("alice", HOME)


async def test_a_crowd_of_strangers_guesses_little_and_locks_nobody_out(door: Door) -> None:
    assert await door.is_let_in("alice", HOME)
    outcomes: list[Login | DomainError] = []
    windows, step = 4, ACCOUNT.window / 100
    for number in range(windows * 100):
        address = f"198.18.{number // 250}.{number % 250}"
        outcomes += [await door.attempt("alice", address) for _ in range(2)]
        if number % 40 == 0:
            assert await door.is_let_in("alice", HOME)
        door.auth.clock.advance(step.total_seconds())
    assert informative(outcomes) <= ACCOUNT.most * (windows + 1)
    assert informative(outcomes) >= ACCOUNT.most * (windows - 1), "the bound is not met by refusing everything"
    assert await door.is_let_in("alice", HOME)


async def test_one_address_tries_few_accounts_and_its_known_users_stay_welcome(door: Door) -> None:
    assert await door.is_let_in("alice", CAFE)
    outcomes = [await door.attempt(f"victim{number}", CAFE) for number in range(ADDRESS.most + 20)]
    assert informative(outcomes) == ADDRESS.most
    assert await door.is_let_in("alice", CAFE)
    assert isinstance(await door.attempt("victim0", CAFE), RateLimited)


async def test_addresses_of_one_ipv6_customer_are_one(door: Door) -> None:
    outcomes = [await door.attempt("alice", f"2001:db8:1:2::{number:x}") for number in range(PAIR.most + 3)]
    assert informative(outcomes) == PAIR.most
    assert isinstance(await door.attempt("alice", "2001:db8:1:3::1"), Unauthenticated)
    mapped = [await door.attempt("alice", address) for address in (f"::ffff:{CAFE}", CAFE) for _ in range(PAIR.most)]
    assert informative(mapped) == PAIR.most


async def test_of_guesses_made_at_once_no_more_are_answered(auth: Auth) -> None:
    crowd = PAIR.most * 4
    door = Door(auth, FakeHasher(crowd=crowd))
    await door.open_account("alice")
    outcomes = await asyncio.gather(*(door.attempt("alice", CAFE) for _ in range(crowd)))
    assert informative(outcomes) == PAIR.most


async def test_right_passwords_at_once_do_not_hinder_each_other(auth: Auth) -> None:
    crowd = PAIR.most * 2
    door = Door(auth, FakeHasher(crowd=crowd))
    await door.open_account("alice")
    assert all(await asyncio.gather(*(door.is_let_in("alice", HOME) for _ in range(crowd))))


async def test_a_right_password_among_too_many_wrong_ones_is_not_told(auth: Auth) -> None:
    door = Door(auth, FakeHasher(crowd=PAIR.most + 1))
    await door.open_account("alice")
    late = FakeHasher(crowd=2)
    waiting = asyncio.create_task(auth.sessions_with(late).login("alice", PASSWORD, client_address=CAFE))
    async with asyncio.timeout(60):
        while late.verified == 0:
            await asyncio.sleep(0)
        await asyncio.gather(*(door.attempt("alice", CAFE) for _ in range(PAIR.most + 1)))
        await late.verify(None, "")
        with pytest.raises(RateLimited):
            await waiting


async def test_what_is_over_is_swept(door: Door) -> None:
    assert await door.is_let_in("alice", HOME)
    await door.attempt("nobody", CAFE)
    assert await rows(door.auth, WRONG_PASSWORDS) == 3
    sweeper = Sweeper(door.auth.units, door.auth.clock, [forget_counts, forget_known_addresses])
    assert await sweeper.step() == 0
    door.auth.clock.advance(ACCOUNT.window.total_seconds())
    assert (await sweeper.step(), await rows(door.auth, WRONG_PASSWORDS)) == (3, 0)
    door.auth.clock.advance((KNOWN_ADDRESS_LIFETIME + timedelta(seconds=1)).total_seconds())
    assert (await sweeper.step(), await rows(door.auth, KNOWN_ADDRESSES)) == (1, 0)


async def test_few_addresses_are_remembered_and_they_go_with_the_user(door: Door) -> None:
    root = await door.auth.add_admin("root")
    addresses = [f"192.0.2.{number}" for number in range(KNOWN_ADDRESSES_LIMIT + 3)]
    for address in addresses:
        assert await door.is_let_in("alice", address)
        door.auth.clock.advance(1)
    assert await rows(door.auth, KNOWN_ADDRESSES) == KNOWN_ADDRESSES_LIMIT
    found = await door.attempt("alice", HOME, PASSWORD)
    assert isinstance(found, Login)
    await door.auth.admin.delete(root, door.auth.claims(found.access.token).user_id)
    assert await rows(door.auth, KNOWN_ADDRESSES) == 0
