"""Administrators searching among users."""

from __future__ import annotations

from edge.aggregates.balances import balances_of, with_balance
from edge.display import DisplayTimes
from edge.endpoint import Call
from edge.platform_api.models.admin_users import FoundUserOut, UserSearchIn, UserSearchOut
from voxreel.auth.v1 import user_admin_service_pb2 as user_admin
from voxreel.auth.v1 import user_pb2


async def search_users(given: UserSearchIn, call: Call) -> UserSearchOut:
    """Users by account, role, status and balance."""
    clients, times = call.shared.clients, call.shared.times
    wanted = user_admin.UserFilter(keyword=given.keyword or None, is_admin=given.is_admin)
    if given.is_active is not None:
        wanted.status = user_pb2.USER_STATUS_ACTIVE if given.is_active else user_pb2.USER_STATUS_FROZEN
    if given.credits_min is not None or given.credits_max is not None:
        wanted = await with_balance(wanted, given.credits_min, given.credits_max, clients=clients)
    response = await clients.user_admin.ListUsers(
        user_admin.ListUsersRequest(filter=wanted, page_size=given.page_size, skip=given.skip)
    )
    balances = await balances_of([listed.user.id for listed in response.users], clients)
    return {
        "users": [_found(listed, balances[listed.user.id], times) for listed in response.users],
        **given.search_facts(response.total_size),
    }


def _found(listed: user_admin.ListedUser, credits: int, times: DisplayTimes) -> FoundUserOut:
    user, counts = listed.user, listed.counts
    return {
        "id": user.id,
        "account": user.account,
        "is_admin": user.is_admin,
        "is_active": user.status == user_pb2.USER_STATUS_ACTIVE,
        "credits": credits,
        "created_at": times.stamp(user.create_time),
        "last_login_at": times.stamp(user.last_login_time) if user.HasField("last_login_time") else None,
        "works_count": counts.works,
        "materials_count": counts.digital_humans + counts.backgrounds + counts.bgm,
        "voices_count": counts.voices,
    }
