"""Users as administrators see and change them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In
from edge.platform_api.models.paging import MAX_INT64, SearchFacts, SearchIn
from edge.platform_api.models.users import ProfileOut

_MAX_SKIP = 2**31 - 1


class UserListIn(In):
    skip: int = Field(default=0, ge=0, le=_MAX_SKIP, description="跳过数量")
    limit: int = Field(default=100, ge=1, le=100, description="限制数量")


class UserListOut(TypedDict):
    users: list[ProfileOut]
    total: int
    skip: int
    limit: int


class UserIdIn(In):
    user_id: int = Field(ge=1, le=MAX_INT64)


class UpdateUserIn(UserIdIn):
    is_active: bool | None = Field(default=None, description="false 为冻结")
    is_admin: bool | None = None


class ResetPasswordIn(UserIdIn):
    new_password: str = Field(min_length=8, max_length=128)


class UpdateCreditsIn(UserIdIn):
    credits: int = Field(ge=0, le=MAX_INT64, description="积分数量")
    operation: Literal["add", "subtract", "set"] = Field(description="增加、扣减或设为")
    reason: str = Field(default="", max_length=200)


class UpdateCreditsOut(TypedDict):
    message: str
    user_id: int
    balance_before: int
    balance_after: int


class UserStatsOut(TypedDict):
    total_users: int
    active_users: int
    admin_users: int
    new_users_today: int
    new_users_7_days: int
    total_credits_issued: int
    total_credits_consumed: int
    total_credits_held: int


class UserSearchIn(SearchIn):
    q: str = Field(max_length=100, description="搜索关键词（用户名/账号）")
    is_admin: bool | None = Field(default=None, description="是否管理员")
    is_active: bool | None = Field(default=None, description="是否激活")
    credits_min: int | None = Field(default=None, ge=-MAX_INT64, le=MAX_INT64, description="最小积分")
    credits_max: int | None = Field(default=None, ge=-MAX_INT64, le=MAX_INT64, description="最大积分")


class FoundUserOut(TypedDict):
    id: int
    account: str
    is_admin: bool
    is_active: bool
    credits: int
    created_at: str
    last_login_at: str | None
    works_count: int
    materials_count: int
    voices_count: int


class UserSearchOut(SearchFacts):
    users: list[FoundUserOut]
