"""The calling side of gRPC: one Peer per service that is called.

A stub made by `Peer.stub` is the generated one; its calls get the deadline, the metadata and the retries that the
contract allows, and raise `kit.errors` classes. Calls that the contract marks as coalesced share batches.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar, cast

import orjson
from grpc import aio

from kit.observability.tracing import Tracer
from kit.rpc import metadata as keys
from kit.rpc.coalesce import Coalescer
from kit.rpc.connection import Connection
from kit.rpc.context import CallContext, current_call
from kit.rpc.policy import MethodRule, rule_for
from kit.rpc.retry import RetryBudget, with_retries
from kit.rpc.shared import SharedCall
from kit.rpc.status import deadline_exceeded, error_of_call
from kit.rpc.traced import TracedCalls
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import batch_service_pb2_grpc
from voxreel.common.v1 import method_policy_pb2 as policy

S = TypeVar("S")
M = TypeVar("M")
R = TypeVar("R")
_Serialize = Callable[[Any], bytes]
_Deserialize = Callable[[bytes], Any]

# What is left of an incoming call's time must also bring the answer home.
_DEADLINE_MARGIN_S = 0.02
# Calls go in turn to the replicas that say they serve. One that is about to stop says so first, and gets no more: what
# reached it in the moment it stopped would be lost.
_SERVICE_CONFIG = orjson.dumps(
    {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}
).decode()
_CHANNEL_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.service_config", _SERVICE_CONFIG),
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # How long a connection may take to come about, whatever the pause before the next.
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # While a service rolls, every address known may be gone before the default of 30 s has passed.
    ("grpc.dns_min_time_between_resolutions_ms", 2_000),
    # A replica that hangs keeps its connections: without an answer to these it is called no more, within ten seconds.
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # The library also pings by itself, to learn how fast the connection is, and sends no other ping until that one is
    # answered or has failed: after a minute by default.
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)


class Peer:
    """A service that is called. Made in the event loop that uses it; `close` when done."""

    def __init__(self, address: str, *, caller: str, service_token: str = "", tracer: Tracer | None = None) -> None:
        self._caller = caller
        self._tracer = tracer
        self._service_token = service_token
        self._channel = aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
        self._do = batch_service_pb2_grpc.BatchServiceStub(self._channel).Do
        self.budget = RetryBudget()
        self.connection = Connection(self._channel)
        self.coalescer = Coalescer(self._send_batch)
        self._shared: list[SharedCall] = []

    def stub(self, make: Callable[[aio.Channel], S]) -> S:
        """The generated stub, `peer.stub(UserServiceStub)`."""
        calls = _PeerChannel(self, self._channel)
        return make(cast(aio.Channel, calls if self._tracer is None else TracedCalls(calls, self._tracer)))

    def share(self, call: Callable[[Any], Awaitable[Any]]) -> SharedCall:
        """The call, shared by those who wait at the same time."""
        shared = SharedCall(call)
        self._shared.append(shared)
        return shared

    async def close(self) -> None:
        for shared in self._shared:
            await shared.close()
        await self.coalescer.close()
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def timeout_s(self, rule: MethodRule, given_s: float | None) -> float:
        """The deadline of a call. Raises DeadlineExceeded when the call being served has no time left for it."""
        timeout_s = rule.timeout_s if given_s is None else given_s
        left_s = current_call().time_left_s()
        if left_s is not None:
            timeout_s = min(timeout_s, left_s - _DEADLINE_MARGIN_S)
        if timeout_s <= 0:
            raise deadline_exceeded()
        return timeout_s

    async def with_retries(self, attempt: Callable[[M, float], Awaitable[R]], message: M, *, timeout_s: float) -> R:
        """Runs an idempotent call as `kit.rpc.retry` says."""
        return await with_retries(attempt, message, timeout_s=timeout_s, budget=self.budget, connection=self.connection)

    def metadata(self, rule: MethodRule) -> list[tuple[str, str]]:
        """What travels beside the message of a call that goes alone."""
        call = current_call()
        sent = [(keys.REQUEST_ID, call.request_id), (keys.CALLER, self._caller)]
        if call.trace_parent:
            sent.append((keys.TRACE_PARENT, call.trace_parent))
        if rule.access == policy.ACCESS_INTERNAL:
            sent.append((keys.SERVICE_CREDENTIAL, self._service_token))
        elif call.access_token:
            sent.append((keys.AUTHORIZATION, keys.BEARER + call.access_token))
        return sent

    def batch_call(self, rule: MethodRule, body: bytes) -> batch.BatchCall:
        """The same for a call that travels in a batch."""
        call: CallContext = current_call()
        is_internal = rule.access == policy.ACCESS_INTERNAL
        return batch.BatchCall(
            method=rule.path,
            body=body,
            request_id=call.request_id,
            trace_parent=call.trace_parent,
            caller=self._caller,
            access_token="" if is_internal else call.access_token,
            service_token=self._service_token if is_internal else "",
        )

    async def _send_batch(self, request: batch.DoRequest, timeout_s: float) -> batch.DoResponse:
        return await self._do(request, timeout=timeout_s)


class _PeerChannel:
    """What a generated stub is made over: hands out calls that behave as the contract says."""

    def __init__(self, peer: Peer, channel: aio.Channel) -> None:
        self._peer = peer
        self._channel = channel

    def unary_unary(
        self,
        path: str,
        request_serializer: _Serialize,
        response_deserializer: _Deserialize,
        **registered: Any,
    ) -> Callable[..., Any]:
        rule = rule_for(path)
        if rule.is_coalesced:
            coalesced = _CoalescedCall(self._peer, rule, request_serializer, response_deserializer)
            return self._peer.share(coalesced) if rule.is_shared else coalesced
        plain = self._channel.unary_unary(path, request_serializer, response_deserializer, **registered)
        return _SingleCall(self._peer, rule, plain)

    def stream_unary(
        self,
        path: str,
        request_serializer: _Serialize,
        response_deserializer: _Deserialize,
        **registered: Any,
    ) -> Callable[..., Any]:
        plain = self._channel.stream_unary(path, request_serializer, response_deserializer, **registered)
        return _UploadCall(self._peer, rule_for(path), plain)

    def unary_stream(
        self,
        path: str,
        request_serializer: _Serialize,
        response_deserializer: _Deserialize,
        **registered: Any,
    ) -> Callable[..., Any]:
        plain = self._channel.unary_stream(path, request_serializer, response_deserializer, **registered)
        return _StreamCall(self._peer, rule_for(path), plain)

    def stream_stream(
        self,
        path: str,
        request_serializer: _Serialize,
        response_deserializer: _Deserialize,
        **registered: Any,
    ) -> Callable[..., Any]:
        plain = self._channel.stream_stream(path, request_serializer, response_deserializer, **registered)
        return _StreamCall(self._peer, rule_for(path), plain)


class _CoalescedCall:
    """A unary call that shares batches with others."""

    def __init__(self, peer: Peer, rule: MethodRule, serialize: _Serialize, deserialize: _Deserialize) -> None:
        self._peer = peer
        self._rule = rule
        self._serialize = serialize
        self._deserialize = deserialize

    async def __call__(self, request: Any, *, timeout: float | None = None) -> Any:
        peer = self._peer
        timeout_s = peer.timeout_s(self._rule, timeout)
        call = peer.batch_call(self._rule, self._serialize(request))
        if not self._rule.is_retried:
            return self._deserialize(await peer.coalescer.call(call, timeout_s))
        return self._deserialize(await peer.with_retries(peer.coalescer.call, call, timeout_s=timeout_s))


class _SingleCall:
    """A unary call that goes alone."""

    def __init__(self, peer: Peer, rule: MethodRule, plain: Callable[..., Any]) -> None:
        self._peer = peer
        self._rule = rule
        self._plain = plain

    async def __call__(self, request: Any, *, timeout: float | None = None) -> Any:
        timeout_s = self._peer.timeout_s(self._rule, timeout)
        sent = self._peer.metadata(self._rule)

        async def attempt(message: Any, left_s: float) -> Any:
            try:
                return await self._plain(message, timeout=left_s, metadata=sent)
            except aio.AioRpcError as error:
                raise error_of_call(error) from error

        if not self._rule.is_retried:
            return await attempt(request, timeout_s)
        return await self._peer.with_retries(attempt, request, timeout_s=timeout_s)


class _UploadCall:
    """A call that streams its request. Not retried: the stream can be read once."""

    def __init__(self, peer: Peer, rule: MethodRule, plain: Callable[..., Any]) -> None:
        self._peer = peer
        self._rule = rule
        self._plain = plain

    async def __call__(self, requests: AsyncIterable[Any], *, timeout: float | None = None) -> Any:
        timeout_s = self._peer.timeout_s(self._rule, timeout)
        try:
            return await self._plain(requests, timeout=timeout_s, metadata=self._peer.metadata(self._rule))
        except aio.AioRpcError as error:
            raise error_of_call(error) from error


class _StreamCall:
    """A call that streams its response."""

    def __init__(self, peer: Peer, rule: MethodRule, plain: Callable[..., Any]) -> None:
        self._peer = peer
        self._rule = rule
        self._plain = plain

    def __call__(self, request: Any, *, timeout: float | None = None) -> AsyncIterator[Any]:
        timeout_s = self._peer.timeout_s(self._rule, timeout)
        return self._replies(self._plain(request, timeout=timeout_s, metadata=self._peer.metadata(self._rule)))

    async def _replies(self, running: Any) -> AsyncIterator[Any]:
        try:
            async for response in running:
                yield response
        except aio.AioRpcError as error:
            raise error_of_call(error) from error
        finally:
            running.cancel()
