"""Answers in our own form what never reaches the application: bytes that are no HTTP, and headers without end."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import LineTooLong

from edge.dialects import dialect_of_path
from edge.endpoint import Dialect
from edge.errors import PublicError, broken_http, headers_too_large, public_bug, unmet_expectation
from edge.facts import FACTS, REQUEST_ID_HEADER, SERVER, RequestFacts, request_id_of
from edge.reply import error_reply
from edge.request_record import RequestRecord

_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        # None means none, which aiohttp's annotation does not say.
        "access_log": None,
        "keepalive_timeout": 75.0,
        # The longest query of an endpoint is that of a package: 2,264 characters, each up to 12 bytes when escaped.
        "max_line_size": 32 * 1024,
        "max_field_size": 8190,
        "max_headers": 100,
    }
)


class Connection(web.RequestHandler):
    """One client's connection."""

    def __init__(self, server: web.Server, record: RequestRecord, *, loop: AbstractEventLoop) -> None:
        super().__init__(server, loop=loop, **_OPTIONS)
        self._record = record
        self.gone = asyncio.Event()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tells those who work for the client that it is gone."""
        super().connection_lost(exc)
        self.gone.set()

    async def drained(self) -> None:
        """Returns when the client's side has taken what its transport's limits do not allow to keep.

        Raises ConnectionResetError when it is gone.
        """
        await self._drain_helper()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The reply, after which the connection ends. Raises ConnectionError when it cannot be sent any more."""
        del status, message  # the exception tells more
        if isinstance(exc, ConnectionError):
            raise exc  # the client is gone: nobody to answer, nothing of ours to report
        public = _public(exc)
        if public.status >= 500:
            self.log_exception("Unhandled exception", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a reply has begun already")
        return self._refuse(request, public, Dialect.PLATFORM)

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Sends the reply. One that aiohttp made before the application saw the request gets our form first."""
        if isinstance(resp, web.HTTPExpectationFailed):
            dialect = dialect_of_path(request.path)
            resp = self._refuse(request, unmet_expectation(dialect), dialect)
        return super().finish_response(request, resp, start_time)

    def _refuse(self, request: web.BaseRequest, public: PublicError, dialect: Dialect) -> web.Response:
        facts = request.get(FACTS)
        if facts is None:
            facts = RequestFacts(request_id_of(request.headers.get(REQUEST_ID_HEADER)))
            facts.reason = public.reason
        response = error_reply(public, dialect, str)
        response.headers[REQUEST_ID_HEADER] = facts.request_id
        response.headers["Server"] = SERVER
        response.force_close()
        if FACTS not in request:
            sent_bytes = response.content_length or 0
            self._record.write(facts, method="-", status=public.status, seconds=0.0, sent_bytes=sent_bytes)
        return response


def _public(error: BaseException | None) -> PublicError:
    if isinstance(error, LineTooLong):
        return headers_too_large()
    if isinstance(error, HttpProcessingError):
        return broken_http()
    return public_bug(Dialect.PLATFORM)
