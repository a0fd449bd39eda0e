"""Entries of credit accounts, which the platform dialect calls transactions."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.entry_types import TransactionType
from edge.platform_api.models.paging import MAX_INT64, Day, PageIn, PageOut, SearchFacts, SearchIn


class MyTransactionsIn(PageIn):
    transaction_type: TransactionType | None = Field(default=None, description="交易类型")


class AllTransactionsIn(MyTransactionsIn):
    user_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="用户ID")


class TransactionSearchIn(SearchIn):
    transaction_type: TransactionType | None = Field(default=None, description="交易类型")
    user_id: int | None = Field(default=None, ge=1, le=MAX_INT64, description="用户ID")
    amount_min: int | None = Field(default=None, ge=-MAX_INT64, le=MAX_INT64, description="最小金额，支出为负")
    amount_max: int | None = Field(default=None, ge=-MAX_INT64, le=MAX_INT64, description="最大金额，支出为负")
    date_from: Day | None = Field(default=None, description="开始日期")
    date_to: Day | None = Field(default=None, description="结束日期，包含当天")


class TransactionOut(TypedDict):
    id: int
    transaction_type: str
    amount: int
    balance_before: int
    balance_after: int
    card_code: str | None
    feature_key: str | None
    feature_name: str | None
    description: str
    operator_admin_username: str | None
    created_at: str
    # Beyond the contract, for administrators.
    user_id: NotRequired[int]
    user_account: NotRequired[str | None]


class TransactionListOut(PageOut):
    transactions: list[TransactionOut]


class TransactionSearchOut(SearchFacts):
    transactions: list[TransactionOut]
