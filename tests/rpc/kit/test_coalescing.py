"""Calls that share batches stay calls of their own."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from kit.errors import DomainError, Invalid, NotFound, Unavailable, Unimplemented
from kit.rpc.batch import CALLS_LIMIT
from kit.rpc.coalesce import Coalescer
from kit.rpc.context import CallContext, bind_call
from tests.fakes.echo import SERVICE
from tests.polling import eventually
from tests.rpc.kit.conftest import World
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import batch_service_pb2_grpc


def said(word: str) -> StringValue:
    return StringValue(value=word)


async def test_calls_of_one_loop_turn_share_a_batch(world: World) -> None:
    replies = await asyncio.gather(*[world.stub.Short(said(str(number))) for number in range(30)])
    assert [reply.value for reply in replies] == [f"echo {number}" for number in range(30)]
    assert world.batches == [30]


async def test_many_calls_of_one_loop_turn_are_divided_in_two(world: World) -> None:
    replies = await asyncio.gather(*[world.stub.Short(said(str(number))) for number in range(100)])
    assert [reply.value for reply in replies] == [f"echo {number}" for number in range(100)]
    assert world.batches == [50, 50]


async def test_more_calls_than_a_batch_takes(world: World) -> None:
    count = CALLS_LIMIT * 3 + 1
    replies = await asyncio.gather(*[world.stub.Short(said(str(number))) for number in range(count)])
    assert [reply.value for reply in replies] == [f"echo {number}" for number in range(count)]
    assert sum(world.batches) == count
    assert len(world.batches) == 4


async def test_one_failing_call_fails_alone(world: World) -> None:
    orders = ["a", "fail", "b", "crash", "c"]
    results = await asyncio.gather(*[world.stub.Short(said(order)) for order in orders], return_exceptions=True)
    assert [type(result).__name__ for result in results] == [
        "StringValue",
        "NotFound",
        "StringValue",
        "Internal",
        "StringValue",
    ]
    assert isinstance(results[1], NotFound)
    assert results[1].message == "文件不存在"


async def test_every_call_carries_its_own_user(world: World) -> None:
    async def as_user(user_id: int) -> None:
        bind_call(CallContext(request_id=f"r-{user_id}", access_token=world.tokens.issue(user_id)))
        await world.stub.ForUsers(said(str(user_id)))

    async def as_nobody() -> BaseException | None:
        try:
            await world.stub.ForUsers(said("x"))
        except DomainError as error:
            return error
        return None

    async with asyncio.TaskGroup() as group:
        for user_id in range(1, 11):
            group.create_task(as_user(user_id))
        refused = group.create_task(as_nobody())
    assert isinstance(refused.result(), DomainError)
    seen = {(call.request_id, call.principal.user_id) for call in world.echo.calls if call.principal}
    assert seen == {(f"r-{user_id}", user_id) for user_id in range(1, 11)}


async def test_a_hanging_call_times_out_alone_at_its_own_deadline(world: World) -> None:
    slow = asyncio.ensure_future(world.stub.Short(said("hang"), timeout=0.3))
    await world.echo.started.wait()
    # The next batch does not wait for the one that hangs.
    assert (await world.stub.Short(said("quick"))).value == "echo quick"
    with pytest.raises(DomainError) as raised:
        await slow
    assert raised.value.reason_name == "DEADLINE_EXCEEDED"


async def test_a_later_call_may_have_the_earlier_deadline(world: World) -> None:
    patient = asyncio.ensure_future(world.stub.Short(said("hang"), timeout=0.6))
    await world.echo.started.wait()
    with pytest.raises(DomainError) as raised:
        await world.stub.Short(said("hang"), timeout=0.1)
    assert raised.value.reason_name == "DEADLINE_EXCEEDED"
    assert not patient.done()
    with pytest.raises(DomainError) as raised:
        await patient
    assert raised.value.reason_name == "DEADLINE_EXCEEDED"


async def test_a_cancelled_caller_takes_nobody_with_it(world: World) -> None:
    leaving = asyncio.ensure_future(world.stub.Short(said("leaving")))
    staying = asyncio.ensure_future(world.stub.Short(said("staying")))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).value == "echo staying"
    assert leaving.cancelled()


async def test_an_unavailable_peer_fails_every_call_with_its_own_error(world: World) -> None:
    await world.server.stop(0)
    results = await asyncio.gather(*[world.stub.Short(said("x")) for _ in range(5)], return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert len({id(result) for result in results}) == 5


async def test_idempotent_calls_outlive_a_restart_of_the_peer(world: World) -> None:
    await world.server.stop(0)

    async def restart() -> None:
        async with asyncio.timeout(60):
            while not world.peer.connection.is_lost:
                await asyncio.sleep(0.005)
        await world.server.start(f"127.0.0.1:{world.port}")

    async with asyncio.TaskGroup() as group:
        group.create_task(restart())
        # Not more than may be retried once, and all of them wait for more than the first pause.
        short = [group.create_task(world.stub.ShortRead(said("again"))) for _ in range(5)]
        single = [group.create_task(world.stub.Read(said("again"))) for _ in range(5)]
    assert {call.result().value for call in [*short, *single]} == {"echo again"}


async def test_a_peer_that_stays_away_is_not_waited_for_for_long(world: World) -> None:
    await world.server.stop(0)
    connection = world.peer.connection
    assert not await connection.is_back(60)
    assert connection.is_lost
    assert not await connection.is_back(60)
    await world.server.start(f"127.0.0.1:{world.port}")
    async with asyncio.timeout(60):
        while not await connection.is_back(60):
            await asyncio.sleep(0.005)
    connection.answered()
    assert not connection.is_lost


async def test_other_calls_are_not_repeated(world: World) -> None:
    await world.server.stop(0)
    with pytest.raises(Unavailable):
        await world.stub.Single(said("once"))
    with pytest.raises(Unavailable):
        await world.stub.Short(said("once"))
    await world.server.start(f"127.0.0.1:{world.port}")
    assert world.echo.served == 0


async def test_retries_end_with_the_budget(world: World) -> None:
    await world.server.stop(0)
    while world.peer.budget.take():
        pass
    with pytest.raises(Unavailable):
        await world.stub.Read(said("x"))


async def test_a_batch_runs_only_what_may_be_batched(world: World) -> None:
    do = world.peer.stub(batch_service_pb2_grpc.BatchServiceStub).Do
    body = said("x").SerializeToString()
    response = await do(
        batch.DoRequest(
            calls=[
                batch.BatchCall(method=f"/{SERVICE}/Single", body=body, timeout_ms=1000),
                batch.BatchCall(method="/nobody/Nothing", body=body, timeout_ms=1000),
                batch.BatchCall(method=f"/{SERVICE}/Short", body=b"\xff", timeout_ms=1000),
                batch.BatchCall(method=f"/{SERVICE}/Short", body=body, timeout_ms=1000),
            ]
        )
    )
    assert [reply.code for reply in response.replies] == [
        Unimplemented.grpc_code,
        Unimplemented.grpc_code,
        Invalid.grpc_code,
        0,
    ]


async def test_an_oversized_batch_is_refused(world: World) -> None:
    do = world.peer.stub(batch_service_pb2_grpc.BatchServiceStub).Do
    with pytest.raises(Invalid):
        await do(batch.DoRequest(calls=[batch.BatchCall()] * (CALLS_LIMIT + 1)))


async def test_batches_that_hang_keep_nobody_behind_them() -> None:
    """As while one of two replicas hangs: what it has got ends at its deadline, the rest goes to the other."""
    hung: list[batch.DoRequest] = []

    async def send(request: batch.DoRequest, _timeout_s: float) -> batch.DoResponse:
        if len(hung) < 2:
            hung.append(request)
            await asyncio.Event().wait()
        return batch.DoResponse(replies=[batch.BatchReply(body=call.body) for call in request.calls])

    coalescer = Coalescer(send)
    first = [asyncio.ensure_future(coalescer.call(batch.BatchCall(body=b"first"), 60)) for _ in range(100)]
    await eventually(lambda: len(hung) == 2)
    assert await coalescer.call(batch.BatchCall(body=b"later"), 60) == b"later"
    assert not any(each.done() for each in first)
    await coalescer.close()
    await asyncio.wait(first)
    assert {each.cancelled() for each in first} == {True}


async def test_what_waits_when_the_peer_is_closed_is_cancelled() -> None:
    sent: list[batch.DoRequest] = []

    async def send(request: batch.DoRequest, _timeout_s: float) -> batch.DoResponse:
        sent.append(request)
        return batch.DoResponse()

    coalescer = Coalescer(send)
    waiting = asyncio.ensure_future(coalescer.call(batch.BatchCall(), 30))
    await asyncio.sleep(0)
    await coalescer.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sent == []
