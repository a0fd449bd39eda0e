"""Users in the hands of administrators, on both engines."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import DomainError, Forbidden, Invalid, NotFound, Precondition, Unauthenticated
from services.auth.domain.materials import MaterialKind
from services.auth.domain.users import AccessTokenClaims, UserChange, UserStatus
from tests.store.auth.conftest import PASSWORD, Auth

FREEZE, UNFREEZE = UserChange(status=UserStatus.FROZEN), UserChange(status=UserStatus.ACTIVE)
PROMOTE, DEMOTE = UserChange(is_admin=True), UserChange(is_admin=False)


async def _refresh_is_dead(auth: Auth, refresh_token: str) -> bool:
    try:
        await auth.sessions.refresh(refresh_token)
    except Unauthenticated:
        return True
    return False


async def test_freezing_ends_every_session_and_unfreezing_does_not_bring_it_back(auth: Auth) -> None:
    root = await auth.add_admin("root")
    await auth.add_user("alice")
    login = await auth.sessions.login("alice", PASSWORD, client_address="")
    token = auth.claims(login.access.token)
    auth.clock.advance(1)
    frozen = await auth.admin.update(root, token.user_id, FREEZE)
    assert frozen.user.status is UserStatus.FROZEN
    for refused in (auth.profile(token), auth.log_in("alice")):
        with pytest.raises(Forbidden, match="ACCOUNT_FROZEN"):
            await refused
    assert await _refresh_is_dead(auth, login.refresh_token)
    auth.clock.advance(1)
    await auth.admin.update(root, token.user_id, UNFREEZE)
    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        await auth.profile(token)
    assert (await auth.profile(await auth.log_in("alice"))).account == "alice"
    types = await auth.event_types()
    assert [types.count(name) for name in ("UserFrozen", "UserUnfrozen", "UserAccessRevoked")] == [1, 1, 2]


async def test_what_is_already_so_is_not_done_again(auth: Auth) -> None:
    root, token = await auth.add_admin("root"), await auth.add_user("alice")
    before = len(await auth.events())
    profile = await auth.admin.update(root, token.user_id, UserChange(status=UserStatus.ACTIVE, is_admin=False))
    await auth.admin.update(root, token.user_id, UserChange())
    assert profile.user == await auth.profile(token)
    assert len(await auth.events()) == before


async def test_a_demoted_administrators_tokens_are_void(auth: Auth) -> None:
    root, other = await auth.add_admin("root"), await auth.add_admin("other")
    auth.clock.advance(1)
    await auth.admin.update(root, other.user_id, DEMOTE)
    with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
        await auth.admin.update(other, root.user_id, FREEZE)
    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        await auth.profile(other)


async def test_a_promoted_user_is_an_administrator_with_the_next_token(auth: Auth) -> None:
    root, token = await auth.add_admin("root"), await auth.add_user("alice")
    await auth.admin.update(root, token.user_id, PROMOTE)
    assert (await auth.profile(token)).is_admin
    login = await auth.sessions.login("alice", PASSWORD, client_address="")
    assert auth.verifier.verify(login.access.token).is_admin


@pytest.mark.parametrize("change", [FREEZE, DEMOTE])
async def test_the_last_administrator_stays(auth: Auth, change: UserChange) -> None:
    root = await auth.add_admin("root")
    frozen = await auth.add_admin("frozen")
    await auth.admin.update(root, frozen.user_id, FREEZE)
    with pytest.raises(Precondition, match="LAST_ADMIN"):
        await auth.admin.update(root, root.user_id, change)
    with pytest.raises(Precondition, match="LAST_ADMIN"):
        await auth.admin.delete(root, root.user_id)
    assert (await auth.profile(root)).is_active_admin


async def test_administrators_who_remove_each_other_at_once_leave_one(auth: Auth) -> None:
    tokens = [await auth.add_admin(f"admin{number}") for number in range(4)]
    auth.clock.advance(1)

    async def remove(actor: AccessTokenClaims, target: AccessTokenClaims, turn: int) -> None:
        if turn % 3 == 2:
            await auth.admin.delete(actor, target.user_id)
        else:
            await auth.admin.update(actor, target.user_id, (FREEZE, DEMOTE)[turn % 3])

    everybody_by_the_next = [remove(tokens[turn - 1], tokens[turn], turn) for turn in range(4)]
    everybody_by_themselves = [remove(token, token, turn) for turn, token in enumerate(tokens)]
    results = await asyncio.gather(*everybody_by_the_next, *everybody_by_themselves, return_exceptions=True)
    assert all(result is None or isinstance(result, DomainError) for result in results), results
    remaining = [user for user in (await auth.users.batch([token.user_id for token in tokens])) if user.is_active_admin]
    assert len(remaining) == 1


async def test_a_deleted_user_is_gone_and_the_account_free_under_another_id(auth: Auth) -> None:
    root, token = await auth.add_admin("root"), await auth.add_user("alice")
    await auth.materials.add(token, MaterialKind.WORKS, item_id="w")
    assert (await auth.admin.delete(root, token.user_id)).account == "alice"
    for refused in (auth.profile(token), auth.admin.delete(root, token.user_id)):
        with pytest.raises(NotFound, match="USER_NOT_FOUND"):
            await refused
    assert await auth.users.batch([token.user_id]) == []
    again = await auth.add_user("Alice")
    assert again.user_id > token.user_id
    assert (await auth.whole_profile(again)).materials == {}
    types = await auth.event_types()
    assert (types.count("UserDeleted"), types.count("UserAccessRevoked")) == (1, 1)


async def test_a_reset_password_is_the_only_one_and_ends_every_session(auth: Auth) -> None:
    root = await auth.add_admin("root")
    await auth.add_user("alice")
    login = await auth.sessions.login("alice", PASSWORD, client_address="")
    token = auth.claims(login.access.token)
    auth.clock.advance(1)
    await auth.admin.reset_password(root, token.user_id, "another-password")
    with pytest.raises(Unauthenticated, match="TOKEN_EXPIRED"):
        await auth.profile(token)
    with pytest.raises(Unauthenticated, match="CREDENTIALS_INVALID"):
        await auth.log_in("alice")
    assert await _refresh_is_dead(auth, login.refresh_token)
    assert (await auth.profile(await auth.log_in("alice", "another-password"))).account == "alice"
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        await auth.admin.reset_password(root, token.user_id, "short")
    with pytest.raises(NotFound, match="USER_NOT_FOUND"):
        await auth.admin.reset_password(root, 999, "another-password")


async def test_who_is_no_administrator_changes_nobody(auth: Auth) -> None:
    root, token = await auth.add_admin("root"), await auth.add_user("alice")
    for refused in (
        auth.admin.update(token, root.user_id, FREEZE),
        auth.admin.delete(token, token.user_id),
        auth.admin.reset_password(token, root.user_id, "another-password"),
    ):
        with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
            await refused


async def test_a_login_that_races_a_demotion_gets_no_administrators_token(auth: Auth) -> None:
    root, other = await auth.add_admin("root"), await auth.add_admin("other")

    class DemotingHasher:
        """Demotes between the look at the user and the login taking effect."""

        async def hash(self, password: str) -> str:
            return await auth.hasher.hash(password)

        async def verify(self, password_hash: str | None, password: str) -> bool:
            await auth.admin.update(root, other.user_id, DEMOTE)
            return await auth.hasher.verify(password_hash, password)

        def needs_rehash(self, password_hash: str) -> bool:
            return False

    with pytest.raises(Unauthenticated):
        await auth.sessions_with(DemotingHasher()).login("other", PASSWORD, client_address="")


async def test_revocations_are_remembered_in_order_also_of_the_deleted(auth: Auth) -> None:
    root, token = await auth.add_admin("root"), await auth.add_user("alice")
    start = auth.clock.now()
    await auth.admin.update(root, token.user_id, FREEZE)
    await auth.admin.update(root, token.user_id, UNFREEZE)
    await auth.admin.delete(root, token.user_id)
    page = await auth.revocations.since(start, after_id=0)
    assert [(user_id, one.is_frozen) for user_id, one in page.revocations] == [
        (token.user_id, True),
        (token.user_id, False),
        (token.user_id, False),
    ]
    times = [one.not_before for _, one in page.revocations]
    assert times == sorted(set(times)), "each is later than the one before, though the clock stood still"
    auth.clock.advance(10)
    assert (await auth.revocations.since(auth.clock.now(), after_id=0)).revocations == ()
