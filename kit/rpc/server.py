"""The gRPC server of a service: generated servicers behind the chain, for all four kinds of call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, cast

import grpc
from grpc import aio
from grpc_status import rpc_status

from kit.errors import DomainError
from kit.rpc import metadata as keys
from kit.rpc.batch import BATCH_PATH, BatchServicer, CoalescedMethod
from kit.rpc.calls import CallChain
from kit.rpc.context import CallContext
from kit.rpc.observer import CallObserver
from kit.rpc.policy import MethodRule, rule_for
from kit.rpc.sets import SetMethod
from kit.rpc.status import status_of
from kit.rpc.tokens import TokenVerifier
from voxreel.common.v1 import batch_service_pb2_grpc

_SERVER_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.so_reuseport", 0),
    # A caller looks for replicas only when it connects: so it finds those that were added within minutes. Calls that
    # run on the old connection end there.
    ("grpc.max_connection_age_ms", 300_000),
    # Callers ask every few seconds whether this process still answers; the default takes that for an attack.
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
# No call for this long: those who watch the health have left. Waited for at most this share of the grace.
_QUIET_S = 0.25
_LEAVING_SHARE = 0.3

Context: TypeAlias = aio.ServicerContext[Any, Any]
S = TypeVar("S")


class _Collector:
    """Stands in for a server while a generated `add_…_to_server` runs, and keeps what it registers."""

    def __init__(self) -> None:
        self.methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self.services: list[str] = []

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """The same handlers come again, by name, in the next call."""

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        self.services.append(service)
        for name, handler in handlers.items():
            self.methods[f"/{service}/{name}"] = handler


class RpcServer:
    """Add servicers, then start. Every method is served by the policy its proto declares."""

    def __init__(
        self,
        service: str,
        *,
        verifier: TokenVerifier,
        service_token: str,
        observer: CallObserver,
    ) -> None:
        self._service = service
        self._chain = CallChain(verifier=verifier, service_token=service_token, observer=observer)
        self._collector = _Collector()
        self._open: list[Callable[[aio.Server], None]] = []
        self._server: aio.Server | None = None
        self._latest_call = 0.0
        self._coalesced: dict[str, CoalescedMethod] = {}
        self._sets: dict[str, SetMethod] = {}
        self._batches = BatchServicer(service, self._chain, self._coalesced)
        self.add(batch_service_pb2_grpc.add_BatchServiceServicer_to_server, self._batches)

    def add(
        self,
        register: Callable[[S, aio.Server], None],
        servicer: S,
        *,
        sets: Mapping[str, SetMethod] = MappingProxyType({}),
    ) -> None:
        """Adds a servicer with its generated `add_…_to_server`, and its methods for sets by the name of the method.

        Raises ValueError for a set of a method that the servicer does not have or that is never coalesced.
        """
        register(servicer, cast(aio.Server, self._collector))
        for name, method in sets.items():
            path = f"/{self._collector.services[-1]}/{name}"
            if path not in self._collector.methods or not rule_for(path).is_coalesced:
                raise ValueError(f"{path} is not called in batches")
            self._sets[path] = method

    def add_open(self, register: Callable[[aio.Server], None]) -> None:
        """Adds a standard service that has no policy of ours: health, reflection."""
        self._open.append(register)

    @property
    def service_names(self) -> tuple[str, ...]:
        """Full names of the services added so far."""
        return tuple(self._collector.services)

    async def start(self, address: str) -> int:
        """Binds "host:port" (port 0 for a free one) and serves. Answers the port; raises when it is taken."""
        server = aio.server(options=_SERVER_OPTIONS)
        for service in dict.fromkeys(self._collector.services):
            server.add_registered_method_handlers(service, self._wrapped_methods(service))
        for register in self._open:
            register(server)
        port = server.add_insecure_port(address)
        await server.start()
        self._server = server
        return port

    async def stop(self, grace_s: float) -> None:
        """Waits until callers who heard that it does not serve have left, refuses new calls, and waits for the running
        ones: at most the grace in all."""
        if self._server is not None:
            server, self._server = self._server, None
            until = time.monotonic() + grace_s
            await self._wait_quiet(grace_s * _LEAVING_SHARE)
            await server.stop(max(0.0, until - time.monotonic()))

    async def _wait_quiet(self, most_s: float) -> None:
        """What reaches a server in the moment it stops is lost, so it stops when nothing reaches it any more."""
        until = time.monotonic() + most_s
        while True:
            left_s = min(self._latest_call + _QUIET_S, until) - time.monotonic()
            if left_s <= 0:
                return
            await asyncio.sleep(left_s)

    def _wrapped_methods(self, service: str) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        prefix = f"/{service}/"
        return {
            path.removeprefix(prefix): self._wrapped(path, handler)
            for path, handler in self._collector.methods.items()
            if path.startswith(prefix)
        }

    def _wrapped(self, path: str, handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
        rule = rule_for(path)
        make, behaviour = _kind_of(handler)
        if rule.is_coalesced and handler.request_deserializer and handler.response_serializer:
            self._coalesced[path] = CoalescedMethod(
                rule, behaviour, handler.request_deserializer, handler.response_serializer, self._sets.get(path)
            )
        return make(
            self._served(rule, behaviour, is_stream=bool(handler.response_streaming)),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _served(self, rule: MethodRule, behaviour: Callable[[Any, Any], Any], *, is_stream: bool) -> Callable[..., Any]:
        if rule.path == BATCH_PATH:
            return self._serve_batch
        return self._serve_stream(rule, behaviour) if is_stream else self._serve_single(rule, behaviour)

    async def _serve_batch(self, request: Any, context: Context) -> Any:
        """The envelope itself passes no chain: each of its calls does."""
        self._latest_call = time.monotonic()
        try:
            return await self._batches.Do(request, context)
        except DomainError as error:
            await self._abort(context, error)

    def _serve_single(self, rule: MethodRule, behaviour: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        async def serve(request: Any, context: Context) -> Any:
            self._latest_call = time.monotonic()
            call, service_token = _call_of(context)
            try:
                return await self._chain.serve(
                    rule, call, service_token, context.time_remaining(), lambda: behaviour(request, context)
                )
            except DomainError as error:
                await self._abort(context, error)

        return serve

    def _serve_stream(self, rule: MethodRule, behaviour: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        async def serve(request: Any, context: Context) -> None:
            self._latest_call = time.monotonic()
            call, service_token = _call_of(context)

            async def send_all() -> None:
                # Closed at once when the caller leaves, so that what the method does for them ends with the call.
                replies: AsyncGenerator[Any, None] = behaviour(request, context)
                async with aclosing(replies):
                    async for reply in replies:
                        await context.write(reply)

            try:
                await self._chain.serve(rule, call, service_token, context.time_remaining(), send_all)
            except DomainError as error:
                await self._abort(context, error)

        return serve

    async def _abort(self, context: Context, error: DomainError) -> None:
        await context.abort_with_status(rpc_status.to_status(status_of(error, service=self._service)))


def _kind_of(
    handler: grpc.RpcMethodHandler[Any, Any],
) -> tuple[Callable[..., grpc.RpcMethodHandler[Any, Any]], Callable[[Any, Any], Any]]:
    kinds: tuple[tuple[Any, Any], ...] = (
        (grpc.unary_unary_rpc_method_handler, handler.unary_unary),
        (grpc.unary_stream_rpc_method_handler, handler.unary_stream),
        (grpc.stream_unary_rpc_method_handler, handler.stream_unary),
        (grpc.stream_stream_rpc_method_handler, handler.stream_stream),
    )
    return next((make, behaviour) for make, behaviour in kinds if behaviour is not None)


def _call_of(context: Context) -> tuple[CallContext, str]:
    sent: dict[str, Any] = dict(context.invocation_metadata() or ())
    call = CallContext(
        request_id=sent.get(keys.REQUEST_ID, ""),
        trace_parent=sent.get(keys.TRACE_PARENT, ""),
        caller=sent.get(keys.CALLER, ""),
        access_token=sent.get(keys.AUTHORIZATION, "").removeprefix(keys.BEARER),
    )
    return call, sent.get(keys.SERVICE_CREDENTIAL, "")
