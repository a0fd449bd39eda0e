"""A server that stops: callers leave first, then it goes."""

from __future__ import annotations

import asyncio
import time

from google.protobuf.wrappers_pb2 import StringValue

from kit.errors import Unavailable
from tests.polling import eventually
from tests.rpc.kit.conftest import World


async def test_it_waits_while_calls_still_come(world: World) -> None:
    may_call = asyncio.Event()
    may_call.set()
    answers: list[float] = []

    async def call_until_told() -> None:
        while may_call.is_set():
            await world.stub.Short(StringValue(value="x"))
            answers.append(time.monotonic())

    calling = asyncio.ensure_future(call_until_told())
    await eventually(lambda: len(answers) > 5)
    stopping = asyncio.ensure_future(world.server.stop(600.0))
    so_far = len(answers)
    await eventually(lambda: len(answers) > so_far + 20)
    assert not stopping.done()
    may_call.clear()
    await calling
    await asyncio.wait_for(stopping, 60)


async def test_callers_who_do_not_leave_are_not_waited_for_without_end(world: World) -> None:
    async def call_until_refused() -> None:
        while True:
            await world.stub.Short(StringValue(value="x"))

    calling = asyncio.ensure_future(call_until_refused())
    await world.server.stop(1.0)
    await asyncio.wait((calling,), timeout=60)
    assert isinstance(calling.exception(), Unavailable)


async def test_one_that_nobody_calls_goes_at_once(world: World) -> None:
    await world.stub.Short(StringValue(value="x"))
    start = asyncio.get_running_loop().time()
    await world.server.stop(600.0)
    assert asyncio.get_running_loop().time() - start < 60
