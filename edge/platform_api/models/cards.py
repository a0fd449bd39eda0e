"""Cards and what they give."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In
from edge.platform_api.models.paging import MAX_INT64, Day, PageIn, PageOut, SearchFacts, SearchIn

CardStatus = Literal["active", "used", "expired", "disabled"]
_BATCH_NUMBER = Field(default=None, max_length=64, description="批次号")
_PACKAGE_KEY = Field(default=None, max_length=64, description="套餐")


class ActivateIn(In):
    card_code: str = Field(min_length=1, max_length=64, description="卡密，大小写、空格和连字符不影响识别")


class ActivateOut(TypedDict):
    success: bool
    message: str
    credits_added: int
    new_balance: int
    package_name: str


class GenerateIn(In):
    package_key: str = Field(min_length=1, max_length=64, description="套餐")
    quantity: int = Field(ge=1, le=10_000, description="生成数量")
    batch_number: str | None = Field(default=None, max_length=64, description="批次号，不填时自动生成")
    description: str | None = Field(default=None, max_length=200)
    expires_days: int | None = Field(default=None, ge=1, le=3650, description="有效天数，不填时永不过期")


class GenerateOut(TypedDict):
    success: bool
    message: str
    batch_number: str
    generated_count: int
    failed_count: int
    cards: list[str]
    total_credits: int
    total_value: float


class CardExportIn(In):
    status: CardStatus | None = Field(default=None, description="状态")
    batch_number: str | None = _BATCH_NUMBER
    package_key: str | None = _PACKAGE_KEY


class CardListIn(CardExportIn, PageIn):
    pass


class CardOut(TypedDict):
    id: int
    card_code: str
    package_key: str
    package_name: str
    credits: int
    price_cny: float
    status: str
    used_by_user_id: int | None
    used_by_username: str | None
    used_at: str | None
    created_by_admin_id: int
    created_by_admin_username: str | None
    batch_number: str
    description: str
    expires_at: str | None
    created_at: str


class CardListOut(PageOut):
    cards: list[CardOut]


class CardIdIn(In):
    card_id: int = Field(ge=1, le=MAX_INT64)


class CardStatsOut(TypedDict):
    total_cards: int
    active_cards: int
    used_cards: int
    expired_cards: int
    disabled_cards: int
    total_credits_value: int
    total_money_value: float


class CardSearchIn(SearchIn):
    status: CardStatus | None = Field(default=None, description="状态")
    package_key: str | None = _PACKAGE_KEY
    created_admin_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="创建管理员ID")
    used_user_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="使用用户ID")
    date_from: Day | None = Field(default=None, description="创建开始日期")
    date_to: Day | None = Field(default=None, description="创建结束日期，包含当天")


class FoundCardOut(TypedDict):
    id: int
    card_code: str
    package_key: str
    package_name: str
    credits: int
    price_cny: float
    status: str
    batch_number: str
    description: str
    created_by_admin: str | None
    used_by_user: str | None
    used_at: str | None
    expires_at: str | None
    created_at: str


class CardSearchOut(SearchFacts):
    cards: list[FoundCardOut]
