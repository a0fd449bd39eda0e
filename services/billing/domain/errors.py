"""The refusals of this service, each in one place so that its text is the same wherever it is raised."""

from __future__ import annotations

from kit.errors import AlreadyExists, Conflict, Invalid, NotFound, Precondition
from voxreel.common.v1 import error_reason_pb2 as reasons


def field_invalid(field: str, message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message, metadata={"field": field})


def request_id_reused() -> Invalid:
    return Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "同一请求标识已用于内容不同的请求")


def feature_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_FEATURE_NOT_FOUND, "功能不存在")


def hold_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_HOLD_NOT_FOUND, "预扣记录不存在")


def package_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_PACKAGE_NOT_FOUND, "积分套餐不存在")


def package_key_taken() -> AlreadyExists:
    return AlreadyExists(reasons.ERROR_REASON_PACKAGE_KEY_TAKEN, "套餐键名已存在")


def packages_limit_exceeded() -> Precondition:
    return Precondition(reasons.ERROR_REASON_PACKAGES_LIMIT_EXCEEDED, "积分套餐数量已达上限")


def card_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_CARD_NOT_FOUND, "卡密不存在")


def card_batch_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_CARD_BATCH_NOT_FOUND, "卡密批次不存在")


def card_used() -> Precondition:
    return Precondition(reasons.ERROR_REASON_CARD_USED, "卡密已被使用")


def card_expired() -> Precondition:
    return Precondition(reasons.ERROR_REASON_CARD_EXPIRED, "卡密已过期")


def card_disabled() -> Precondition:
    return Precondition(reasons.ERROR_REASON_CARD_DISABLED, "卡密已被禁用")


def invite_code_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_INVITE_CODE_NOT_FOUND, "邀请码不存在")


def invite_code_used() -> Precondition:
    return Precondition(reasons.ERROR_REASON_INVITE_CODE_USED, "邀请码已被使用")


def invite_code_expired() -> Precondition:
    return Precondition(reasons.ERROR_REASON_INVITE_CODE_EXPIRED, "邀请码已过期")


def balance_too_low(available: int) -> Precondition:
    return Precondition(
        reasons.ERROR_REASON_BALANCE_TOO_LOW,
        f"扣除的积分超过用户可用积分，当前可用 {available} 积分",
        metadata={"available": str(available)},
    )


def hold_released() -> Precondition:
    return Precondition(reasons.ERROR_REASON_HOLD_SETTLED, "预扣的积分已退回")


def hold_captured() -> Precondition:
    return Precondition(reasons.ERROR_REASON_HOLD_SETTLED, "预扣的积分已扣除")


def user_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, "用户不存在")


def credits_limit_exceeded() -> Precondition:
    return Precondition(reasons.ERROR_REASON_CREDITS_LIMIT_EXCEEDED, "充值后积分将超过上限")


def concurrent_update() -> Conflict:
    return Conflict(reasons.ERROR_REASON_CONCURRENT_UPDATE, "数据正被其他请求修改，请重试")


def search_too_wide() -> Precondition:
    return Precondition(reasons.ERROR_REASON_SEARCH_TOO_WIDE, "符合积分条件的用户过多，请缩小范围")
