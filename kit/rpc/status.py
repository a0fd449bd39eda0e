"""Errors on the wire: `google.rpc.Status` with ErrorInfo and RetryInfo, both ways.

The status travels in the trailer `grpc-status-details-bin`, as gRPC's richer error model defines.
"""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc import aio

from kit.errors import (
    DeadlineExceeded,
    DomainError,
    Internal,
    Unavailable,
    Unimplemented,
    reason_named,
    rebuild,
)
from voxreel.common.v1 import error_reason_pb2 as reasons

_DETAILS_KEY = "grpc-status-details-bin"
_DEADLINE_EXCEEDED, _UNIMPLEMENTED, _UNAVAILABLE = 4, 12, 14


def status_of(error: DomainError, *, service: str) -> status_pb2.Status:
    """The status that carries the error out of a service."""
    status = status_pb2.Status(code=error.grpc_code, message=error.message)
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=error.reason_name, domain=service, metadata=error.metadata)
    )
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromMilliseconds(round(error.retry_after_s * 1000))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def error_of(status: status_pb2.Status) -> DomainError:
    """The error a status carries; one without details is judged by its code alone."""
    info = error_details_pb2.ErrorInfo()
    retry_after_s: float | None = None
    has_info = False
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
            has_info = True
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after_s = retry.retry_delay.ToMilliseconds() / 1000
    if not has_info:
        return _bare_error(status.code)
    return rebuild(
        status.code,
        reason_named(info.reason),
        status.message,
        metadata=dict(info.metadata),
        retry_after_s=retry_after_s,
    )


def error_of_call(error: aio.AioRpcError) -> DomainError:
    """The error a failed call carries. The text of the transport is never shown to a client."""
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            return error_of(status_pb2.Status.FromString(value))
    code: int = error.code().value[0]
    return _bare_error(code)


def _bare_error(code: int) -> DomainError:
    if code == _UNAVAILABLE:
        return service_unavailable()
    if code == _DEADLINE_EXCEEDED:
        return deadline_exceeded()
    if code == _UNIMPLEMENTED:
        return Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
    return Internal()


def service_unavailable() -> Unavailable:
    """A peer is down, not ready or draining."""
    return Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "服务暂时不可用，请稍后重试", retry_after_s=1)


def deadline_exceeded() -> DeadlineExceeded:
    """The time for the call is over."""
    return DeadlineExceeded(reasons.ERROR_REASON_DEADLINE_EXCEEDED, "请求处理超时，请稍后重试")
