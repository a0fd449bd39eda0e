"""Users in the hands of administrators."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, RateClass, Source
from edge.platform_api.endpoints.users import TAG
from edge.platform_api.handlers import admin_users
from edge.platform_api.models.admin_users import (
    ResetPasswordIn,
    UpdateCreditsIn,
    UpdateCreditsOut,
    UpdateUserIn,
    UserIdIn,
    UserListIn,
    UserListOut,
    UserStatsOut,
)
from edge.platform_api.models.users import MessageOut, ProfileOut

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/user/admin/users",
        access=Access.ADMIN,
        input=UserListIn,
        handler=admin_users.list_users,
        output=UserListOut,
        tag=TAG,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/admin/users/{user_id}",
        access=Access.ADMIN,
        input=UpdateUserIn,
        source=Source.BODY,
        handler=admin_users.update,
        output=ProfileOut,
        tag=TAG,
    ),
    Endpoint(
        method="DELETE",
        path="/api/user/admin/users/{user_id}",
        access=Access.ADMIN,
        input=UserIdIn,
        handler=admin_users.delete,
        output=MessageOut,
        tag=TAG,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/admin/users/{user_id}/reset-password",
        access=Access.ADMIN,
        input=ResetPasswordIn,
        source=Source.BODY,
        handler=admin_users.reset_password,
        output=MessageOut,
        tag=TAG,
        rate=RateClass.CREDENTIALS,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/admin/users/{user_id}/credits",
        access=Access.ADMIN,
        input=UpdateCreditsIn,
        source=Source.BODY,
        handler=admin_users.update_credits,
        output=UpdateCreditsOut,
        tag=TAG,
        is_keyed=True,
    ),
    Endpoint(
        method="GET",
        path="/api/user/admin/stats",
        access=Access.ADMIN,
        input=NoInput,
        handler=admin_users.stats,
        output=UserStatsOut,
        tag=TAG,
    ),
)
