"""One finished call becomes one measurement and one log line."""

from __future__ import annotations

import structlog
from grpc import StatusCode

from kit.observability.logging import access_log
from kit.observability.metrics import CallMetrics
from kit.observability.tracing import trace_id_of
from kit.rpc.context import CallContext

_log = structlog.get_logger()
_OK = StatusCode.OK.name
_CODE_NAMES = {int(code.value[0]): code.name for code in StatusCode}


class CallRecorder:
    """The observer of a service's RPC server."""

    def __init__(self, service: str, metrics: CallMetrics) -> None:
        self._service = service
        self._metrics = metrics

    def finished(self, method: str, code: int, seconds: float, call: CallContext) -> None:
        """Counts and logs. `method` is the full path, `code` the numeric gRPC code."""
        name = _CODE_NAMES.get(code, "UNKNOWN")
        self._metrics.observe(method, name, seconds)
        principal = call.principal
        access_log(
            {
                "service": self._service,
                "method": method,
                "code": name,
                "ms": round(seconds * 1000, 2),
                "request_id": call.request_id,
                "trace_id": trace_id_of(call.trace_parent),
                "caller": call.caller,
                "user_id": principal.user_id if principal is not None else None,
            }
        )

    def counted(self, method: str, seconds: float) -> None:
        """Counts without a line: the caller's own line has the request, and these are most of all calls."""
        self._metrics.observe(method, _OK, seconds)

    def crashed(self, method: str, error: BaseException, call: CallContext) -> None:
        """A bug: what was raised is logged by its type and place."""
        _log.error("rpc.crashed", method=method, request_id=call.request_id, exc_info=error)
