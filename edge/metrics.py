"""What the edge counts of its own."""

from __future__ import annotations

from typing import Final

from kit.observability.instruments import CALL_BUCKETS, Definition, Kind, Label

_ROUTE: Final = Label("route", "method and pattern of the endpoints, `-` for what is none")

HTTP_REQUESTS: Final = Definition(
    "voxreel_http_requests_total",
    Kind.COUNTER,
    "Requests that were answered, or whose client went away (499).",
    "edge",
    (_ROUTE, Label("status", "HTTP status codes the edge answers with")),
)
HTTP_SECONDS: Final = Definition(
    "voxreel_http_request_seconds",
    Kind.HISTOGRAM,
    "Time from a request's head to the end of its reply.",
    "edge",
    (_ROUTE,),
    CALL_BUCKETS,
)
TASK_STREAMS: Final = Definition(
    "voxreel_task_streams", Kind.GAUGE, "Streams of task events that clients have open.", "edge"
)
METRICS: Final = (HTTP_REQUESTS, HTTP_SECONDS, TASK_STREAMS)
