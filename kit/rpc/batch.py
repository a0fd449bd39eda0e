"""The serving side of coalesced calls: one RPC that carries many short ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from grpc import aio

from kit.errors import DomainError, Invalid, Unimplemented
from kit.rpc.calls import CallChain
from kit.rpc.context import CallContext
from kit.rpc.policy import MethodRule
from kit.rpc.status import status_of
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import batch_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons

CALLS_LIMIT = 256


@dataclass(frozen=True, slots=True)
class CoalescedMethod:
    """An ordinary unary method that may be called in a batch."""

    rule: MethodRule
    behaviour: Callable[[Any, Any], Any]
    deserialize: Callable[[bytes], Any]
    serialize: Callable[[Any], bytes]


class BatchServicer(batch_service_pb2_grpc.BatchServiceServicer):
    """Runs the calls of a batch concurrently, each through the whole chain."""

    def __init__(self, service: str, chain: CallChain, methods: Mapping[str, CoalescedMethod]) -> None:
        self._service = service
        self._chain = chain
        self._methods = methods

    async def Do(self, request: batch.DoRequest, context: aio.ServicerContext[Any, Any]) -> batch.DoResponse:
        if len(request.calls) > CALLS_LIMIT:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"一次最多 {CALLS_LIMIT} 个调用")
        replies = await asyncio.gather(*[self._reply(call, context) for call in request.calls])
        return batch.DoResponse(replies=replies)

    async def _reply(self, call: batch.BatchCall, context: aio.ServicerContext[Any, Any]) -> batch.BatchReply:
        try:
            return batch.BatchReply(body=await self._run(call, context))
        except DomainError as error:
            status = status_of(error, service=self._service)
            return batch.BatchReply(code=error.grpc_code, status=status.SerializeToString())

    async def _run(self, call: batch.BatchCall, context: aio.ServicerContext[Any, Any]) -> bytes:
        method = self._methods.get(call.method)
        if method is None:
            raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
        try:
            request = method.deserialize(call.body)
        except DecodeError as error:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "请求内容无法解析") from error
        # The handler gets the batch's context; servicers of ours do not use it.
        response = await self._chain.serve(
            method.rule,
            CallContext(
                request_id=call.request_id,
                trace_parent=call.trace_parent,
                caller=call.caller,
                access_token=call.access_token,
            ),
            call.service_token,
            call.timeout_ms / 1000,
            lambda: method.behaviour(request, context),
        )
        return method.serialize(response)
