"""The serving side of coalesced calls: one RPC that carries many short ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from grpc import aio

from kit.errors import DomainError, Invalid, Unimplemented
from kit.rpc.calls import CallChain, GivenCall
from kit.rpc.context import CallContext
from kit.rpc.policy import MethodRule
from kit.rpc.sets import SetMethod
from kit.rpc.status import status_of
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import batch_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons

BATCH_PATH = "/voxreel.common.v1.BatchService/Do"
CALLS_LIMIT = 256


@dataclass(frozen=True, slots=True)
class CoalescedMethod:
    """An ordinary unary method that may be called in a batch; `for_set` when it answers many calls at once."""

    rule: MethodRule
    behaviour: Callable[[Any, Any], Any]
    deserialize: Callable[[bytes], Any]
    serialize: Callable[[Any], bytes]
    for_set: SetMethod | None = None


class BatchServicer(batch_service_pb2_grpc.BatchServiceServicer):
    """Runs the calls of a batch concurrently, each through the whole chain."""

    def __init__(self, service: str, chain: CallChain, methods: Mapping[str, CoalescedMethod]) -> None:
        self._service = service
        self._chain = chain
        self._methods = methods

    async def Do(self, request: batch.DoRequest, context: aio.ServicerContext[Any, Any]) -> batch.DoResponse:
        calls = request.calls
        if len(calls) > CALLS_LIMIT:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"一次最多 {CALLS_LIMIT} 个调用")
        replies = [batch.BatchReply()] * len(calls)
        parts = list(self._parts(calls, replies, context))
        if len(parts) == 1:
            await parts[0]
        else:
            await _run_all(parts)
        return batch.DoResponse(replies=replies)

    def _parts(
        self,
        calls: Sequence[batch.BatchCall],
        replies: list[batch.BatchReply],
        context: aio.ServicerContext[Any, Any],
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """What fills the replies: one part for each set, one for each call that is served alone."""
        places_of: dict[str, list[int]] = {}
        for place, call in enumerate(calls):
            places_of.setdefault(call.method, []).append(place)
        for path, places in places_of.items():
            method = self._methods.get(path)
            if method is not None and method.for_set is not None:
                yield self._reply_to_set(method, method.for_set, calls, places, replies)
            else:
                for place in places:
                    yield self._reply_alone(method, calls[place], place, replies, context)

    async def _reply_to_set(
        self,
        method: CoalescedMethod,
        for_set: SetMethod,
        calls: Sequence[batch.BatchCall],
        places: Sequence[int],
        replies: list[batch.BatchReply],
    ) -> None:
        given: list[GivenCall] = []
        readable: list[int] = []
        for place in places:
            call = calls[place]
            try:
                given.append(GivenCall(_request_of(method, call), _context_of(call), call.service_token, _left_s(call)))
                readable.append(place)
            except DomainError as error:
                replies[place] = self._refusal(error)
        outcomes = await self._chain.serve_set(method.rule, given, for_set)
        # Calls of a set may share a response.
        reply_of: dict[int, batch.BatchReply] = {}
        for place, outcome in zip(readable, outcomes, strict=True):
            reply = reply_of.get(id(outcome))
            if reply is None:
                reply = reply_of[id(outcome)] = (
                    self._refusal(outcome)
                    if isinstance(outcome, DomainError)
                    else batch.BatchReply(body=method.serialize(outcome))
                )
            replies[place] = reply

    async def _reply_alone(
        self,
        method: CoalescedMethod | None,
        call: batch.BatchCall,
        place: int,
        replies: list[batch.BatchReply],
        context: aio.ServicerContext[Any, Any],
    ) -> None:
        try:
            replies[place] = batch.BatchReply(body=await self._run(method, call, context))
        except DomainError as error:
            replies[place] = self._refusal(error)

    async def _run(
        self, method: CoalescedMethod | None, call: batch.BatchCall, context: aio.ServicerContext[Any, Any]
    ) -> bytes:
        if method is None:
            raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
        request = _request_of(method, call)
        # The handler gets the batch's context; servicers of ours do not use it.
        response = await self._chain.serve(
            method.rule,
            _context_of(call),
            call.service_token,
            _left_s(call),
            lambda: method.behaviour(request, context),
        )
        return method.serialize(response)

    def _refusal(self, error: DomainError) -> batch.BatchReply:
        status = status_of(error, service=self._service)
        return batch.BatchReply(code=error.grpc_code, status=status.SerializeToString())


async def _run_all(parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    # Neither a group nor `gather`: what runs here raises nothing, and both cost more than the tasks alone.
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        for task in tasks:
            await task
    finally:
        for task in tasks:
            task.cancel()


def _request_of(method: CoalescedMethod, call: batch.BatchCall) -> Any:
    try:
        return method.deserialize(call.body)
    except DecodeError as error:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "请求内容无法解析") from error


def _context_of(call: batch.BatchCall) -> CallContext:
    return CallContext(call.request_id, call.trace_parent, call.caller, call.access_token)


def _left_s(call: batch.BatchCall) -> float:
    return call.timeout_ms / 1000
