"""HTTP replies of both dialects."""

from __future__ import annotations

import math
from collections.abc import Callable

import orjson
from aiohttp import web
from multidict import CIMultiDict

from edge.endpoint import Dialect, JsonBody, JsonObject, Success, TextFile
from edge.errors import PublicError

_JSON_HEADERS = CIMultiDict(
    {
        "Content-Type": "application/json",
        # Replies belong to one user at one moment.
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
)


def json_reply(body: JsonBody, dialect: Dialect, success: Success) -> web.Response:
    """A success."""
    if dialect is not Dialect.DUBBING:
        return web.Response(body=orjson.dumps(body), headers=_JSON_HEADERS.copy())
    enveloped: JsonObject = {"code": success.code, "message": success.message, "data": body}
    return web.Response(status=success.code, body=orjson.dumps(enveloped), headers=_JSON_HEADERS.copy())


def file_reply(file: TextFile) -> web.Response:
    """A success that is a file."""
    headers = _JSON_HEADERS.copy()
    headers["Content-Type"] = f"{file.media_type}; charset=utf-8"
    headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return web.Response(body=file.text.encode(), headers=headers)


def error_reply(error: PublicError, dialect: Dialect, now: Callable[[], str]) -> web.Response:
    """A refusal, with the fine reason in a header for operators. `now` is the time as clients see it."""
    body: JsonObject = {"detail": error.message}
    if dialect is Dialect.DUBBING:
        body = {"code": error.status, "message": error.message, "data": None}
    elif dialect is Dialect.LINKS:
        # The fine reason in the body too: programs that read links decide by it whether to ask again.
        body = {
            "code": error.status,
            "msg": error.message,
            "data": None,
            "timestamp": now(),
            "reason": error.reason.lower(),
        }
    headers = _JSON_HEADERS.copy()
    headers["X-Error-Reason"] = error.reason
    if error.allowed_methods:
        headers["Allow"] = error.allowed_methods
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="voxreel"'
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return web.Response(status=error.status, body=orjson.dumps(body), headers=headers)
