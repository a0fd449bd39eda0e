"""From errors to what clients read: the only place that knows the spelling of both dialects.

Every reason has one row. A row without a text passes the service's own Chinese message on, which is written for
clients; a row with a text fixes it, where the service's message would say too much or nothing useful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edge.endpoint import NO_WORDS, Dialect
from kit.errors import DomainError, InsufficientCredits, Reason
from voxreel.common.v1 import error_reason_pb2 as reasons

INTERNAL_MESSAGE = "服务器内部错误"
_UNAVAILABLE_MESSAGE = "服务暂时不可用，请稍后重试"
_TIMEOUT_MESSAGE = "请求处理超时，请稍后重试"
# A peer that does not answer is usually back when its supervisor has restarted it.
_UNAVAILABLE_RETRY_S = 2.0


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """HTTP status in the platform dialect; code, which is also the status, in the dubbing dialect; fixed text."""

    platform_status: int
    dubbing_code: int
    message: str | None = None


@dataclass(frozen=True, slots=True)
class PublicError:
    """An error as it leaves the edge. `reason` goes into a header for operators; `allowed_methods` is for 405 only."""

    status: int
    message: str
    reason: str
    retry_after_s: float | None = None
    allowed_methods: str = ""


class RequestRefused(Exception):
    """The request itself is wrong, before any service is asked."""

    def __init__(self, reason: str, row: ErrorRow, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.row = row
        self.message = message


_BUG = ErrorRow(500, 500, INTERNAL_MESSAGE)
_INVALID = ErrorRow(400, 400)
_UNAUTHENTICATED = ErrorRow(401, 401)
_NOT_FOUND = ErrorRow(404, 404)
_PRECONDITION = ErrorRow(400, 400)
_RATE_LIMITED = ErrorRow(429, 400)
_PEER_DOWN = ErrorRow(503, 500, _UNAVAILABLE_MESSAGE)
_OUT_OF_TIME = ErrorRow(504, 500, _TIMEOUT_MESSAGE)

ROWS: Mapping[Reason, ErrorRow] = MappingProxyType(
    {
        reasons.ERROR_REASON_FIELD_INVALID: _INVALID,
        reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED: ErrorRow(400, 400, "该 Idempotency-Key 已用于另一个不同的请求"),
        reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED: _INVALID,
        reasons.ERROR_REASON_FILE_TOO_LARGE: ErrorRow(413, 400),
        reasons.ERROR_REASON_FILE_CONTENT_MISMATCH: _INVALID,
        reasons.ERROR_REASON_VOICE_UNKNOWN: _INVALID,
        reasons.ERROR_REASON_AUDIO_FORMAT_UNSUPPORTED: _INVALID,
        reasons.ERROR_REASON_TEXT_NOT_SPEAKABLE: _INVALID,
        reasons.ERROR_REASON_PASSWORD_MISMATCH: _INVALID,
        reasons.ERROR_REASON_TOKEN_MISSING: ErrorRow(401, 401, "未登录"),
        reasons.ERROR_REASON_TOKEN_INVALID: ErrorRow(401, 401, "令牌无效"),
        reasons.ERROR_REASON_TOKEN_EXPIRED: ErrorRow(401, 401, "登录已过期，请重新登录"),
        reasons.ERROR_REASON_CREDENTIALS_INVALID: _UNAUTHENTICATED,
        reasons.ERROR_REASON_REFRESH_TOKEN_INVALID: _UNAUTHENTICATED,
        reasons.ERROR_REASON_ADMIN_REQUIRED: ErrorRow(403, 403, "需要管理员权限"),
        reasons.ERROR_REASON_ACCOUNT_FROZEN: ErrorRow(403, 403, "账号已被冻结"),
        # Only a fault of the platform itself leads to these two: no client can do anything about them.
        reasons.ERROR_REASON_INTERNAL_ONLY: _BUG,
        reasons.ERROR_REASON_METHOD_NOT_LISTED: _BUG,
        reasons.ERROR_REASON_USER_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_TASK_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_FILE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_HOLD_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_FEATURE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_UPLOAD_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_PACKAGE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_CARD_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_CARD_BATCH_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_ACCOUNT_TAKEN: ErrorRow(409, 400),
        reasons.ERROR_REASON_CREDITS_INSUFFICIENT: ErrorRow(402, 402),
        reasons.ERROR_REASON_HOLD_SETTLED: _PRECONDITION,
        reasons.ERROR_REASON_PASSWORD_WRONG: _PRECONDITION,
        reasons.ERROR_REASON_CREDITS_LIMIT_EXCEEDED: _PRECONDITION,
        reasons.ERROR_REASON_CARD_USED: _PRECONDITION,
        reasons.ERROR_REASON_CARD_EXPIRED: _PRECONDITION,
        reasons.ERROR_REASON_CARD_DISABLED: _PRECONDITION,
        reasons.ERROR_REASON_INVITE_CODE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_INVITE_CODE_USED: _PRECONDITION,
        reasons.ERROR_REASON_INVITE_CODE_EXPIRED: _PRECONDITION,
        reasons.ERROR_REASON_BALANCE_TOO_LOW: _PRECONDITION,
        reasons.ERROR_REASON_CONCURRENT_UPDATE: ErrorRow(409, 400, "数据已被其他操作修改，请重试"),
        reasons.ERROR_REASON_TOO_MANY_REQUESTS: _RATE_LIMITED,
        reasons.ERROR_REASON_QUEUE_FULL: _RATE_LIMITED,
        reasons.ERROR_REASON_SERVICE_UNAVAILABLE: _PEER_DOWN,
        reasons.ERROR_REASON_ENGINE_UNAVAILABLE: ErrorRow(503, 500),
        reasons.ERROR_REASON_DEADLINE_EXCEEDED: _OUT_OF_TIME,
        reasons.ERROR_REASON_STORAGE_FULL: ErrorRow(507, 500),
        reasons.ERROR_REASON_INTERNAL: _BUG,
        reasons.ERROR_REASON_ENGINE_FAILED: ErrorRow(503, 500),
        reasons.ERROR_REASON_ATTEMPTS_EXHAUSTED: ErrorRow(503, 500),
        reasons.ERROR_REASON_NOT_ACCEPTED: ErrorRow(503, 500),
        reasons.ERROR_REASON_NOT_IMPLEMENTED: ErrorRow(501, 500, "该功能尚未实现"),
        reasons.ERROR_REASON_MATERIAL_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_LAST_ADMIN: _PRECONDITION,
        reasons.ERROR_REASON_MATERIALS_FULL: _PRECONDITION,
        reasons.ERROR_REASON_SEARCH_TOO_WIDE: _PRECONDITION,
        reasons.ERROR_REASON_PACKAGE_KEY_TAKEN: ErrorRow(409, 400),
        reasons.ERROR_REASON_PACKAGES_LIMIT_EXCEEDED: _PRECONDITION,
        reasons.ERROR_REASON_FILE_LINK_INVALID: ErrorRow(403, 403),
        reasons.ERROR_REASON_FILE_LINK_EXPIRED: ErrorRow(403, 403),
        reasons.ERROR_REASON_TASK_FINISHED: _PRECONDITION,
        reasons.ERROR_REASON_LINK_UNSUPPORTED: _INVALID,
        reasons.ERROR_REASON_VOICE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_PHONE_CODE_INVALID: _UNAUTHENTICATED,
        reasons.ERROR_REASON_SMS_UNAVAILABLE: ErrorRow(503, 500),
        reasons.ERROR_REASON_LINK_MISSING: _INVALID,
        reasons.ERROR_REASON_LINK_GONE: _NOT_FOUND,
        reasons.ERROR_REASON_LINK_GATED: ErrorRow(403, 403),
        reasons.ERROR_REASON_LINK_PLATFORM_LIMITED: ErrorRow(503, 500),
        reasons.ERROR_REASON_LINK_PAGE_CHANGED: ErrorRow(503, 500),
        reasons.ERROR_REASON_LINK_PLATFORM_UNREACHABLE: ErrorRow(503, 500),
        reasons.ERROR_REASON_LINK_KIND_UNSUPPORTED: _INVALID,
        reasons.ERROR_REASON_VOICE_TEMPLATE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_CUSTOM_VOICE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_HISTORY_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_AUDIO_INVALID: _INVALID,
        reasons.ERROR_REASON_CUSTOM_VOICES_FULL: _PRECONDITION,
        reasons.ERROR_REASON_EMOTION_REFERENCE_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_EMOTION_REFERENCES_FULL: _PRECONDITION,
        reasons.ERROR_REASON_PROVIDER_REFUSED: _INVALID,
        reasons.ERROR_REASON_AUDIO_TRACK_MISSING: _INVALID,
        reasons.ERROR_REASON_MEDIA_BROKEN: _INVALID,
        reasons.ERROR_REASON_AUDIO_EMPTY: _INVALID,
        reasons.ERROR_REASON_AUDIO_TOO_LONG: _INVALID,
        reasons.ERROR_REASON_TASK_WITHOUT_RESULT: _PRECONDITION,
        reasons.ERROR_REASON_SCREEN_NOT_FOUND: _INVALID,
        reasons.ERROR_REASON_SAMPLE_TOO_SHORT: _INVALID,
        reasons.ERROR_REASON_SAMPLE_RATE_TOO_LOW: _INVALID,
        reasons.ERROR_REASON_SAMPLE_TOO_QUIET: _INVALID,
        reasons.ERROR_REASON_SAMPLE_CLIPPED: _INVALID,
        reasons.ERROR_REASON_SAMPLE_WITHOUT_SPEECH: _INVALID,
        reasons.ERROR_REASON_SAMPLE_MOSTLY_SILENT: _INVALID,
        reasons.ERROR_REASON_SAMPLE_UNREACHABLE: _INVALID,
        reasons.ERROR_REASON_VOICE_LOST: _PRECONDITION,
        reasons.ERROR_REASON_WEBHOOKS_FULL: _PRECONDITION,
        reasons.ERROR_REASON_WEBHOOK_NOT_FOUND: _NOT_FOUND,
        reasons.ERROR_REASON_WEBHOOK_URL_REFUSED: _INVALID,
    }
)

# For reasons of a newer peer, by the gRPC code of the kind.
_BY_CODE: Mapping[int, ErrorRow] = MappingProxyType(
    {
        3: _INVALID,
        4: _OUT_OF_TIME,
        5: _NOT_FOUND,
        6: ErrorRow(409, 400),
        7: ErrorRow(403, 403),
        8: _RATE_LIMITED,
        9: _PRECONDITION,
        10: ErrorRow(409, 400),
        12: ErrorRow(501, 500, "该功能尚未实现"),
        14: _PEER_DOWN,
        16: _UNAUTHENTICATED,
    }
)

_SHAPE = ErrorRow(422, 400)


def shape_error(message: str) -> RequestRefused:
    """The request does not have the documented form; the message names the first problem."""
    return RequestRefused("REQUEST_MALFORMED", _SHAPE, message)


def body_too_large(limit_bytes: int) -> RequestRefused:
    """More bytes than the endpoint takes."""
    limit = f"{limit_bytes // 1024 // 1024} MB" if limit_bytes >= 1 << 20 else f"{limit_bytes} 字节"
    return RequestRefused("BODY_TOO_LARGE", ErrorRow(413, 400), f"请求体过大，上限为 {limit}")


def body_too_slow() -> RequestRefused:
    """The body did not arrive in time."""
    return RequestRefused("BODY_TOO_SLOW", ErrorRow(408, 400), "请求体接收超时")


def headers_too_large() -> PublicError:
    """The request line or a header is longer than any request needs."""
    return PublicError(status=431, message="请求行或请求头过大", reason="HEADERS_TOO_LARGE")


def broken_http() -> PublicError:
    """The bytes are no HTTP request."""
    return PublicError(status=400, message="无效的 HTTP 请求", reason="HTTP_MALFORMED")


def unmet_expectation(dialect: Dialect) -> PublicError:
    """`Expect` wants something other than 100-continue."""
    status = _status(ErrorRow(417, 400), dialect)
    return PublicError(status=status, message="不支持的 Expect 请求头", reason="EXPECTATION_FAILED")


def public_domain_error(error: DomainError, dialect: Dialect, words: Mapping[Reason, str] = NO_WORDS) -> PublicError:
    """What a client reads of a service's refusal. `words` are the texts that the endpoint's contract fixes."""
    row = ROWS.get(error.reason) or _BY_CODE.get(error.grpc_code, _BUG)
    message = row.message if row.message is not None else error.message
    if error.reason in words:
        message = words[error.reason].format_map(error.metadata)
    if dialect is Dialect.DUBBING and isinstance(error, InsufficientCredits):
        message = f"Insufficient credits. Required: {error.required}, Available: {error.available}"
    retry_after_s = error.retry_after_s
    if retry_after_s is None and row is _PEER_DOWN:
        retry_after_s = _UNAVAILABLE_RETRY_S
    return PublicError(
        status=_status(row, dialect),
        message=message or INTERNAL_MESSAGE,
        reason=error.reason_name,
        retry_after_s=retry_after_s,
    )


def public_refusal(error: RequestRefused, dialect: Dialect) -> PublicError:
    """What a client reads when its request is wrong."""
    return PublicError(status=_status(error.row, dialect), message=error.message, reason=error.reason)


def public_bug(dialect: Dialect) -> PublicError:
    """The fixed answer to a fault of the platform."""
    return PublicError(status=_status(_BUG, dialect), message=INTERNAL_MESSAGE, reason="INTERNAL")


def no_route(dialect: Dialect) -> PublicError:
    """No endpoint has this path."""
    return PublicError(status=_status(_NOT_FOUND, dialect), message="接口不存在", reason="ROUTE_NOT_FOUND")


def wrong_method(dialect: Dialect, allowed: str) -> PublicError:
    """The path exists, but not for this method."""
    return PublicError(
        status=_status(ErrorRow(405, 400), dialect),
        message="不支持的请求方法",
        reason="METHOD_NOT_ALLOWED",
        allowed_methods=allowed,
    )


def _status(row: ErrorRow, dialect: Dialect) -> int:
    return row.dubbing_code if dialect is Dialect.DUBBING else row.platform_status
