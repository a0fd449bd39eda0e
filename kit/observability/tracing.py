"""Spans, as the rest of the kit sees them. Nothing here imports a tracing library: without one there is no tracer.

The current span is not ambient: it is the `trace_parent` of the current call, which travels in the metadata of RPCs and
the headers of messages anyway. Whoever opens a span makes it the current one by `enclosing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeAlias

from kit.rpc.context import bind_call, current_call, unbind_call

Attributes: TypeAlias = Mapping[str, str | int]
NO_ATTRIBUTES: Attributes = MappingProxyType({})
RPC_ATTRIBUTES: Attributes = MappingProxyType({"rpc.system": "grpc"})
# The codes that are a server's own failure, by the semantic conventions of OpenTelemetry.
_FAULTS = MappingProxyType(
    {
        2: "UNKNOWN",
        4: "DEADLINE_EXCEEDED",
        12: "UNIMPLEMENTED",
        13: "INTERNAL",
        14: "UNAVAILABLE",
        15: "DATA_LOSS",
    }
)


class SpanKind(StrEnum):
    """Which side of what a span is."""

    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    INTERNAL = "internal"


class Span(Protocol):
    """One piece of work. Ends once."""

    @property
    def trace_parent(self) -> str:
        """What makes another span a child of this one, as W3C Trace Context spells it."""
        ...

    def end(self, *, name: str = "", error: str = "", attributes: Attributes = NO_ATTRIBUTES) -> None:
        """`name` replaces the first one; `error` is the type or the reason of a failure, never a message."""
        ...


class Tracer(Protocol):
    """Opens the spans of one app."""

    def start(self, name: str, kind: SpanKind, *, parent: str, attributes: Attributes = NO_ATTRIBUTES) -> Span:
        """A span under the `trace_parent` of another one; the first of a new trace when that is empty."""
        ...


@contextmanager
def enclosing(tracer: Tracer, name: str, kind: SpanKind, *, attributes: Attributes = NO_ATTRIBUTES) -> Iterator[Span]:
    """A span of the current call that is the parent of what is done within. What is raised is its error."""
    call = current_call()
    span = tracer.start(name, kind, parent=call.trace_parent, attributes=attributes)
    bound = bind_call(call._replace(trace_parent=span.trace_parent))
    error = ""
    try:
        yield span
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        unbind_call(bound)
        span.end(error=error)


def start_call(tracer: Tracer, path: str, *, parent: str) -> Span:
    """The span of an RPC that is served. `path` is the full one."""
    return tracer.start(path.removeprefix("/"), SpanKind.SERVER, parent=parent, attributes=RPC_ATTRIBUTES)


def end_call(span: Span, code: int) -> None:
    """Ends it with the numeric gRPC code."""
    span.end(error=_FAULTS.get(code, ""), attributes={"rpc.grpc.status_code": code})


def trace_id_of(trace_parent: str) -> str:
    """The id of the trace, for log lines; empty when there is none."""
    return trace_parent[3:35]
