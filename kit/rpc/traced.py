"""The calling side of traced RPCs: each call is a span, and the parent of what the peer does for it.

Stands between the generated stub and the calls it is made over, so that calls that are not traced pass nothing of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Protocol

from kit.errors import DomainError
from kit.observability.tracing import RPC_ATTRIBUTES, SpanKind, Tracer, enclosing
from kit.rpc.context import bind_call, current_call, unbind_call


class Calls(Protocol):
    """Makes the calls of a generated stub."""

    def unary_unary(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]: ...

    def stream_unary(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]: ...

    def unary_stream(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]: ...

    def stream_stream(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]: ...


class TracedCalls:
    """The same calls, traced."""

    def __init__(self, calls: Calls, tracer: Tracer) -> None:
        self._calls = calls
        self._tracer = tracer

    def unary_unary(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]:
        return self._single(path, self._calls.unary_unary(path, *coders, **registered))

    def stream_unary(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]:
        return self._single(path, self._calls.stream_unary(path, *coders, **registered))

    def unary_stream(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]:
        return self._stream(path, self._calls.unary_stream(path, *coders, **registered))

    def stream_stream(self, path: str, *coders: Any, **registered: Any) -> Callable[..., Any]:
        return self._stream(path, self._calls.stream_stream(path, *coders, **registered))

    def _single(self, path: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        name = path.removeprefix("/")

        async def call(request: Any, *, timeout: float | None = None) -> Any:
            with enclosing(self._tracer, name, SpanKind.CLIENT, attributes=RPC_ATTRIBUTES):
                return await plain(request, timeout=timeout)

        return call

    def _stream(self, path: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        name = path.removeprefix("/")

        async def call(request: Any, *, timeout: float | None = None) -> AsyncIterator[Any]:
            around = current_call()
            span = self._tracer.start(name, SpanKind.CLIENT, parent=around.trace_parent, attributes=RPC_ATTRIBUTES)
            # Unbound before anything is handed out: between two replies the caller's own call is the current one.
            bound = bind_call(around._replace(trace_parent=span.trace_parent))
            try:
                replies = plain(request, timeout=timeout)
            finally:
                unbind_call(bound)
            error = ""
            try:
                # Closed at once when the caller leaves, so that the peer hears of it.
                async with aclosing(replies):
                    async for reply in replies:
                        yield reply
            except DomainError as raised:
                error = raised.reason_name
                raise
            finally:
                span.end(error=error)

        return call
