"""The refusals of this service, each in one place so that its text is the same wherever it is raised."""

from __future__ import annotations

import math
from datetime import timedelta

from kit.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    NotFound,
    Precondition,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from voxreel.common.v1 import error_reason_pb2 as reasons


def field_invalid(field: str, message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message, metadata={"field": field})


def account_taken() -> AlreadyExists:
    return AlreadyExists(reasons.ERROR_REASON_ACCOUNT_TAKEN, "账号已存在")


def account_frozen() -> Forbidden:
    return Forbidden(reasons.ERROR_REASON_ACCOUNT_FROZEN, "账号已被冻结")


def credentials_invalid() -> Unauthenticated:
    """One text for an unknown account and a wrong password, so that neither tells which accounts exist."""
    return Unauthenticated(reasons.ERROR_REASON_CREDENTIALS_INVALID, "账号或密码错误")


def refresh_token_invalid() -> Unauthenticated:
    return Unauthenticated(reasons.ERROR_REASON_REFRESH_TOKEN_INVALID, "刷新令牌无效或已过期，请重新登录")


def access_revoked() -> Unauthenticated:
    return Unauthenticated(reasons.ERROR_REASON_TOKEN_EXPIRED, "登录已过期，请重新登录")


def user_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, "用户不存在")


def password_wrong() -> Precondition:
    return Precondition(reasons.ERROR_REASON_PASSWORD_WRONG, "当前密码错误")


def hasher_busy() -> RateLimited:
    return RateLimited(reasons.ERROR_REASON_TOO_MANY_REQUESTS, "请求过于频繁，请稍后再试", retry_after_s=1)


def too_many_wrong_passwords(left: timedelta) -> RateLimited:
    return RateLimited(
        reasons.ERROR_REASON_TOO_MANY_REQUESTS,
        "登录失败次数过多，请稍后再试",
        retry_after_s=math.ceil(left.total_seconds()),
    )


def too_many_codes(left: timedelta) -> RateLimited:
    return RateLimited(
        reasons.ERROR_REASON_TOO_MANY_REQUESTS,
        "验证码发送过于频繁，请稍后再试",
        retry_after_s=math.ceil(left.total_seconds()),
    )


def too_many_wrong_codes(left: timedelta) -> RateLimited:
    return RateLimited(
        reasons.ERROR_REASON_TOO_MANY_REQUESTS,
        "验证码错误次数过多，请稍后再试",
        retry_after_s=math.ceil(left.total_seconds()),
    )


def phone_code_invalid() -> Unauthenticated:
    """One text for whatever is the matter with a code, so that it tells nothing of the phone."""
    return Unauthenticated(reasons.ERROR_REASON_PHONE_CODE_INVALID, "验证码错误或已过期")


def sms_unavailable() -> Unavailable:
    return Unavailable(reasons.ERROR_REASON_SMS_UNAVAILABLE, "短信发送失败，请稍后重试")


def admin_required() -> Forbidden:
    return Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")


def last_admin() -> Precondition:
    return Precondition(reasons.ERROR_REASON_LAST_ADMIN, "至少需要保留一个可用的管理员账号")


def material_not_found(item_id: str) -> NotFound:
    return NotFound(reasons.ERROR_REASON_MATERIAL_NOT_FOUND, f"素材不存在: {item_id}")


def materials_full(limit: int) -> Precondition:
    return Precondition(reasons.ERROR_REASON_MATERIALS_FULL, f"素材数量已达上限 {limit}，请先移除不用的素材")


def webhook_not_found(webhook_id: str) -> NotFound:
    return NotFound(reasons.ERROR_REASON_WEBHOOK_NOT_FOUND, f"Webhook 不存在: {webhook_id}")


def webhooks_full(limit: int) -> Precondition:
    return Precondition(reasons.ERROR_REASON_WEBHOOKS_FULL, f"Webhook 最多 {limit} 个，请先删除不用的")


def webhook_url_refused(problem: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_WEBHOOK_URL_REFUSED, f"Webhook 地址{problem}", metadata={"field": "url"})


def request_id_reused() -> Invalid:
    return Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "该请求标识已用于内容不同的请求")
