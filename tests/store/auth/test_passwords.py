"""Changing a password, and what it does to tokens, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest

from kit.errors import DomainError, NotFound, Precondition, Unauthenticated
from services.auth.crypto.passwords import Argon2Hasher
from services.auth.domain.users import AccessTokenClaims
from services.auth.usecases.sessions import Login
from tests.store.auth.conftest import Auth
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked

OLD, NEW = "password123", "password456"


async def logged_in(auth: Auth) -> Login:
    await auth.registration.register("Alice", OLD)
    return await auth.sessions.login("Alice", OLD, client_address="")


async def change(auth: Auth, login: Login, *, current: str = OLD, new: str = NEW) -> None:
    await auth.passwords.change(auth.claims(login.access.token), current_password=current, new_password=new)


async def test_only_the_new_password_works_afterwards(auth: Auth) -> None:
    await change(auth, await logged_in(auth))
    with pytest.raises(Unauthenticated):
        await auth.sessions.login("Alice", OLD, client_address="")
    assert await auth.sessions.login("Alice", NEW, client_address="")


async def test_refresh_tokens_and_all_other_access_tokens_end(auth: Auth) -> None:
    kept = await logged_in(auth)
    other = await auth.sessions.login("Alice", OLD, client_address="")
    auth.clock.advance(0.000_001)
    await change(auth, kept)
    for login in (kept, other):
        with pytest.raises(Unauthenticated) as refusal:
            await auth.sessions.refresh(login.refresh_token)
        assert refusal.value.reason_name == "REFRESH_TOKEN_INVALID"
    assert await auth.profile(auth.claims(kept.access.token))
    with pytest.raises(Unauthenticated) as refusal:
        await auth.profile(auth.claims(other.access.token))
    assert refusal.value.reason_name == "TOKEN_EXPIRED"
    assert await auth.event_types() == [
        "UserAccessRevoked",
        "UserLoggedIn",
        "UserLoggedIn",
        "UserPasswordChanged",
        "UserRegistered",
    ]


async def test_the_event_lets_every_verifier_tell_tokens_of_one_second_apart(auth: Auth) -> None:
    kept = await logged_in(auth)
    other = await auth.sessions.login("Alice", OLD, client_address="")
    auth.clock.advance(0.000_5)
    await change(auth, kept)
    auth.clock.advance(0.000_5)
    after = await auth.sessions.login("Alice", NEW, client_address="")
    refreshed = await auth.sessions.refresh(after.refresh_token)
    (payload,) = [event.payload for event in await auth.events() if event.type.endswith("UserAccessRevoked")]
    revoked = UserAccessRevoked.FromString(payload)
    auth.verifier.revoke(
        revoked.user_id, not_before=revoked.not_before.ToDatetime(UTC), kept_token_id=revoked.kept_token_id
    )
    for token in (kept.access.token, after.access.token, refreshed.token):
        assert auth.verifier.verify(token).account == "Alice"
        assert await auth.profile(auth.claims(token))
    with pytest.raises(Unauthenticated):
        auth.verifier.verify(other.access.token)


async def test_a_second_change_ends_the_token_the_first_one_kept(auth: Auth) -> None:
    first = await logged_in(auth)
    auth.clock.advance(1)
    await change(auth, first)
    second = await auth.sessions.login("Alice", NEW, client_address="")
    auth.clock.advance(1)
    await change(auth, second, current=NEW, new=OLD)
    assert await auth.profile(auth.claims(second.access.token))
    with pytest.raises(Unauthenticated):
        await auth.profile(auth.claims(first.access.token))


async def test_a_wrong_current_password_changes_nothing(auth: Auth) -> None:
    login = await logged_in(auth)
    with pytest.raises(Precondition) as refusal:
        await change(auth, login, current="password124")
    assert (refusal.value.reason_name, refusal.value.message) == ("PASSWORD_WRONG", "当前密码错误")
    assert await auth.sessions.refresh(login.refresh_token)
    assert await auth.sessions.login("Alice", OLD, client_address="")


async def test_a_new_password_out_of_bounds_is_refused_by_name(auth: Auth) -> None:
    login = await logged_in(auth)
    with pytest.raises(DomainError) as refusal:
        await change(auth, login, new="short")
    assert refusal.value.message == "新密码长度须为 8 至 128 个字符"


async def test_a_user_who_is_gone_is_not_found(auth: Auth) -> None:
    nobody = AccessTokenClaims(999, "t", auth.clock.now())
    with pytest.raises(NotFound):
        await auth.passwords.change(nobody, current_password=OLD, new_password=NEW)
    with pytest.raises(NotFound):
        await auth.profile(nobody)


async def test_of_two_changes_at_once_one_wins(auth: Auth) -> None:
    login = await logged_in(auth)
    results = await asyncio.gather(
        *[change(auth, login, new=f"password-{number}") for number in range(4)], return_exceptions=True
    )
    assert results.count(None) == 1
    assert sum(isinstance(result, Precondition) for result in results) == 3


class FakePausingHasher:
    """The real hasher, but a verification answers only when it is let go."""

    def __init__(self, hasher: Argon2Hasher) -> None:
        self._hasher = hasher
        self.has_verified = asyncio.Event()
        self.go_on = asyncio.Event()

    async def hash(self, password: str) -> str:
        return await self._hasher.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        is_right = await self._hasher.verify(password_hash, password)
        self.has_verified.set()
        await self.go_on.wait()
        return is_right

    def needs_rehash(self, password_hash: str) -> bool:
        return self._hasher.needs_rehash(password_hash)


async def test_a_login_checked_before_a_change_does_not_outlive_it(auth: Auth) -> None:
    login = await logged_in(auth)
    hasher = FakePausingHasher(auth.hasher)
    late = asyncio.create_task(auth.sessions_with(hasher).login("Alice", OLD, client_address=""))
    async with asyncio.timeout(60):
        await hasher.has_verified.wait()
        await change(auth, login)
        hasher.go_on.set()
        with pytest.raises(Unauthenticated) as refusal:
            await late
    assert refusal.value.reason_name == "CREDENTIALS_INVALID"
    assert await auth.sessions.login("Alice", NEW, client_address="")


async def test_logins_that_come_with_a_change_leave_no_session(auth: Auth) -> None:
    login = await logged_in(auth)
    results = await asyncio.gather(
        change(auth, login),
        *[auth.sessions.login("Alice", OLD, client_address="") for _ in range(6)],
        return_exceptions=True,
    )
    assert results[0] is None
    for result in results[1:]:
        if isinstance(result, Login):
            with pytest.raises(Unauthenticated):
                await auth.sessions.refresh(result.refresh_token)
        else:
            assert isinstance(result, Unauthenticated)
