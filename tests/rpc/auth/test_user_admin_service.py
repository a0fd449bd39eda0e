"""Material lists, administered users and activities over gRPC: a real server with its worker and its broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from kit.errors import Forbidden, Invalid, NotFound, Precondition, Unauthenticated
from kit.rpc.times import timestamp_of
from tests.polling import eventually
from tests.rpc.auth.conftest import PASSWORD, AuthService, calling_as
from voxreel.auth.v1 import activity_service_pb2 as activities
from voxreel.auth.v1 import audit_service_pb2 as audit
from voxreel.auth.v1 import user_admin_service_pb2 as admin
from voxreel.auth.v1 import user_pb2
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.common.v1.key_service_pb2 import ListRevocationsRequest


@dataclass
class World:
    """The service, an administrator and a user."""

    auth: AuthService
    root: str
    alice: str
    alice_id: int


@pytest.fixture
async def world(auth: AuthService) -> AsyncIterator[World]:
    alice_id = await auth.register("Alice")
    root, alice = (await auth.login("root")).access_token, (await auth.login("Alice")).access_token
    auth.clock.advance(1)
    yield World(auth, root, alice, alice_id)


async def test_material_lists_are_part_of_the_profile(world: World) -> None:
    stub = world.auth.users
    with calling_as(world.alice):
        for kind in list(user_pb2.MaterialKind.values())[1:]:
            await stub.AddMaterial(users.AddMaterialRequest(kind=kind, item_id=f"item-{kind}"))
        await stub.RemoveMaterial(users.RemoveMaterialRequest(kind=user_pb2.MATERIAL_KIND_BGM, item_id="item-5"))
        kept = (await stub.GetProfile(users.GetProfileRequest())).user.materials
        assert kept == user_pb2.Materials(
            works=["item-1"], digital_humans=["item-2"], backgrounds=["item-3"], voices=["item-4"]
        )
        with pytest.raises(NotFound, match="MATERIAL_NOT_FOUND"):
            await stub.RemoveMaterial(users.RemoveMaterialRequest(kind=user_pb2.MATERIAL_KIND_BGM, item_id="item-5"))
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await stub.AddMaterial(users.AddMaterialRequest(item_id="x"))


async def test_lists_of_users(world: World) -> None:
    with calling_as(world.alice):
        request = users.AddMaterialRequest(kind=user_pb2.MATERIAL_KIND_WORKS, item_id="w")
        await world.auth.users.AddMaterial(request)
    with calling_as(world.root):
        wanted = admin.UserFilter(keyword="LIC", status=user_pb2.USER_STATUS_ACTIVE, is_admin=False)
        response = await world.auth.admin.ListUsers(admin.ListUsersRequest(filter=wanted))
        (listed,) = response.users
        assert (listed.user.id, listed.counts.works, response.total_size) == (world.alice_id, 1, 1)
        assert not listed.user.HasField("materials")
        request = admin.ListUsersRequest(page_size=1, skip=0, view=admin.MATERIAL_VIEW_LISTS)
        response = await world.auth.admin.ListUsers(request)
        assert ([list(each.user.materials.works) for each in response.users], response.total_size) == ([["w"]], 2)
        only = admin.UserFilter(all_but=admin.UserIds(user_ids=[world.alice_id]))
        response = await world.auth.admin.ListUsers(admin.ListUsersRequest(filter=only))
        assert [each.user.account for each in response.users] == ["root"]
        for wrong in (admin.ListUsersRequest(page_size=101), admin.ListUsersRequest(filter={"status": 0})):
            with pytest.raises(Invalid, match="FIELD_INVALID"):
                await world.auth.admin.ListUsers(wrong)
        now = timestamp_of(world.auth.clock.now() - timedelta(hours=1))
        stats = await world.auth.admin.GetUserStats(admin.GetUserStatsRequest(day_start=now, week_start=now))
        assert (stats.total_users, stats.active_users, stats.admin_users, stats.new_today) == (2, 2, 1, 2)
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await world.auth.admin.GetUserStats(admin.GetUserStatsRequest())


async def test_a_freeze_is_answered_told_and_remembered(world: World) -> None:
    auth, start = world.auth, timestamp_of(world.auth.clock.now())
    frozen = user_pb2.USER_STATUS_FROZEN
    with calling_as(world.root):
        response = await auth.admin.UpdateUser(admin.UpdateUserRequest(user_id=world.alice_id, status=frozen))
        assert (response.user.status, response.user.is_admin) == (frozen, False)
        with pytest.raises(Precondition, match="LAST_ADMIN"):
            await auth.admin.UpdateUser(admin.UpdateUserRequest(user_id=1, is_admin=False))
    with calling_as(world.alice), pytest.raises(Forbidden, match="ACCOUNT_FROZEN"):
        await auth.users.GetProfile(users.GetProfileRequest())
    remembered = await auth.keys.ListRevocations(ListRevocationsRequest(since=start))
    (revoked,) = remembered.revocations
    assert (revoked.user_id, revoked.is_frozen, remembered.next_id) == (world.alice_id, True, 0)
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        await auth.keys.ListRevocations(ListRevocationsRequest())


async def test_reset_and_deletion(world: World) -> None:
    auth = world.auth
    with calling_as(world.root):
        request = admin.ResetPasswordRequest(user_id=world.alice_id, new_password="another-password")
        assert (await auth.admin.ResetPassword(request)).account == "Alice"
    with pytest.raises(Unauthenticated, match="CREDENTIALS_INVALID"):
        await auth.login("Alice")
    await auth.login("Alice", "another-password")
    with calling_as(world.root):
        assert (await auth.admin.DeleteUser(admin.DeleteUserRequest(user_id=world.alice_id))).account == "Alice"
    with pytest.raises(Unauthenticated, match="CREDENTIALS_INVALID"):
        await auth.login("Alice", "another-password")


async def test_who_may(world: World) -> None:
    auth, since = world.auth, timestamp_of(world.auth.clock.now())
    with calling_as(world.alice):
        for refused in (
            auth.admin.ListUsers(admin.ListUsersRequest()),
            auth.admin.DeleteUser(admin.DeleteUserRequest(user_id=1)),
            auth.activities.GetActivityStats(activities.GetActivityStatsRequest(day_starts=[since])),
            auth.audit.ListRecords(audit.ListRecordsRequest()),
        ):
            with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
                await refused


async def test_what_happens_becomes_activities(world: World) -> None:
    auth, since = world.auth, timestamp_of(world.auth.clock.now() - timedelta(hours=1))
    with pytest.raises(Unauthenticated):
        await auth.login("Alice", PASSWORD + "x")
    request = activities.ListActivitiesRequest(since=since)

    async def all_told() -> bool:
        with calling_as(world.alice):
            return (await auth.activities.ListActivities(request)).total_size == 3

    await eventually(all_told)
    with calling_as(world.alice):
        found = (await auth.activities.ListActivities(request)).activities
        only_failed = activities.ListActivitiesRequest(since=since, status=activities.ACTIVITY_STATUS_FAILED)
        (failed,) = (await auth.activities.ListActivities(only_failed)).activities
        types = (await auth.activities.ListActivityTypes(activities.ListActivityTypesRequest())).types
    assert {one.type for one in found} == {"user_register", "user_login_success", "user_login_failed"}
    assert {one.user_id for one in found} == {world.alice_id}
    assert (failed.account, failed.icon, failed.description) == ("Alice", "WarningFilled", "账号 Alice 登录失败")
    assert {one.type for one in found} <= {kind.value for kind in types}
    with calling_as(world.root):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await auth.activities.ListActivities(activities.ListActivitiesRequest())
        stats = await auth.activities.GetActivityStats(activities.GetActivityStatsRequest(day_starts=[since]))
        everything = await auth.activities.ListActivities(request)
    assert stats.total == stats.by_day[0] == everything.total_size
    assert stats.by_type["user_login_failed"] == 1
    assert (stats.by_type.keys(), stats.by_type["asr_recognize"]) == ({kind.value for kind in types}, 0)
    assert {one.status: one.activities for one in stats.by_status}[activities.ACTIVITY_STATUS_FAILED] == 1


async def test_what_administrators_do_becomes_the_audit(world: World) -> None:
    auth, since = world.auth, timestamp_of(world.auth.clock.now())
    with calling_as(world.root):
        for status in (user_pb2.USER_STATUS_FROZEN, user_pb2.USER_STATUS_ACTIVE):
            await auth.admin.UpdateUser(admin.UpdateUserRequest(user_id=world.alice_id, status=status))
        frozen = audit.ListRecordsRequest(action="user_freeze", target_user_id=world.alice_id, since=since, page_size=1)

        async def is_told() -> bool:
            return (await auth.audit.ListRecords(frozen)).total_size == 1

        await eventually(is_told)
        (record,) = (await auth.audit.ListRecords(frozen)).records
        nothing = audit.ListRecordsRequest(operator_user_id=world.alice_id, until=since, skip=1)
        assert (await auth.audit.ListRecords(nothing)).total_size == 0
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await auth.audit.ListRecords(audit.ListRecordsRequest(page_size=0))
    assert (record.operator_account, record.target_account, record.action_label) == ("root", "Alice", "冻结用户")
    assert (dict(record.before), dict(record.after)) == ({"status": "active"}, {"status": "frozen"})
    assert record.request_id == "test-request"
