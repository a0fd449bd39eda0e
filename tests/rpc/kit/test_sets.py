"""Calls that are answered by one piece of work stay calls of their own."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc import StatusCode, aio

from kit.errors import DomainError, Internal, Invalid, NotFound, Unauthenticated
from kit.rpc import metadata as keys
from kit.rpc.context import CallContext, bind_call
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from tests.fakes.echo import SERVICE, FakeEcho, add_echo
from tests.rpc.kit.conftest import SERVICE_TOKEN, World
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import batch_service_pb2_grpc


async def ask(world: World, user_id: int, word: str, **more: float) -> str:
    """The reply, or the name of what it failed with. Nobody's call when the user is 0."""
    token = world.tokens.issue(user_id) if user_id else ""
    bind_call(CallContext(request_id=f"r-{user_id}", access_token=token))
    try:
        reply = await world.stub.Together(StringValue(value=word), **more)
    except DomainError as error:
        return type(error).__name__
    return str(reply.value)


async def test_calls_of_a_batch_are_one_set_and_each_has_its_own_user(world: World) -> None:
    replies = await asyncio.gather(*[ask(world, user_id, "hello") for user_id in range(1, 21)])
    assert replies == [f"{user_id} hello" for user_id in range(1, 21)]
    assert [len(words) for words in world.echo.sets] == [20]


async def test_the_work_of_a_set_has_nobodys_identity(world: World) -> None:
    await asyncio.gather(ask(world, 1, "a"), ask(world, 2, "b"))
    (frame,) = world.echo.frames
    assert frame.principal is None
    assert frame.access_token == ""
    assert frame.deadline is not None


async def test_who_may_not_call_is_not_in_the_set(world: World) -> None:
    replies = await asyncio.gather(ask(world, 1, "a"), ask(world, 0, "b"), ask(world, 3, "c"))
    assert replies == ["1 a", Unauthenticated.__name__, "3 c"]
    assert world.echo.sets == [["a", "c"]]


async def test_a_set_of_refused_calls_only_is_not_served(world: World) -> None:
    assert await ask(world, 0, "a") == Unauthenticated.__name__
    assert world.echo.sets == []


async def test_one_refusal_is_nobody_elses(world: World) -> None:
    replies = await asyncio.gather(ask(world, 1, "a"), ask(world, 2, "fail"), ask(world, 3, "c"))
    assert replies == ["1 a", NotFound.__name__, "3 c"]


@pytest.mark.parametrize(("order", "kind"), [("fail all", NotFound), ("crash all", Internal)])
async def test_what_the_work_raises_is_everybodys(world: World, order: str, kind: type[DomainError]) -> None:
    replies = await asyncio.gather(ask(world, 1, "a"), ask(world, 2, order))
    assert replies == [kind.__name__, kind.__name__]
    assert len(world.observer.crashes) == (1 if kind is Internal else 0)


async def test_work_that_hangs_ends_at_the_deadline(world: World) -> None:
    replies = await asyncio.gather(ask(world, 1, "hang all", timeout=0.2), ask(world, 2, "a", timeout=0.1))
    assert replies == ["DeadlineExceeded", "DeadlineExceeded"]
    await asyncio.wait_for(world.echo.cancelled.wait(), 5)


async def test_every_call_is_recorded_by_its_own_outcome(world: World) -> None:
    await asyncio.gather(ask(world, 1, "a"), ask(world, 2, "fail"), ask(world, 0, "c"))
    codes = sorted(code for method, code in world.observer.done if method == "Together")
    assert codes == [0, NotFound.grpc_code, Unauthenticated.grpc_code]


async def test_a_call_that_came_without_a_batch_is_a_set_of_one(world: World) -> None:
    async with aio.insecure_channel(f"127.0.0.1:{world.port}") as channel:
        call = channel.unary_unary(f"/{SERVICE}/Together", StringValue.SerializeToString, StringValue.FromString)
        credential = (keys.AUTHORIZATION, keys.BEARER + world.tokens.issue(7))
        reply = await call(StringValue(value="x"), metadata=[credential], timeout=5)
        assert reply.value == "7 x"
        with pytest.raises(aio.AioRpcError) as raised:
            await call(StringValue(value="fail"), metadata=[credential], timeout=5)
    assert raised.value.code() is StatusCode.NOT_FOUND
    assert world.echo.sets == [["x"], ["fail"]]


async def test_a_call_that_cannot_be_read_is_not_in_the_set(world: World) -> None:
    token = world.tokens.issue(7)
    readable, unreadable = (
        batch.BatchCall(method=f"/{SERVICE}/Together", body=body, timeout_ms=1000, access_token=token)
        for body in (StringValue(value="x").SerializeToString(), b"\xff")
    )
    response = await world.peer.stub(batch_service_pb2_grpc.BatchServiceStub).Do(
        batch.DoRequest(calls=[unreadable, readable])
    )
    assert [reply.code for reply in response.replies] == [Invalid.grpc_code, 0]
    assert world.echo.sets == [["x"]]


@pytest.mark.parametrize("name", ["Single", "Nothing"])
async def test_only_coalesced_methods_have_sets(world: World, name: str) -> None:
    echo = FakeEcho()
    server = RpcServer("echo", verifier=world.tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())
    with pytest.raises(ValueError, match=name):
        server.add(add_echo, echo, sets={name: echo.answer_together})
