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

# 80 random bits of this process, then a count.
_PROCESS = os.urandom(10).hex()
_numbers = itertools.count(1)

REQUEST_ID_HEADER = "X-Request-Id"
# What replies call the software; its version is nobody's business.
SERVER = "voxreel"


class RequestFacts:
    """Filled in as the request is understood; `dialect` is None until its endpoint is known.

    `words` are the endpoint's own texts of refusals.
    """

    __slots__ = ("dialect", "reason", "request_id", "route", "user_id", "words")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.route = "-"
        self.user_id: int | None = None
        self.dialect: Dialect | None = None
        self.reason = ""
        self.words: Mapping[Reason, str] = NO_WORDS


FACTS = web.RequestKey("facts", RequestFacts)


def request_id_of(sent: str | None) -> str:
    """The client's request id when it is sane, else a new one: unique, not secret, and without a system call."""
    if sent is not None and _SANE_ID.match(sent):
        return sent
    return f"{_PROCESS}{next(_numbers):012x}"
