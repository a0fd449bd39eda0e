"""What is written down of every finished request: its measurement and its line in the access log."""

from __future__ import annotations

from edge.facts import RequestFacts
from kit.observability.logging import access_log
from kit.observability.metrics import CallMetrics
from kit.observability.tracing import trace_id_of


class RequestRecord:
    """For requests that reached the application, and for bytes that never became one."""

    def __init__(self, metrics: CallMetrics) -> None:
        self._metrics = metrics

    def write(self, facts: RequestFacts, *, method: str, status: int, seconds: float, sent_bytes: int) -> None:
        """Notes the end of a request. `method` goes into the log only, so a client may have made it up."""
        self._metrics.observe(facts.route, str(status), seconds)
        access_log(
            {
                "service": "edge",
                "method": method,
                "route": facts.route,
                "status": status,
                "ms": round(seconds * 1000, 2),
                "request_id": facts.request_id,
                "trace_id": trace_id_of(facts.trace_parent),
                "user_id": facts.user_id,
                "bytes": sent_bytes,
                "reason": facts.reason,
            }
        )
