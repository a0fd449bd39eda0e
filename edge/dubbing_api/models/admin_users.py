"""Users as administrators see and change them."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.dubbing_api.models.paging import PageIn, PageOut
from edge.endpoint import In
from edge.platform_api.models.paging import MAX_INT64
from edge.validation import FieldWords


class UserListIn(PageIn):
    keyword: str | None = Field(default=None, max_length=100, description="搜索关键词（用户UID或手机号）")
    status_filter: Literal["active", "frozen"] | None = Field(default=None, description="状态筛选")
    size: int = Field(default=10, ge=1, le=100, description="每页数量")


class UserIdIn(In):
    user_id: int = Field(ge=1, le=MAX_INT64)


class UserStatusIn(UserIdIn):
    words: ClassVar = {
        "status": FieldWords("status field is required", "Invalid status. Must be: active or frozen"),
    }

    status: Literal["active", "frozen"]


class ListedUserOut(TypedDict):
    id: int
    uid: int
    phone: str
    username: str
    status: str
    credits: str
    credits_expire_at: str | None
    operations: list[str]


class UserListOut(PageOut):
    items: list[ListedUserOut]


class UserDetailsOut(TypedDict):
    id: int
    uid: int
    phone: str
    username: str
    credits: int
    credits_expire_at: str | None
    status: str
    created_at: str
    last_login: str | None


class UserStandingOut(TypedDict):
    id: int
    uid: int
    phone: str
    status: str
    updated_at: str
