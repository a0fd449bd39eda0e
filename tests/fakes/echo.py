"""A service with one method of every kind and of every policy, made at run time: the platform's own protos need
not have one of each for the chain to be tested."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.wrappers_pb2 import StringValue
from grpc import aio

from kit.errors import NotFound
from kit.rpc.context import CallContext, current_call
from kit.rpc.sets import CallInSet, Outcome, alone
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.common.v1 import method_policy_pb2 as policy

SERVICE = "voxreel.test.v1.EchoService"
TIMEOUT_S = 30
"""Of every method: what a busy machine cannot take."""
_READ = MethodOptions.IdempotencyLevel.NO_SIDE_EFFECTS


def _declare() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="voxreel/test/v1/echo_service.proto",
        package="voxreel.test.v1",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto", "voxreel/common/v1/method_policy.proto"],
    )
    service = file.service.add(name="EchoService")

    def method(
        name: str,
        access: policy.Access.ValueType,
        *,
        streams: str = "",
        is_coalesced: bool = False,
        is_read: bool = False,
        is_shared: bool = False,
    ) -> None:
        added = service.method.add(
            name=name,
            input_type=".google.protobuf.StringValue",
            output_type=".google.protobuf.StringValue",
            client_streaming="in" in streams,
            server_streaming="out" in streams,
        )
        if access:
            declared = added.options.Extensions[policy.method_policy]
            declared.access = access
            declared.timeout_ms = TIMEOUT_S * 1000
            declared.is_coalesced = is_coalesced
            declared.is_shared = is_shared
        if is_read:
            added.options.idempotency_level = _READ

    method("Single", policy.ACCESS_PUBLIC)
    method("Read", policy.ACCESS_PUBLIC, is_read=True)
    method("Upload", policy.ACCESS_PUBLIC, streams="in")
    method("Download", policy.ACCESS_PUBLIC, streams="out")
    method("Chat", policy.ACCESS_PUBLIC, streams="in out")
    method("Short", policy.ACCESS_PUBLIC, is_coalesced=True)
    method("ShortRead", policy.ACCESS_PUBLIC, is_coalesced=True, is_read=True)
    method("Shared", policy.ACCESS_PUBLIC, is_coalesced=True, is_read=True, is_shared=True)
    method("ForUsers", policy.ACCESS_USER, is_coalesced=True)
    method("Together", policy.ACCESS_USER, is_coalesced=True)
    method("ForAdmins", policy.ACCESS_ADMIN)
    method("ForServices", policy.ACCESS_INTERNAL)
    method("Unlisted", policy.ACCESS_UNSPECIFIED)
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


_declare()


class FakeEcho:
    """Answers what it is told: "fail" is not found, "crash" a bug, "hang" never answers, anything else is echoed."""

    def __init__(self) -> None:
        self.calls: list[CallContext] = []
        self.sets: list[list[str]] = []
        self.frames: list[CallContext] = []
        self.served = 0
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def answer(self, request: StringValue, context: Any) -> StringValue:
        self.served += 1
        self.calls.append(current_call())
        await self._obey(request.value)
        return StringValue(value=f"echo {request.value}")

    async def answer_alone(self, request: StringValue, context: Any) -> StringValue:
        return await alone(self.answer_together, request)

    async def answer_together(self, calls: Sequence[CallInSet[StringValue]]) -> list[Outcome[StringValue]]:
        """The order "fail all" fails the whole set, "fail" its own call only."""
        self.sets.append([call.request.value for call in calls])
        self.frames.append(current_call())
        for call in calls:
            await self._obey(call.request.value.removesuffix(" all") if " all" in call.request.value else "")
        return [
            NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "文件不存在")
            if call.request.value == "fail"
            else StringValue(value=f"{call.principal.user_id} {call.request.value}")
            for call in calls
        ]

    async def gather(self, requests: AsyncIterator[StringValue], context: Any) -> StringValue:
        words = []
        async for request in requests:
            await self._obey(request.value)
            words.append(request.value)
        return StringValue(value=" ".join(words))

    async def repeat(self, request: StringValue, context: Any) -> AsyncIterator[StringValue]:
        yield StringValue(value="first")
        await self._obey(request.value)
        yield StringValue(value=request.value)

    async def chat(self, requests: AsyncIterator[StringValue], context: Any) -> AsyncIterator[StringValue]:
        async for request in requests:
            await self._obey(request.value)
            yield StringValue(value=f"echo {request.value}")

    async def _obey(self, order: str) -> None:
        if order == "fail":
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "文件不存在", metadata={"file_id": "x"})
        if order == "crash":
            raise ValueError("secret detail of the bug")
        if order == "hang":
            self.started.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()


def add_echo(echo: FakeEcho, server: aio.Server) -> None:
    """Registers as generated code does."""
    codec: dict[str, Any] = {
        "request_deserializer": StringValue.FromString,
        "response_serializer": StringValue.SerializeToString,
    }
    single = grpc.unary_unary_rpc_method_handler(echo.answer, **codec)
    handlers = dict.fromkeys(
        ("Single", "Read", "Short", "ShortRead", "Shared", "ForUsers", "ForAdmins", "ForServices", "Unlisted"), single
    )
    handlers["Together"] = grpc.unary_unary_rpc_method_handler(echo.answer_alone, **codec)
    handlers["Upload"] = grpc.stream_unary_rpc_method_handler(echo.gather, **codec)
    handlers["Download"] = grpc.unary_stream_rpc_method_handler(echo.repeat, **codec)
    handlers["Chat"] = grpc.stream_stream_rpc_method_handler(echo.chat, **codec)
    server.add_registered_method_handlers(SERVICE, handlers)


class EchoStub:
    """What a generated stub would be."""

    def __init__(self, channel: aio.Channel) -> None:
        def make(kind: Callable[..., Any], name: str) -> Any:
            return kind(f"/{SERVICE}/{name}", StringValue.SerializeToString, StringValue.FromString)

        self.Single = make(channel.unary_unary, "Single")
        self.Read = make(channel.unary_unary, "Read")
        self.Upload = make(channel.stream_unary, "Upload")
        self.Download = make(channel.unary_stream, "Download")
        self.Chat = make(channel.stream_stream, "Chat")
        self.Short = make(channel.unary_unary, "Short")
        self.ShortRead = make(channel.unary_unary, "ShortRead")
        self.Shared = make(channel.unary_unary, "Shared")
        self.ForUsers = make(channel.unary_unary, "ForUsers")
        self.Together = make(channel.unary_unary, "Together")
        self.ForAdmins = make(channel.unary_unary, "ForAdmins")
        self.ForServices = make(channel.unary_unary, "ForServices")
        self.Unlisted = make(channel.unary_unary, "Unlisted")
