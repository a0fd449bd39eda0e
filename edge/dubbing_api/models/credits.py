"""Invite codes as users use them, and what became of a user's credits."""

from __future__ import annotations

from typing import NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


class UseInviteIn(In):
    invite_code: str = Field(min_length=1, max_length=50, description="邀请码，大小写、空格和连字符不影响识别")


class InviteUsedOut(TypedDict):
    credits_added: int
    new_balance: int
    expires_at: str | None


class BalanceOut(TypedDict):
    balance: int
    total_earned: int
    total_spent: int
    expires_at: str | None


class MyTransactionOut(TypedDict):
    amount: int
    balance_after: int
    transaction_type: str
    description: str
    created_at: str


class MyTransactionsOut(TypedDict):
    total: int
    items: list[MyTransactionOut]
    # Always sent: the example leaves them out, but the document says that every page has them.
    page: NotRequired[int]
    size: NotRequired[int]
    total_pages: NotRequired[int]
