"""Calls with one answer for everybody: shared by those who wait at the same time, never older than the question."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from kit.errors import NotFound, Unavailable
from kit.rpc.context import CallContext, bind_call
from kit.rpc.shared import SharedCall
from tests.polling import eventually
from tests.rpc.kit.conftest import World

NOTHING = StringValue()


class FakeCall:
    """Answers how often it was called before, when it is let go; raises its error if it has one."""

    def __init__(self) -> None:
        self.calls = 0
        self.go_on = asyncio.Event()
        self.error: NotFound | None = None

    async def __call__(self, _request: StringValue) -> int:
        self.calls += 1
        number = self.calls
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return number

    async def is_called(self, times: int) -> None:
        await eventually(lambda: self.calls == times)


@pytest.fixture
async def call() -> FakeCall:
    return FakeCall()


async def test_those_of_one_turn_share_a_call_that_is_nobodys(world: World) -> None:
    async def ask(user_id: int) -> str:
        bind_call(CallContext(request_id=f"r-{user_id}", access_token=world.tokens.issue(user_id)))
        reply: StringValue = await world.stub.Shared(NOTHING)
        return reply.value

    assert await asyncio.gather(*[ask(user_id) for user_id in range(1, 11)]) == ["echo "] * 10
    [seen] = world.echo.calls
    assert (seen.request_id, seen.access_token, seen.principal) == ("r-1", "", None)


async def test_who_asks_while_a_call_is_under_way_shares_the_next(call: FakeCall) -> None:
    shared = SharedCall(call)
    first = asyncio.ensure_future(shared(NOTHING))
    await call.is_called(1)
    later = [asyncio.ensure_future(shared(NOTHING)) for _ in range(3)]
    await asyncio.sleep(0)
    call.go_on.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2, 2, 2]
    assert await shared(NOTHING) == 3


async def test_all_who_share_a_call_get_its_error_and_the_next_asks_again(call: FakeCall) -> None:
    call.error = NotFound(0, "没有")
    call.go_on.set()
    shared = SharedCall(call)
    errors = await asyncio.gather(*[shared(NOTHING) for _ in range(3)], return_exceptions=True)
    assert [type(error) for error in errors] == [NotFound] * 3
    assert len({id(error) for error in errors}) == 3
    call.error = None
    assert await shared(NOTHING) == 2


async def test_the_call_goes_on_when_who_began_it_leaves(call: FakeCall) -> None:
    shared = SharedCall(call)
    asked = [asyncio.ensure_future(shared(NOTHING)) for _ in range(2)]
    await call.is_called(1)
    asked[0].cancel()
    await asyncio.sleep(0)
    call.go_on.set()
    assert await asked[1] == 1
    assert asked[0].cancelled()


async def test_closing_leaves_nobody_waiting(call: FakeCall) -> None:
    shared = SharedCall(call)
    before_it_began = asyncio.ensure_future(shared(NOTHING))
    await asyncio.sleep(0)
    await shared.close()
    under_way = asyncio.ensure_future(shared(NOTHING))
    await call.is_called(1)
    await shared.close()
    await asyncio.gather(before_it_began, under_way, return_exceptions=True)
    assert before_it_began.cancelled() and under_way.cancelled()


async def test_a_peer_that_is_gone_is_told_to_each(world: World) -> None:
    await world.server.stop(0)
    errors = await asyncio.gather(*[world.stub.Shared(NOTHING) for _ in range(3)], return_exceptions=True)
    assert [type(error) for error in errors] == [Unavailable] * 3
