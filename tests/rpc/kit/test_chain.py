"""The chain, seen from a peer: context, deadlines, policy and the error boundary, for every kind of call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from kit.errors import DeadlineExceeded, Forbidden, Internal, NotFound, Unauthenticated
from kit.rpc import metadata as keys
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call
from tests.fakes.echo import SERVICE, TIMEOUT_S, EchoStub, FakeEcho, add_echo
from tests.rpc.kit.conftest import World


def said(word: str) -> StringValue:
    return StringValue(value=word)


async def words(*given: str) -> AsyncIterator[StringValue]:
    for word in given:
        yield said(word)


async def run(stub: EchoStub, kind: str, order: str) -> list[str]:
    """Calls one method of the kind with one message and answers all it got."""
    if kind in ("Single", "Read", "Short", "ShortRead"):
        return [(await getattr(stub, kind)(said(order))).value]
    if kind == "Upload":
        return [(await stub.Upload(words(order))).value]
    if kind == "Download":
        return [reply.value async for reply in stub.Download(said(order))]
    return [reply.value async for reply in stub.Chat(words(order))]


KINDS = ["Single", "Short", "Upload", "Download", "Chat"]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_answers(world: World, kind: str) -> None:
    assert (await run(world.stub, kind, "hello"))[-1].endswith("hello")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_domain_error_arrives_whole_on_every_kind(world: World, kind: str) -> None:
    with pytest.raises(NotFound) as raised:
        await run(world.stub, kind, "fail")
    assert raised.value.reason_name == "FILE_NOT_FOUND"
    assert raised.value.message == "文件不存在"
    assert raised.value.metadata == {"file_id": "x"}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bug_shows_nothing_on_every_kind(world: World, kind: str) -> None:
    with pytest.raises(Internal) as raised:
        await run(world.stub, kind, "crash")
    assert raised.value.message == "服务器内部错误"
    assert "secret" not in str(raised.value)
    assert [str(error) for error in world.observer.crashes] == ["secret detail of the bug"]


async def test_a_foreign_client_sees_a_plain_grpc_status(world: World) -> None:
    async with aio.insecure_channel(f"127.0.0.1:{world.port}") as channel:
        call = channel.unary_unary(f"/{SERVICE}/Single", StringValue.SerializeToString, StringValue.FromString)
        with pytest.raises(aio.AioRpcError) as raised:
            await call(said("crash"))
    assert raised.value.code() is grpc.StatusCode.INTERNAL
    assert raised.value.details() == "服务器内部错误"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_deadline_ends_every_kind_and_its_handler(world: World, kind: str) -> None:
    bind_call(CallContext(deadline=time.monotonic() + 0.3))
    with pytest.raises(DeadlineExceeded):
        await run(world.stub, kind, "hang")
    async with asyncio.timeout(60):
        await world.echo.cancelled.wait()


async def test_no_time_left_means_no_work(world: World) -> None:
    bind_call(CallContext(deadline=time.monotonic() + 0.01))
    with pytest.raises(DeadlineExceeded):
        await world.stub.Single(said("late"))
    assert world.echo.served == 0


async def test_a_call_that_arrives_too_late_is_refused_by_the_server(world: World) -> None:
    with pytest.raises(DeadlineExceeded):
        await world.stub.Single(said("late"), timeout=0.04)
    assert world.echo.served == 0


async def test_the_context_travels(world: World) -> None:
    token = world.tokens.issue(7)
    bind_call(CallContext(request_id="r-1", trace_parent="00-a-b-01", access_token=token))
    for kind in ("Single", "Short"):
        await run(world.stub, kind, "hello")
        call = world.echo.calls[-1]
        assert (call.request_id, call.trace_parent, call.caller) == ("r-1", "00-a-b-01", "test")
        assert call.principal is not None
        assert call.principal.user_id == 7
        assert call.deadline is not None
        assert 0 < call.deadline - time.monotonic() <= TIMEOUT_S


async def test_users_only(world: World) -> None:
    with pytest.raises(Unauthenticated) as raised:
        await world.stub.ForUsers(said("x"))
    assert raised.value.reason_name == "TOKEN_MISSING"
    bind_call(CallContext(access_token=world.tokens.issue()))
    assert (await world.stub.ForUsers(said("x"))).value == "echo x"


@pytest.mark.parametrize(
    ("token", "reason"),
    [("rubbish", "TOKEN_INVALID"), ("expired", "TOKEN_EXPIRED"), ("foreign", "TOKEN_INVALID")],
)
async def test_bad_tokens(world: World, token: str, reason: str) -> None:
    if token == "expired":
        token = world.tokens.issue(lifetime_s=-1)
    elif token == "foreign":
        token = world.tokens.issue(key_id="somebody-elses")
    bind_call(CallContext(access_token=token))
    with pytest.raises(Unauthenticated) as raised:
        await world.stub.ForUsers(said("x"))
    assert raised.value.reason_name == reason
    assert world.echo.served == 0


async def test_admins_only(world: World) -> None:
    bind_call(CallContext(access_token=world.tokens.issue()))
    with pytest.raises(Forbidden) as raised:
        await world.stub.ForAdmins(said("x"))
    assert raised.value.reason_name == "ADMIN_REQUIRED"
    bind_call(CallContext(access_token=world.tokens.issue(is_admin=True)))
    assert (await world.stub.ForAdmins(said("x"))).value == "echo x"


async def test_services_only(world: World) -> None:
    assert (await world.stub.ForServices(said("x"))).value == "echo x"
    assert world.echo.calls[-1].is_internal
    async with Peer(f"127.0.0.1:{world.port}", caller="stranger", service_token="guess") as stranger:
        with pytest.raises(Forbidden) as raised:
            await stranger.stub(EchoStub).ForServices(said("x"))
    assert raised.value.reason_name == "INTERNAL_ONLY"


async def test_the_service_token_goes_to_services_methods_only(world: World) -> None:
    seen: list[dict[str, object]] = []

    class Spy(FakeEcho):
        async def answer(self, request: StringValue, context: Any) -> StringValue:
            seen.append(dict(context.invocation_metadata()))
            return request

    server = aio.server()
    add_echo(Spy(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with Peer(f"127.0.0.1:{port}", caller="test", service_token="secret") as peer:
        await peer.stub(EchoStub).Single(said("x"))
        await peer.stub(EchoStub).ForServices(said("x"))
    await server.stop(0)
    assert keys.SERVICE_CREDENTIAL not in seen[0]
    assert seen[1][keys.SERVICE_CREDENTIAL] == "secret"


async def test_a_method_without_a_policy_is_refused(world: World) -> None:
    bind_call(CallContext(access_token=world.tokens.issue(is_admin=True)))
    with pytest.raises(Forbidden) as raised:
        await world.stub.Unlisted(said("x"), timeout=1)
    assert world.echo.served == 0
    assert raised.value.reason_name == "METHOD_NOT_LISTED"


async def test_the_observer_hears_of_every_call(world: World) -> None:
    await world.stub.Single(said("x"))
    with pytest.raises(NotFound):
        await world.stub.Short(said("fail"))
    assert ("Single", 0) in world.observer.done
    assert ("Short", 5) in world.observer.done
