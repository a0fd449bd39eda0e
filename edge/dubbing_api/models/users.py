"""Users as they see themselves."""

from __future__ import annotations

from typing_extensions import TypedDict


class MeOut(TypedDict):
    uuid: str
    phone: str
    username: str
    role: str
    status: str
    credits_balance: int
    credits_expire_at: str | None
    created_at: str
    last_login: str | None
