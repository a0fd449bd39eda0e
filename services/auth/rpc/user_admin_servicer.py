"""UserAdminService."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.auth.domain.paging import DEFAULT_PAGE, Page
from services.auth.rpc.mapping import claims_of, profile_to_proto
from services.auth.rpc.user_admin_mapping import (
    change_from_proto,
    filter_from_proto,
    listed_user_to_proto,
    periods_from_proto,
    view_from_proto,
)
from services.auth.usecases.user_admin import UserAdmin
from services.auth.usecases.user_lists import UserLists
from voxreel.auth.v1 import user_admin_service_pb2 as pb
from voxreel.auth.v1 import user_admin_service_pb2_grpc


class UserAdminServicer(user_admin_service_pb2_grpc.UserAdminServiceServicer):
    """Users in the hands of administrators."""

    def __init__(self, admin: UserAdmin, lists: UserLists) -> None:
        self._admin = admin
        self._lists = lists

    async def ListUsers(self, request: pb.ListUsersRequest, _context: Context) -> pb.ListUsersResponse:
        users, total = await self._lists.page(
            claims_of(require_principal()),
            filter_from_proto(request.filter),
            page=Page(request.page_size if request.HasField("page_size") else DEFAULT_PAGE, request.skip),
            view=view_from_proto(request.view),
        )
        return pb.ListUsersResponse(
            users=[listed_user_to_proto(user, request.view) for user in users], total_size=total
        )

    async def UpdateUser(self, request: pb.UpdateUserRequest, _context: Context) -> pb.UpdateUserResponse:
        claims = claims_of(require_principal())
        profile = await self._admin.update(claims, request.user_id, change_from_proto(request))
        return pb.UpdateUserResponse(user=profile_to_proto(profile))

    async def DeleteUser(self, request: pb.DeleteUserRequest, _context: Context) -> pb.DeleteUserResponse:
        user = await self._admin.delete(claims_of(require_principal()), request.user_id)
        return pb.DeleteUserResponse(account=user.account)

    async def ResetPassword(self, request: pb.ResetPasswordRequest, _context: Context) -> pb.ResetPasswordResponse:
        claims = claims_of(require_principal())
        user = await self._admin.reset_password(claims, request.user_id, request.new_password)
        return pb.ResetPasswordResponse(account=user.account)

    async def GetUserStats(self, request: pb.GetUserStatsRequest, _context: Context) -> pb.GetUserStatsResponse:
        stats = await self._lists.stats(claims_of(require_principal()), periods_from_proto(request))
        return pb.GetUserStatsResponse(
            total_users=stats.total,
            active_users=stats.active,
            admin_users=stats.admins,
            new_today=stats.new_today,
            new_this_week=stats.new_this_week,
        )
