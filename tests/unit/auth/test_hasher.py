"""argon2id off the loop, with a bound on what waits."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from kit.errors import RateLimited
from services.auth.crypto.passwords import Argon2Hasher


@pytest.fixture
async def hasher() -> AsyncIterator[Argon2Hasher]:
    opened = await Argon2Hasher.open(queue_limit=4)
    yield opened
    await opened.close()


async def test_only_the_right_password_is_right(hasher: Argon2Hasher) -> None:
    password_hash = await hasher.hash("password123")
    assert await hasher.verify(password_hash, "password123")
    assert not await hasher.verify(password_hash, "password124")
    assert not await hasher.verify(None, "password123")
    assert not await hasher.verify("not a hash", "password123")


async def test_hashes_are_salted_argon2id_with_the_stated_cost(hasher: Argon2Hasher) -> None:
    one, other = await hasher.hash("password123"), await hasher.hash("password123")
    assert one != other
    parameters = extract_parameters(one)
    assert one.startswith("$argon2id$")
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) == (2, 19456, 1)


async def test_a_hash_of_other_parameters_is_to_be_made_again(hasher: Argon2Hasher) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("password123")
    assert await hasher.verify(weaker, "password123")
    assert hasher.needs_rehash(weaker)
    assert not hasher.needs_rehash(await hasher.hash("password123"))


async def test_what_is_above_the_queue_is_refused_at_once_and_the_rest_is_done(hasher: Argon2Hasher) -> None:
    results = await asyncio.gather(*[hasher.hash("password123") for _ in range(10)], return_exceptions=True)
    refused = [result for result in results if isinstance(result, RateLimited)]
    assert len(refused) == 6
    assert refused[0].reason_name == "TOO_MANY_REQUESTS"
    assert refused[0].retry_after_s == 1
    assert await hasher.hash("password123")


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own elsewhere")
async def test_threads_let_everything_else_go_first(hasher: Argon2Hasher) -> None:
    await hasher.hash("password123")
    own = os.getpriority(os.PRIO_PROCESS, 0)
    ids = [thread.native_id for thread in threading.enumerate() if thread.name.startswith("argon2")]
    priorities = {os.getpriority(os.PRIO_PROCESS, thread_id) for thread_id in ids if thread_id is not None}
    assert len(priorities) == 1 and min(priorities) > own


async def test_a_caller_who_gives_up_gives_the_place_back(hasher: Argon2Hasher) -> None:
    waiting = [asyncio.create_task(hasher.hash("password123")) for _ in range(4)]
    await asyncio.wait(waiting, timeout=0.005)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    async def place_found() -> str:
        while True:
            try:
                return await hasher.hash("password123")
            except RateLimited:
                await asyncio.to_thread(lambda: None)

    async with asyncio.timeout(60):
        assert await place_found()


async def test_the_loop_goes_on_while_passwords_are_hashed(hasher: Argon2Hasher) -> None:
    hashing = asyncio.gather(*[hasher.hash("password123") for _ in range(4)])
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.to_thread(lambda: None)
    assert len(await hashing) == 4
    assert turns > 3
