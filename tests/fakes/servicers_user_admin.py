"""Administration of users as an edge sees it, over the users of a FakeAuth."""

from __future__ import annotations

from datetime import UTC

from kit.errors import NotFound, Precondition
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_auth import FakeAuth
from voxreel.auth.v1 import user_admin_service_pb2 as pb
from voxreel.auth.v1 import user_admin_service_pb2_grpc, user_pb2
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakeUserAdmin(user_admin_service_pb2_grpc.UserAdminServiceServicer):
    """Changes the users it shares; the last administrator stays."""

    def __init__(self, auth: FakeAuth) -> None:
        self._auth = auth
        self.refusals = Refusals()

    async def ListUsers(self, request: pb.ListUsersRequest, context: Context) -> pb.ListUsersResponse:
        self.refusals.enter("ListUsers")
        found = [user for user in reversed(self._auth.users.values()) if _is_wanted(user, request.filter)]
        page = found[request.skip :][: request.page_size]
        return pb.ListUsersResponse(users=[_listed(user, request.view) for user in page], total_size=len(found))

    async def UpdateUser(self, request: pb.UpdateUserRequest, context: Context) -> pb.UpdateUserResponse:
        self.refusals.enter("UpdateUser")
        user = self._find(request.user_id)
        if request.HasField("is_admin") and not request.is_admin:
            self._expect_another_admin(user)
        if request.HasField("is_admin"):
            user.is_admin = request.is_admin
        if request.HasField("status"):
            user.status = request.status
            user.update_time.FromDatetime(self._auth.now())
        return pb.UpdateUserResponse(user=user)

    async def DeleteUser(self, request: pb.DeleteUserRequest, context: Context) -> pb.DeleteUserResponse:
        self.refusals.enter("DeleteUser")
        user = self._find(request.user_id)
        self._expect_another_admin(user)
        del self._auth.users[user.id]
        return pb.DeleteUserResponse(account=user.account)

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Context) -> pb.ResetPasswordResponse:
        self.refusals.enter("ResetPassword")
        user = self._find(request.user_id)
        self._auth.passwords[user.account] = request.new_password
        return pb.ResetPasswordResponse(account=user.account)

    async def GetUserStats(self, request: pb.GetUserStatsRequest, context: Context) -> pb.GetUserStatsResponse:
        self.refusals.enter("GetUserStats")
        users = list(self._auth.users.values())
        created = [user.create_time.ToDatetime(UTC) for user in users]
        return pb.GetUserStatsResponse(
            total_users=len(users),
            active_users=sum(user.status == user_pb2.USER_STATUS_ACTIVE for user in users),
            admin_users=sum(user.is_admin for user in users),
            new_today=sum(time >= request.day_start.ToDatetime(UTC) for time in created),
            new_this_week=sum(time >= request.week_start.ToDatetime(UTC) for time in created),
        )

    def _find(self, user_id: int) -> user_pb2.User:
        if user_id not in self._auth.users:
            raise NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, "用户不存在")
        return self._auth.users[user_id]

    def _expect_another_admin(self, user: user_pb2.User) -> None:
        if user.is_admin and sum(other.is_admin for other in self._auth.users.values()) == 1:
            raise Precondition(reasons.ERROR_REASON_LAST_ADMIN, "至少需要保留一个可用的管理员账号")


def _is_wanted(user: user_pb2.User, wanted: pb.UserFilter) -> bool:
    chosen = wanted.WhichOneof("users")
    return (
        wanted.keyword.lower() in user.account.lower()
        and (wanted.identity in user.account or wanted.identity in user.phone or wanted.identity == str(user.id))
        and (not wanted.HasField("is_admin") or user.is_admin == wanted.is_admin)
        and (not wanted.HasField("status") or user.status == wanted.status)
        and (chosen != "only" or user.id in wanted.only.user_ids)
        and (chosen != "all_but" or user.id not in wanted.all_but.user_ids)
    )


def _listed(user: user_pb2.User, view: pb.MaterialView.ValueType) -> pb.ListedUser:
    kept, shown = user.materials, user_pb2.User()
    shown.CopyFrom(user)
    if view != pb.MATERIAL_VIEW_LISTS:
        shown.ClearField("materials")
    counts = pb.MaterialCounts(
        works=len(kept.works),
        digital_humans=len(kept.digital_humans),
        backgrounds=len(kept.backgrounds),
        voices=len(kept.voices),
        bgm=len(kept.bgm),
    )
    return pb.ListedUser(user=shown, counts=counts)
