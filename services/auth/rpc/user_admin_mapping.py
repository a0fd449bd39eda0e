"""Messages about administered users from domain objects and back."""

from __future__ import annotations

from services.auth.domain.errors import field_invalid
from services.auth.domain.materials import MaterialKind
from services.auth.domain.user_lists import ListedUser, UserFilter, UserPeriods
from services.auth.domain.users import UserChange, UserStatus
from services.auth.rpc.mapping import materials_to_proto, time_from_proto, user_to_proto
from services.auth.usecases.user_lists import MaterialView
from services.auth.user_statuses import STATUS_FROM_PROTO
from voxreel.auth.v1 import user_admin_service_pb2 as pb
from voxreel.auth.v1 import user_pb2


def filter_from_proto(given: pb.UserFilter) -> UserFilter:
    chosen = given.WhichOneof("users")
    return UserFilter(
        keyword=given.keyword if given.HasField("keyword") else None,
        identity=given.identity if given.HasField("identity") else None,
        is_admin=given.is_admin if given.HasField("is_admin") else None,
        status=_status_from_proto(given.status) if given.HasField("status") else None,
        only=given.only.user_ids if chosen == "only" else None,
        all_but=given.all_but.user_ids if chosen == "all_but" else None,
    )


def change_from_proto(given: pb.UpdateUserRequest) -> UserChange:
    return UserChange(
        status=_status_from_proto(given.status) if given.HasField("status") else None,
        is_admin=given.is_admin if given.HasField("is_admin") else None,
    )


def periods_from_proto(given: pb.GetUserStatsRequest) -> UserPeriods:
    if not (given.HasField("day_start") and given.HasField("week_start")):
        raise field_invalid("day_start", "缺少统计的起始时间")
    return UserPeriods(time_from_proto(given.day_start), time_from_proto(given.week_start))


def view_from_proto(given: pb.MaterialView.ValueType) -> MaterialView:
    return MaterialView.LISTS if given == pb.MATERIAL_VIEW_LISTS else MaterialView.COUNTS


def listed_user_to_proto(listed: ListedUser, view: pb.MaterialView.ValueType) -> pb.ListedUser:
    user = user_to_proto(listed.user)
    if view == pb.MATERIAL_VIEW_LISTS:
        user.materials.CopyFrom(materials_to_proto(listed.materials))
    counts = listed.counts
    return pb.ListedUser(
        user=user,
        counts=pb.MaterialCounts(
            works=counts.get(MaterialKind.WORKS, 0),
            digital_humans=counts.get(MaterialKind.DIGITAL_HUMANS, 0),
            backgrounds=counts.get(MaterialKind.BACKGROUNDS, 0),
            voices=counts.get(MaterialKind.VOICES, 0),
            bgm=counts.get(MaterialKind.BGM, 0),
        ),
    )


def _status_from_proto(given: user_pb2.UserStatus.ValueType) -> UserStatus:
    status = STATUS_FROM_PROTO.get(given)
    if status is None:
        raise field_invalid("status", "用户状态无效")
    return status
