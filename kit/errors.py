"""Errors that a caller is meant to see.

Each class is a kind and fixes the gRPC code; the reason says precisely what happened
(`voxreel/common/v1/error_reason.proto`). The message is Chinese and safe to show. A call to another service
raises the same classes, so an error passes through a service unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from voxreel.common.v1 import error_reason_pb2 as reasons

Reason: TypeAlias = reasons.ErrorReason.ValueType

_PREFIX = "ERROR_REASON_"
_NOTHING: Mapping[str, str] = MappingProxyType({})


def reason_name(reason: Reason) -> str:
    """The reason as it travels, without the enum's prefix."""
    return reasons.ErrorReason.Name(reason).removeprefix(_PREFIX)


def reason_named(name: str) -> Reason:
    """The reason of a name that travelled; unspecified for one from a newer peer."""
    full = _PREFIX + name
    known: dict[str, Reason] = dict(reasons.ErrorReason.items())
    return known.get(full, reasons.ERROR_REASON_UNSPECIFIED)


class DomainError(Exception):
    """Base of all errors a caller is meant to see. `grpc_code` is the numeric google.rpc.Code of the kind."""

    grpc_code: ClassVar[int] = 13

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{reason_name(reason)}: {message}")
        self.reason = reason
        self.message = message
        self.metadata = metadata if metadata is not None else _NOTHING
        self.retry_after_s = retry_after_s

    @property
    def reason_name(self) -> str:
        return reason_name(self.reason)

    def copy(self) -> DomainError:
        """The same error as a new object: one exception must not be raised in several tasks."""
        return rebuild(
            self.grpc_code,
            self.reason,
            self.message,
            metadata=self.metadata,
            retry_after_s=self.retry_after_s,
        )


class Invalid(DomainError):
    """The request breaks a rule whatever the state is."""

    grpc_code = 3


class TooLarge(Invalid):
    """More bytes than allowed; the limit is in the metadata."""


class DeadlineExceeded(DomainError):
    """The time for the call is over; whether it took effect is unknown."""

    grpc_code = 4


class NotFound(DomainError):
    """It does not exist, or it is another user's."""

    grpc_code = 5


class AlreadyExists(DomainError):
    """A unique name is taken."""

    grpc_code = 6


class Forbidden(DomainError):
    """The caller is known and may not."""

    grpc_code = 7


class RateLimited(DomainError):
    """Too often or too much at once; `retry_after_s` says when to come back."""

    grpc_code = 8


class Precondition(DomainError):
    """The state forbids it."""

    grpc_code = 9


class InsufficientCredits(Precondition):
    """The user cannot pay for it."""

    def __init__(self, *, required: int, available: int) -> None:
        super().__init__(
            reasons.ERROR_REASON_CREDITS_INSUFFICIENT,
            f"积分不足，需要 {required} 积分，当前可用 {available} 积分",
            metadata={"required": str(required), "available": str(available)},
        )
        self.required = required
        self.available = available


class Conflict(DomainError):
    """Others changed the same thing at the same time; the whole use case may be tried again."""

    grpc_code = 10


class Unimplemented(DomainError):
    """The server does not have this method or feature."""

    grpc_code = 12


class Internal(DomainError):
    """A bug. The text is fixed; what happened is in the log of the process that raised it."""

    grpc_code = 13

    def __init__(self) -> None:
        super().__init__(reasons.ERROR_REASON_INTERNAL, "服务器内部错误")


class Unavailable(DomainError):
    """A service or an engine cannot be used now."""

    grpc_code = 14


class Unauthenticated(DomainError):
    """The caller did not prove who they are."""

    grpc_code = 16


KIND_OF_CODE: Mapping[int, type[DomainError]] = MappingProxyType(
    {
        kind.grpc_code: kind
        for kind in (
            Invalid,
            DeadlineExceeded,
            NotFound,
            AlreadyExists,
            Forbidden,
            RateLimited,
            Precondition,
            Conflict,
            Unimplemented,
            Unavailable,
            Unauthenticated,
        )
    }
)


def rebuild(
    code: int,
    reason: Reason,
    message: str,
    *,
    metadata: Mapping[str, str],
    retry_after_s: float | None,
) -> DomainError:
    """The error a peer raised, from what travelled. Unknown codes are `Internal`."""
    if reason == reasons.ERROR_REASON_CREDITS_INSUFFICIENT:
        return InsufficientCredits(
            required=int(metadata.get("required", "0")), available=int(metadata.get("available", "0"))
        )
    if reason == reasons.ERROR_REASON_FILE_TOO_LARGE:
        return TooLarge(reason, message, metadata=metadata)
    kind = KIND_OF_CODE.get(code)
    if kind is None:
        return Internal()
    return kind(reason, message, metadata=metadata, retry_after_s=retry_after_s)
