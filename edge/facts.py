"""What is known of one HTTP request while it is served; read by the access log and the error boundary."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping

from aiohttp import web

from edge.endpoint import NO_WORDS, Dialect
from kit.errors import Reason

# Text that can stand in a header and in a log line of anybody's tools.
_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")

# 80 random bits of this process, then a count.
_PROCESS = os.urandom(10).hex()
_numbers = itertools.count(1)

REQUEST_ID_HEADER = "X-Request-Id"
TRACE_PARENT_HEADER = "traceparent"
# What replies call the software; its version is nobody's business.
SERVER = "voxreel"


class RequestFacts:
    """Filled in as the request is understood; `dialect` is None until its endpoint is known.

    `words` are the endpoint's own texts of refusals. `trace_parent` is the span that what is done for the request
    belongs to, empty when there is none.
    """

    __slots__ = ("dialect", "reason", "request_id", "route", "trace_parent", "user_id", "words")

    def __init__(self, request_id: str, trace_parent: str = "") -> None:
        self.request_id = request_id
        self.trace_parent = trace_parent
        self.route = "-"
        self.user_id: int | None = None
        self.dialect: Dialect | None = None
        self.reason = ""
        self.words: Mapping[Reason, str] = NO_WORDS


def trace_parent_of(sent: str | None) -> str:
    """The client's trace parent when it is one, else nothing."""
    return sent if sent is not None and _TRACE_PARENT.match(sent) else ""


FACTS = web.RequestKey("facts", RequestFacts)


def request_id_of(sent: str | None) -> str:
    """The client's request id when it is sane, else a new one: unique, not secret, and without a system call."""
    if sent is not None and _SANE_ID.match(sent):
        return sent
    return f"{_PROCESS}{next(_numbers):012x}"
