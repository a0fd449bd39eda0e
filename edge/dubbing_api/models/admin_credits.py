"""Invite codes and credits as administrators handle them."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from typing_extensions import TypedDict

from edge.dubbing_api.models.paging import PageIn, PageOut
from edge.endpoint import In
from edge.entry_types import TransactionType
from edge.platform_api.models.paging import MAX_INT64
from edge.validation import FieldWords

DEFAULT_VALIDITY_DAYS = 365
DEFAULT_DESCRIPTION = "管理员充值"
# The services count what is skipped in 32 bits.
_MAX_SKIP = 2**31 - 1
_DAY = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")


def _iso_day(given: object) -> object:
    match = _DAY.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        # In the words of the field.
        raise ValueError(given)
    return "-".join(match.groups())


_Day = Annotated[
    date,
    BeforeValidator(_iso_day),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY.pattern}$", "examples": ["2026/01/31"]}),
]


class InviteListIn(In):
    limit: int = Field(default=10, ge=1, le=100, description="每页数量")
    skip: int = Field(default=0, ge=0, le=_MAX_SKIP, description="跳过记录数")


class InviteOut(TypedDict):
    code: str
    status: Literal["unused", "used", "expired"]
    credits_amount: int
    created_at: str
    used_at: str | None
    used_by_id: int | None


class TransactionsIn(PageIn):
    words: ClassVar = {
        field: FieldWords(wrong=f"Invalid {field} format. Use: YYYY/MM/DD") for field in ("start_date", "end_date")
    }

    start_date: _Day | None = Field(default=None, description="开始日期")
    end_date: _Day | None = Field(default=None, description="结束日期，包含当天")
    keyword: str = Field(default="", max_length=100, description="用户UID或手机号")
    transaction_type: TransactionType | None = Field(default=None, description="交易类型")


class TransactionOut(TypedDict):
    created_at: str
    uid: int
    user_id: int
    username: str | None
    description: str
    credits_change: str
    status: str


class TransactionsOut(PageOut):
    items: list[TransactionOut]


class RechargeIn(In):
    words: ClassVar = dict.fromkeys(("user_id", "amount"), FieldWords(missing="user_id and amount are required"))

    user_id: int = Field(ge=1, le=MAX_INT64, description="用户ID")
    amount: int = Field(ge=1, le=MAX_INT64, description="充值积分数量")
    validity_days: int | None = Field(default=None, ge=1, le=3650, description="有效期天数，默认365天")
    description: str | None = Field(default=None, max_length=200, description=f"充值说明，默认“{DEFAULT_DESCRIPTION}”")


class RechargeOut(TypedDict):
    id: int
    user_id: int
    amount: int
    transaction_type: str
    description: str
    created_at: str


class CreditTransactionsIn(PageIn):
    user_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="用户ID")
    size: int = Field(default=10, ge=1, le=100, description="每页数量")


class CreditTransactionOut(RechargeOut):
    username: str | None


class CreditTransactionsOut(PageOut):
    items: list[CreditTransactionOut]
