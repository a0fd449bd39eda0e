"""Users in the hands of administrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from edge.aggregates.balances import balance_of, balances_of
from edge.endpoint import Call, NoInput
from edge.platform_api import render
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
from kit.concurrency import both
from voxreel.auth.v1 import user_admin_service_pb2 as user_admin
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import statistics_service_pb2 as statistics

_OPERATIONS: Mapping[str, ledger.AdjustmentOperation.ValueType] = MappingProxyType(
    {
        "add": ledger.ADJUSTMENT_OPERATION_ADD,
        "subtract": ledger.ADJUSTMENT_OPERATION_SUBTRACT,
        "set": ledger.ADJUSTMENT_OPERATION_SET,
    }
)
# Today and the six days before.
_WEEK = timedelta(days=6)


async def list_users(given: UserListIn, call: Call) -> UserListOut:
    """Users newest first, with what they keep and what they can spend."""
    clients, times = call.shared.clients, call.shared.times
    found = await clients.user_admin.ListUsers(
        user_admin.ListUsersRequest(page_size=given.limit, skip=given.skip, view=user_admin.MATERIAL_VIEW_LISTS)
    )
    balances = await balances_of([listed.user.id for listed in found.users], clients)
    return {
        "users": [render.profile(listed.user, balances[listed.user.id], times) for listed in found.users],
        "total": found.total_size,
        "skip": given.skip,
        "limit": given.limit,
    }


async def update(given: UpdateUserIn, call: Call) -> ProfileOut:
    """Freezes, unfreezes, promotes or demotes."""
    clients = call.shared.clients
    request = user_admin.UpdateUserRequest(user_id=given.user_id, is_admin=given.is_admin)
    if given.is_active is not None:
        request.status = user_pb2.USER_STATUS_ACTIVE if given.is_active else user_pb2.USER_STATUS_FROZEN
    response = await clients.user_admin.UpdateUser(request)
    return render.profile(response.user, await balance_of(given.user_id, clients), call.shared.times)


async def delete(given: UserIdIn, call: Call) -> MessageOut:
    await call.shared.clients.user_admin.DeleteUser(user_admin.DeleteUserRequest(user_id=given.user_id))
    return {"message": "用户删除成功"}


async def reset_password(given: ResetPasswordIn, call: Call) -> MessageOut:
    await call.shared.clients.user_admin.ResetPassword(
        user_admin.ResetPasswordRequest(user_id=given.user_id, new_password=given.new_password)
    )
    return {"message": "密码重置成功"}


async def update_credits(given: UpdateCreditsIn, call: Call) -> UpdateCreditsOut:
    """Adds to, subtracts from or sets what a user can spend."""
    response = await call.shared.clients.ledger.AdjustCredits(
        ledger.AdjustCreditsRequest(
            request_id=call.request_key,
            user_id=given.user_id,
            operation=_OPERATIONS[given.operation],
            credits=given.credits,
            reason=given.reason,
        )
    )
    return {
        "message": "积分更新成功",
        "user_id": response.user_id,
        "balance_before": response.balance_before,
        "balance_after": response.balance_after,
    }


async def stats(_given: NoInput, call: Call) -> UserStatsOut:
    """Users and credits of the platform; days are those of the display zone."""
    clients, times = call.shared.clients, call.shared.times
    today = times.day_of(call.shared.clock.now())
    periods = user_admin.GetUserStatsRequest(day_start=times.start_of(today), week_start=times.start_of(today - _WEEK))
    users, credits = await both(
        clients.user_admin.GetUserStats(periods),
        clients.statistics.GetCreditTotals(statistics.GetCreditTotalsRequest()),
    )
    return {
        "total_users": users.total_users,
        "active_users": users.active_users,
        "admin_users": users.admin_users,
        "new_users_today": users.new_today,
        "new_users_7_days": users.new_this_week,
        "total_credits_issued": credits.issued_credits,
        "total_credits_consumed": credits.consumed_credits,
        "total_credits_held": credits.held_credits,
    }
