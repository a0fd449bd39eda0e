"""Registration, login and refresh, on both engines."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher

from kit.errors import AlreadyExists, DomainError, Forbidden, Unauthenticated
from services.auth.domain.sessions import REFRESH_TOKEN_LIFETIME
from services.auth.domain.users import User
from services.auth.usecases.first_admin import FirstAdmin
from services.auth.workers.sweepers import Sweeper, forget_sessions
from tests.store.auth.conftest import Auth
from voxreel.auth.v1.events_pb2 import UserLoggedIn, UserLoginFailed, UserRegistered

PASSWORD = "password123"


async def refusal_of_login(auth: Auth, account: str, password: str) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        await auth.sessions.login(account, password, client_address="192.0.2.1")
    return refusal.value


async def test_a_new_user_is_active_and_no_administrator(auth: Auth) -> None:
    user = await auth.registration.register("Alice", PASSWORD)
    assert (user.account, user.is_admin, user.last_login_time) == ("Alice", False, None)
    assert user.create_time == user.update_time == auth.clock.now()
    (envelope,) = await auth.events()
    assert UserRegistered.FromString(envelope.payload) == UserRegistered(user_id=user.id, account="Alice")


async def test_an_account_is_taken_in_any_spelling(auth: Auth) -> None:
    await auth.registration.register("Alice", PASSWORD)
    with pytest.raises(AlreadyExists) as refusal:
        await auth.registration.register("aLICE", PASSWORD)
    assert (refusal.value.reason_name, refusal.value.message) == ("ACCOUNT_TAKEN", "账号已存在")


async def test_of_many_who_register_one_account_at_once_one_gets_it(auth: Auth) -> None:
    spellings = ["alice", "Alice", "ALICE", "aLiCe"]
    results = await asyncio.gather(
        *[auth.registration.register(account, PASSWORD) for account in spellings], return_exceptions=True
    )
    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, AlreadyExists) for result in results) == 3
    assert await auth.event_types() == ["UserRegistered"]


async def test_a_login_gives_tokens_and_leaves_a_trace(auth: Auth) -> None:
    user = await auth.registration.register("Alice", PASSWORD)
    auth.clock.advance(60)
    login = await auth.sessions.login("ALICE", PASSWORD, client_address="192.0.2.1")
    principal = auth.verifier.verify(login.access.token)
    assert (principal.user_id, principal.account, principal.is_admin) == (user.id, "Alice", False)
    assert login.access.expires_in.total_seconds() == 3600
    assert len(login.refresh_token) >= 43
    profile = await auth.profile(auth.claims(login.access.token))
    assert profile.last_login_time == auth.clock.now()
    assert profile.update_time == user.update_time
    logged_in = UserLoggedIn.FromString((await auth.events())[-1].payload)
    assert logged_in == UserLoggedIn(user_id=user.id, account="Alice", client_address="192.0.2.1")


async def test_an_unknown_account_and_a_wrong_password_look_the_same(auth: Auth) -> None:
    user = await auth.registration.register("Alice", PASSWORD)
    wrong = await refusal_of_login(auth, "Alice", "password124")
    unknown = await refusal_of_login(auth, "Bob", PASSWORD)
    assert type(wrong) is type(unknown) is Unauthenticated
    assert wrong.message == unknown.message == "账号或密码错误"
    assert wrong.reason_name == unknown.reason_name == "CREDENTIALS_INVALID"
    assert wrong.metadata == unknown.metadata
    failures = [UserLoginFailed.FromString(event.payload) for event in (await auth.events())[1:]]
    assert failures == [
        UserLoginFailed(user_id=user.id, account="Alice", client_address="192.0.2.1"),
        UserLoginFailed(account="Bob", client_address="192.0.2.1"),
    ]


async def test_what_cannot_be_an_account_is_not_repeated_in_events(auth: Auth) -> None:
    assert (await refusal_of_login(auth, "my secret passphrase", PASSWORD)).reason_name == "CREDENTIALS_INVALID"
    (envelope,) = await auth.events()
    assert UserLoginFailed.FromString(envelope.payload).account == ""


@pytest.mark.parametrize("password", ["", "x" * 100_000])
async def test_a_password_nobody_can_have_is_wrong(auth: Auth, password: str) -> None:
    await auth.registration.register("Alice", PASSWORD)
    assert (await refusal_of_login(auth, "Alice", password)).reason_name == "CREDENTIALS_INVALID"


async def test_a_frozen_user_gets_no_token_and_only_the_right_password_learns_why(auth: Auth) -> None:
    await auth.registration.register("Alice", PASSWORD)
    login = await auth.sessions.login("Alice", PASSWORD, client_address="")
    await auth.freeze("Alice")
    assert (await refusal_of_login(auth, "Alice", "password124")).reason_name == "CREDENTIALS_INVALID"
    frozen = await refusal_of_login(auth, "Alice", PASSWORD)
    assert (frozen.reason_name, frozen.message) == ("ACCOUNT_FROZEN", "账号已被冻结")
    with pytest.raises(Forbidden):
        await auth.sessions.refresh(login.refresh_token)
    with pytest.raises(Forbidden):
        await auth.profile(auth.claims(login.access.token))


async def test_a_login_renews_a_hash_of_former_parameters(auth: Auth) -> None:
    await auth.registration.register("Alice", PASSWORD)
    former = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await auth.set_password_hash("Alice", former)
    await auth.sessions.login("Alice", PASSWORD, client_address="")
    renewed = await auth.password_hash("Alice")
    assert not auth.hasher.needs_rehash(renewed)
    await auth.sessions.login("Alice", PASSWORD, client_address="")
    assert await auth.password_hash("Alice") == renewed


async def test_a_refresh_token_gives_access_tokens_until_it_ends(auth: Auth) -> None:
    user = await auth.registration.register("Alice", PASSWORD)
    login = await auth.sessions.login("Alice", PASSWORD, client_address="")
    auth.clock.advance(REFRESH_TOKEN_LIFETIME.total_seconds() - 1)
    access = await auth.sessions.refresh(login.refresh_token)
    assert auth.verifier.verify(access.token).user_id == user.id
    auth.clock.advance(1)
    for token in (login.refresh_token, login.refresh_token + "x", ""):
        with pytest.raises(Unauthenticated) as refusal:
            await auth.sessions.refresh(token)
        assert refusal.value.reason_name == "REFRESH_TOKEN_INVALID"


async def test_sessions_that_have_ended_are_forgotten(auth: Auth) -> None:
    await auth.registration.register("Alice", PASSWORD)
    await auth.sessions.login("Alice", PASSWORD, client_address="")
    auth.clock.advance(REFRESH_TOKEN_LIFETIME.total_seconds() / 2)
    later = await auth.sessions.login("Alice", PASSWORD, client_address="")
    auth.clock.advance(REFRESH_TOKEN_LIFETIME.total_seconds() / 2)
    pruner = Sweeper(auth.units, auth.clock, [forget_sessions])
    assert await pruner.step() == 1
    assert await pruner.step() == 0
    assert await auth.sessions.refresh(later.refresh_token)


async def test_users_are_read_in_the_order_asked_for_and_unknown_ones_left_out(auth: Auth) -> None:
    first = await auth.registration.register("Alice", PASSWORD)
    second = await auth.registration.register("Bob", PASSWORD)
    found = await auth.users.batch([second.id, 999, first.id])
    assert found == [second, first]


async def test_the_first_administrator_is_made_once(auth: Auth) -> None:
    await FirstAdmin(auth.registration, "root", PASSWORD).ensure()
    login = await auth.sessions.login("root", PASSWORD, client_address="")
    assert auth.verifier.verify(login.access.token).is_admin
    await FirstAdmin(auth.registration, "ROOT", "another-password").ensure()
    assert await auth.sessions.login("root", PASSWORD, client_address="")
    await FirstAdmin(auth.registration, "", "").ensure()
    assert (await auth.event_types()).count("UserRegistered") == 1


async def test_an_existing_account_is_not_made_administrator(auth: Auth) -> None:
    await auth.registration.register("root", PASSWORD)
    await FirstAdmin(auth.registration, "root", PASSWORD).ensure()
    login = await auth.sessions.login("root", PASSWORD, client_address="")
    assert not auth.verifier.verify(login.access.token).is_admin
