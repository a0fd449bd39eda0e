"""Auth over gRPC: a real server with the whole chain."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import (
    AlreadyExists,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Precondition,
    RateLimited,
    Unauthenticated,
)
from kit.rpc.tokens import TokenVerifier
from tests.rpc.auth.conftest import PASSWORD, AuthService, calling_as
from voxreel.auth.v1 import account_service_pb2 as accounts
from voxreel.auth.v1 import user_pb2
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.common.v1.key_service_pb2 import ListVerificationKeysRequest


async def profile(auth: AuthService, access_token: str) -> user_pb2.User:
    with calling_as(access_token):
        return (await auth.users.GetProfile(users.GetProfileRequest())).user


async def test_from_registration_to_profile(auth: AuthService) -> None:
    user_id = await auth.register()
    login = await auth.login()
    assert login.expires_in.seconds == 3600
    user = await profile(auth, login.access_token)
    assert (user.id, user.account, user.is_admin) == (user_id, "Alice", False)
    assert user.status == user_pb2.USER_STATUS_ACTIVE
    assert len(user.uuid) == 36
    assert user.HasField("last_login_time")
    assert not user.HasField("phone")


async def test_a_user_who_never_logged_in_has_no_login_time(auth: AuthService) -> None:
    response = await auth.accounts.Register(accounts.RegisterRequest(account="Bob", password=PASSWORD))
    assert not response.user.HasField("last_login_time")
    assert response.user.create_time == response.user.update_time


async def test_refusals_travel_with_their_reason_and_text(auth: AuthService) -> None:
    await auth.register()
    with pytest.raises(AlreadyExists, match="ACCOUNT_TAKEN: 账号已存在"):
        await auth.register("ALICE")
    with pytest.raises(Invalid, match="FIELD_INVALID: 账号须为") as refusal:
        await auth.register("no")
    assert refusal.value.metadata["field"] == "account"
    with pytest.raises(Unauthenticated, match="CREDENTIALS_INVALID: 账号或密码错误"):
        await auth.login(password="password124")


async def test_too_many_wrong_passwords_are_refused_with_the_time_to_wait(auth: AuthService) -> None:
    await auth.register()
    wrong = accounts.LoginRequest(account="Alice", password="password124", client_address="192.0.2.1")
    for _ in range(5):
        with pytest.raises(Unauthenticated, match="CREDENTIALS_INVALID"):
            await auth.accounts.Login(wrong)
    right = accounts.LoginRequest(account="Alice", password=PASSWORD, client_address="192.0.2.1")
    with pytest.raises(RateLimited, match="TOO_MANY_REQUESTS: 登录失败次数过多") as refusal:
        await auth.accounts.Login(right)
    assert refusal.value.retry_after_s == 15 * 60
    assert (await auth.login()).access_token, "the address was another one"
    auth.clock.advance(15 * 60)
    assert (await auth.accounts.Login(right)).access_token


async def test_the_first_administrator_is_there_from_the_start(auth: AuthService) -> None:
    assert (await profile(auth, (await auth.login("root")).access_token)).is_admin


async def test_the_published_keys_verify_tokens(auth: AuthService) -> None:
    await auth.register()
    login = await auth.login()
    published = await auth.keys.ListVerificationKeys(ListVerificationKeysRequest())
    verifier = TokenVerifier(auth.clock)
    verifier.set_keys({key.key_id: key.public_key_pem for key in published.keys})
    assert verifier.verify(login.access_token).account == "Alice"


async def test_a_refreshed_token_is_as_good(auth: AuthService) -> None:
    await auth.register()
    login = await auth.login()
    auth.clock.advance(3601)
    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        await profile(auth, login.access_token)
    request = accounts.RefreshAccessTokenRequest(refresh_token=login.refresh_token)
    refreshed = await auth.accounts.RefreshAccessToken(request)
    assert refreshed.expires_in.seconds == 3600
    assert (await profile(auth, refreshed.access_token)).account == "Alice"


async def test_who_has_no_token_is_refused(auth: AuthService) -> None:
    with pytest.raises(Unauthenticated):
        await profile(auth, "")
    with pytest.raises(Unauthenticated, match="TOKEN_INVALID"):
        await profile(auth, "not.a.token")


async def test_a_password_change_ends_other_tokens_at_once_and_tells_the_others(auth: AuthService) -> None:
    user_id = await auth.register()
    kept, other = await auth.login(), await auth.login()
    auth.clock.advance(0.001)
    with calling_as(kept.access_token):
        request = users.ChangePasswordRequest(current_password=PASSWORD, new_password="password456")
        await auth.users.ChangePassword(request)
        with pytest.raises(Precondition, match="PASSWORD_WRONG"):
            await auth.users.ChangePassword(request)
    assert (await profile(auth, kept.access_token)).id == user_id
    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        await profile(auth, other.access_token)
    with pytest.raises(Unauthenticated, match="REFRESH_TOKEN_INVALID"):
        await auth.accounts.RefreshAccessToken(accounts.RefreshAccessTokenRequest(refresh_token=kept.refresh_token))
    # The first administrator's registration comes first.
    events = await auth.next_events(6)
    assert sorted(event.type.rpartition(".")[2] for event in events) == [
        "UserAccessRevoked",
        "UserLoggedIn",
        "UserLoggedIn",
        "UserPasswordChanged",
        "UserRegistered",
        "UserRegistered",
    ]
    (revoked,) = [event for event in events if event.type.endswith("UserAccessRevoked")]
    assert (revoked.service, revoked.request_id, revoked.user_id) == ("auth", "test-request", user_id)


async def test_a_frozen_user_is_refused_everywhere(auth: AuthService) -> None:
    await auth.register()
    login = await auth.login()
    await auth.change_database("UPDATE users SET status = 'frozen' WHERE account = 'Alice'")
    refused = (
        auth.login(),
        auth.accounts.RefreshAccessToken(accounts.RefreshAccessTokenRequest(refresh_token=login.refresh_token)),
        profile(auth, login.access_token),
    )
    for call in refused:
        with pytest.raises(Forbidden, match="ACCOUNT_FROZEN: 账号已被冻结"):
            await call


async def test_services_read_users_by_id(auth: AuthService) -> None:
    first, second = await auth.register("Alice"), await auth.register("Bob")
    request = users.BatchGetUsersRequest(user_ids=[second, 999, first])
    found = await auth.users.BatchGetUsers(request)
    assert [user.account for user in found.users] == ["Bob", "Alice"]
    with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
        await auth.stranger.BatchGetUsers(request)
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        await auth.users.BatchGetUsers(users.BatchGetUsersRequest(user_ids=range(501)))


async def test_services_find_users_by_part_of_their_account(auth: AuthService) -> None:
    first, second = await auth.register("Alice"), await auth.register("Malice")
    await auth.register("Bob")
    found = await auth.users.FindUserIds(users.FindUserIdsRequest(keyword="LIC", limit=2))
    assert (list(found.user_ids), found.has_more) == ([first, second], False)
    found = await auth.users.FindUserIds(users.FindUserIdsRequest(keyword="lic", limit=1))
    assert (list(found.user_ids), found.has_more) == ([first], True)
    assert not (await auth.users.FindUserIds(users.FindUserIdsRequest(keyword="_", limit=1))).user_ids
    with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
        await auth.stranger.FindUserIds(users.FindUserIdsRequest(keyword="a", limit=1))
    for wrong in (("", 1), ("a", 0), ("a", 10_001), ("\0", 1)):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await auth.users.FindUserIds(users.FindUserIdsRequest(keyword=wrong[0], limit=wrong[1]))


async def test_a_user_of_a_valid_token_may_be_gone(auth: AuthService) -> None:
    await auth.register()
    login = await auth.login()
    await auth.change_database("DELETE FROM refresh_tokens", "DELETE FROM users WHERE account = 'Alice'")
    with pytest.raises(NotFound, match="USER_NOT_FOUND"):
        await profile(auth, login.access_token)


async def test_many_logins_at_once_are_served_or_told_to_wait(auth: AuthService) -> None:
    await auth.register()
    results = await asyncio.gather(*[auth.login() for _ in range(100)], return_exceptions=True)
    served = [result for result in results if isinstance(result, accounts.LoginResponse)]
    refused = [result for result in results if isinstance(result, DomainError)]
    assert len(served) + len(refused) == 100
    assert len(served) >= 64
    assert {error.reason_name for error in refused} <= {"TOO_MANY_REQUESTS"}
