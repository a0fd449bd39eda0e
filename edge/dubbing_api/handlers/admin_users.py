"""Users in the hands of administrators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge.aggregates.balances import whole_balances_of
from edge.dubbing_api import render
from edge.dubbing_api.models.admin_users import (
    UserDetailsOut,
    UserIdIn,
    UserListIn,
    UserListOut,
    UserStandingOut,
    UserStatusIn,
)
from edge.endpoint import Call
from kit.concurrency import both
from kit.errors import NotFound
from voxreel.auth.v1 import user_admin_service_pb2 as user_admin
from voxreel.auth.v1 import user_pb2
from voxreel.common.v1 import error_reason_pb2 as reasons

_STATUSES: Mapping[str, user_pb2.UserStatus.ValueType] = MappingProxyType(
    {"active": user_pb2.USER_STATUS_ACTIVE, "frozen": user_pb2.USER_STATUS_FROZEN}
)


async def list_users(given: UserListIn, call: Call) -> UserListOut:
    """Users newest first, with what they can spend."""
    clients, times = call.shared.clients, call.shared.times
    keyword = (given.keyword or "").strip()
    wanted = user_admin.UserFilter(identity=keyword or None)
    if given.status_filter is not None:
        wanted.status = _STATUSES[given.status_filter]
    found = await clients.user_admin.ListUsers(
        user_admin.ListUsersRequest(filter=wanted, page_size=given.size, skip=given.skip)
    )
    users = [listed.user for listed in found.users]
    balances = await whole_balances_of([user.id for user in users], clients)
    return {
        "items": [render.listed_user(user, balances[user.id], times) for user in users],
        **given.facts(found.total_size),
    }


async def details(given: UserIdIn, call: Call) -> UserDetailsOut:
    """One user; both services are asked at once."""
    clients = call.shared.clients
    only = user_admin.UserFilter(only=user_admin.UserIds(user_ids=[given.user_id]))
    found, balances = await both(
        clients.user_admin.ListUsers(user_admin.ListUsersRequest(filter=only, page_size=1)),
        whole_balances_of([given.user_id], clients),
    )
    if not found.users:
        raise NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, "用户不存在")
    return render.user_details(found.users[0].user, balances[given.user_id], call.shared.times)


async def set_status(given: UserStatusIn, call: Call) -> UserStandingOut:
    """Freezes or unfreezes."""
    response = await call.shared.clients.user_admin.UpdateUser(
        user_admin.UpdateUserRequest(user_id=given.user_id, status=_STATUSES[given.status])
    )
    return render.user_standing(response.user, call.shared.times)
