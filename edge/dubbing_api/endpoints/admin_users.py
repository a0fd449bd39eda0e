"""Users in the hands of administrators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from edge.dubbing_api.handlers import admin_users
from edge.dubbing_api.models.admin_users import (
    UserDetailsOut,
    UserIdIn,
    UserListIn,
    UserListOut,
    UserStandingOut,
    UserStatusIn,
)
from edge.endpoint import Access, Dialect, Endpoint, Source
from kit.errors import Reason
from voxreel.common.v1 import error_reason_pb2 as reasons

TAG = "配音 · 管理后台"
NO_USER: Mapping[Reason, str] = MappingProxyType({reasons.ERROR_REASON_USER_NOT_FOUND: "User not found"})

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/admin/users",
        access=Access.ADMIN,
        input=UserListIn,
        handler=admin_users.list_users,
        output=UserListOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
    ),
    Endpoint(
        method="GET",
        path="/api/admin/users/{user_id}",
        access=Access.ADMIN,
        input=UserIdIn,
        handler=admin_users.details,
        output=UserDetailsOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        words=NO_USER,
    ),
    Endpoint(
        method="PATCH",
        path="/api/admin/users/{user_id}/status",
        access=Access.ADMIN,
        input=UserStatusIn,
        source=Source.BODY,
        handler=admin_users.set_status,
        output=UserStandingOut,
        tag=TAG,
        dialect=Dialect.DUBBING,
        words=NO_USER,
    ),
)
