"""Around every request: its id, its error boundary, its measurement and its line in the access log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edge.dialects import dialect_of_path
from edge.endpoint import Dialect
from edge.errors import (
    PublicError,
    RequestRefused,
    no_route,
    public_bug,
    public_domain_error,
    public_refusal,
    shape_error,
    wrong_method,
)
from edge.facts import (
    FACTS,
    REQUEST_ID_HEADER,
    SERVER,
    TRACE_PARENT_HEADER,
    RequestFacts,
    request_id_of,
    trace_parent_of,
)
from edge.operations import OPERATIONS_PATHS
from edge.reply import error_reply
from edge.request_record import RequestRecord
from kit.errors import DomainError, Internal, Reason
from kit.observability.tracing import Attributes, Span, SpanKind, Tracer

_log = structlog.get_logger()
# As nginx logs it: the client went away before it was answered.
_CLIENT_GONE = 499


def boundary(record: RequestRecord, *, now: Callable[[], str], tracer: Tracer | None = None) -> Middleware:
    """The one middleware. Nothing but replies of ours, cancellation and broken connections pass it."""

    @web.middleware
    async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
        start = time.perf_counter()
        headers = request.headers
        facts = request[FACTS] = RequestFacts(
            request_id_of(headers.get(REQUEST_ID_HEADER)), trace_parent_of(headers.get(TRACE_PARENT_HEADER))
        )
        status, sent_bytes, span = _CLIENT_GONE, 0, None
        if tracer is not None and request.path not in OPERATIONS_PATHS:
            span = tracer.start(request.method, SpanKind.SERVER, parent=facts.trace_parent)
            facts.trace_parent = span.trace_parent
        try:
            try:
                response = await handler(request)
            except (asyncio.CancelledError, ConnectionError):
                raise
            except Exception as error:
                dialect = facts.dialect or dialect_of_path(request.path)
                public = _refuse(error, facts, dialect)
                response = error_reply(public, dialect, now)
            status, sent_bytes = response.status, _body_bytes(response)
            if facts.dialect is None:
                facts.route = _other_route(request)
            if not response.prepared:
                response.headers[REQUEST_ID_HEADER] = facts.request_id
                response.headers["Server"] = SERVER
            return response
        finally:
            seconds = time.perf_counter() - start
            record.write(facts, method=request.method, status=status, seconds=seconds, sent_bytes=sent_bytes)
            if span is not None:
                _end_span(span, facts, status)

    return serve


def _end_span(span: Span, facts: RequestFacts, status: int) -> None:
    attributes: Attributes = {
        "http.route": facts.route,
        "http.response.status_code": status,
        "voxreel.request_id": facts.request_id,
    }
    span.end(name=facts.route, error=facts.reason or str(status) if status >= 500 else "", attributes=attributes)


def _refuse(error: Exception, facts: RequestFacts, dialect: Dialect) -> PublicError:
    public = _public(error, dialect, facts.words)
    facts.reason = public.reason
    if (public.status >= 500 and not isinstance(error, DomainError)) or isinstance(error, Internal):
        _log.error("request.crashed", route=facts.route, request_id=facts.request_id, exc_info=error)
    return public


def _public(error: Exception, dialect: Dialect, words: Mapping[Reason, str]) -> PublicError:
    if isinstance(error, DomainError):
        return public_domain_error(error, dialect, words)
    if isinstance(error, RequestRefused):
        return public_refusal(error, dialect)
    if isinstance(error, web.HTTPMethodNotAllowed):
        return wrong_method(dialect, ", ".join(sorted(error.allowed_methods)))
    if isinstance(error, web.HTTPNotFound):
        return no_route(dialect)
    if isinstance(error, web.RequestPayloadError):
        return public_refusal(shape_error("请求体不完整"), dialect)
    return public_bug(dialect)


def _other_route(request: web.Request) -> str:
    """Pattern of a route that is no endpoint; never what a client made up."""
    resource = request.match_info.route.resource
    return "-" if resource is None else f"{request.method} {resource.canonical}"


def _body_bytes(response: web.StreamResponse) -> int:
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        return len(response.body)
    return response.content_length or 0
