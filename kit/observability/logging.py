"""Log lines: one JSON object each, to standard error.

`configure_logging` sends structlog and the standard library through the same processors. A line never holds a
secret, a path, SQL or a traceback: values under secret names are masked, and an exception is told by its types and
the functions it passed. `access_log` is the cheap way for one line per request.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, BinaryIO

import orjson
import structlog

from kit.observability.lines import LineBuffer
from kit.observability.redaction import describe_exception, mask_secrets
from kit.observability.tracing import trace_id_of
from kit.rpc.context import current_call

# Libraries whose informational records describe their own workings.
_QUIET = ("aiohttp.access", "alembic", "asyncio", "nats", "numba", "urllib3")

_access_lines = LineBuffer()


def access_log(fields: Mapping[str, Any]) -> None:
    """Writes one line about a finished request with these fields, at least one. For the event loop's thread only.

    The caller chooses the fields and answers for them: nothing is masked here.
    """
    _access_lines.add(fields)


def flush_access_log() -> None:
    """Writes what is still queued; for the end of a process."""
    _access_lines.flush()


def configure_logging(level: str, stream: BinaryIO | None = None) -> None:
    """Logs from `level` on to `stream`, standard error when None. Calling it again replaces the former setup."""
    _access_lines.redirect(stream)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_ids,
            describe_exception,
            mask_secrets,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(stream if stream is not None else sys.stderr.buffer),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_ToStructlog()]
    root.setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


class _ToStructlog(logging.Handler):
    """Hands the standard library's records to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(record.levelno // 10 * 10, logging.CRITICAL)
        details: dict[str, Any] = {"logger": record.name}
        if record.exc_info is not None:
            details["exc_info"] = record.exc_info
        structlog.get_logger().log(level, record.getMessage(), **details)


def _add_ids(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    call = current_call()
    if call.request_id:
        event.setdefault("request_id", call.request_id)
    if call.trace_parent:
        event.setdefault("trace_id", trace_id_of(call.trace_parent))
    return event


def _dumps(event: Any, **_options: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)
