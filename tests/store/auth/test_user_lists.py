"""Lists, search and numbers of users, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from kit.errors import Forbidden, Invalid
from services.auth.domain.materials import MaterialKind
from services.auth.domain.paging import Page
from services.auth.domain.user_lists import UserFilter, UserPeriods, UserStats
from services.auth.domain.users import AccessTokenClaims, UserChange, UserStatus
from services.auth.store.tables import USERS
from services.auth.usecases.user_lists import MaterialView
from tests.store.auth.conftest import Auth

FILTERS: list[tuple[UserFilter, list[str]]] = [
    (UserFilter(), ["other", "Xuser", "user_b", "user_a", "root"]),
    (UserFilter(keyword="USER"), ["Xuser", "user_b", "user_a"]),
    (UserFilter(keyword="r_"), ["user_b", "user_a"]),
    (UserFilter(keyword="%"), []),
    (UserFilter(is_admin=True), ["root"]),
    (UserFilter(is_admin=False, keyword="o"), ["other"]),
    (UserFilter(status=UserStatus.FROZEN), ["user_b"]),
    (UserFilter(status=UserStatus.ACTIVE, keyword="user_"), ["user_a"]),
    (UserFilter(only=[1, 3, 99]), ["user_b", "root"]),
    (UserFilter(only=[]), []),
    # Beyond a thousand they are marked, and most of them are nobody's.
    (UserFilter(only=[1, 3, *range(6, 3000), 2**40]), ["user_b", "root"]),
    (UserFilter(only=range(3, 3000), keyword="user"), ["Xuser", "user_b"]),
    (UserFilter(all_but=range(2, 5)), ["other", "root"]),
    (UserFilter(all_but=[1, 3, 99]), ["other", "Xuser", "user_a"]),
    (UserFilter(all_but=[]), ["other", "Xuser", "user_b", "user_a", "root"]),
]


@pytest.fixture
async def root(auth: Auth) -> AccessTokenClaims:
    """Of the administrator among five users: root, user_a, user_b (frozen), Xuser, other."""
    token = await auth.add_admin("root")
    for account in ("user_a", "user_b", "Xuser", "other"):
        await auth.registration.register(account, "password123")
    found, _ = await auth.lists.page(token, UserFilter(keyword="user_b"), page=Page(), view=MaterialView.COUNTS)
    await auth.admin.update(token, found[0].user.id, UserChange(status=UserStatus.FROZEN))
    return token


async def test_filters(auth: Auth, root: AccessTokenClaims) -> None:
    for wanted, accounts in FILTERS:
        found, total = await auth.lists.page(root, wanted, page=Page(), view=MaterialView.COUNTS)
        assert ([listed.user.account for listed in found], total) == (accounts, len(accounts)), wanted


async def test_pages(auth: Auth, root: AccessTokenClaims) -> None:
    seen: list[str] = []
    for skip in range(0, 8, 2):
        found, total = await auth.lists.page(root, UserFilter(), page=Page(2, skip), view=MaterialView.COUNTS)
        assert total == 5
        seen += [listed.user.account for listed in found]
    assert seen == ["other", "Xuser", "user_b", "user_a", "root"]
    for size, skip in ((0, 0), (101, 0), (20, -1)):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            Page(size, skip)


async def test_lists_carry_lengths_or_the_materials_themselves(auth: Auth, root: AccessTokenClaims) -> None:
    token = await auth.log_in("user_a")
    for kind, item_id in ((MaterialKind.WORKS, "w1"), (MaterialKind.WORKS, "w2"), (MaterialKind.BGM, "b")):
        await auth.materials.add(token, kind, item_id=item_id)
    wanted = UserFilter(keyword="user_a")
    (counted,), _ = await auth.lists.page(root, wanted, page=Page(), view=MaterialView.COUNTS)
    assert (counted.counts, counted.materials) == ({MaterialKind.WORKS: 2, MaterialKind.BGM: 1}, {})
    (listed,), _ = await auth.lists.page(root, wanted, page=Page(), view=MaterialView.LISTS)
    assert listed.counts == counted.counts
    assert listed.materials == {MaterialKind.WORKS: ("w1", "w2"), MaterialKind.BGM: ("b",)}


async def test_numbers(auth: Auth, root: AccessTokenClaims) -> None:
    auth.clock.advance(timedelta(days=2).total_seconds())
    day_start = auth.clock.now()
    await auth.registration.register("newcomer", "password123")
    token = await auth.log_in("root")
    periods = UserPeriods(day_start, day_start - timedelta(days=6))
    assert await auth.lists.stats(token, periods) == UserStats(
        total=6, active=5, admins=1, new_today=1, new_this_week=6
    )


async def test_only_administrators_look(auth: Auth, root: AccessTokenClaims) -> None:
    token = await auth.log_in("user_a")
    with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
        await auth.lists.page(token, UserFilter(), page=Page(), view=MaterialView.COUNTS)
    with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
        await auth.lists.stats(token, UserPeriods(auth.clock.now(), auth.clock.now()))


async def test_pages_of_more_than_are_kept_in_hand(auth: Auth, root: AccessTokenClaims) -> None:
    now = auth.clock.now()
    rows = [
        {
            "uuid": str(number),
            "account": f"bulk{number}",
            "account_key": f"bulk{number}",
            "password_hash": "",
            "is_admin": False,
            "status": "active",
            "create_time": now,
            "update_time": now,
        }
        for number in range(1200)
    ]
    await auth.database.write(lambda connection: connection.execute(insert(USERS), rows) and None)
    wanted = UserFilter(keyword="bulk")
    found, total = await auth.lists.page(root, wanted, page=Page(3, 1100), view=MaterialView.COUNTS)
    assert ([listed.user.account for listed in found], total) == (["bulk99", "bulk98", "bulk97"], 1200)
    assert await auth.lists.page(root, wanted, page=Page(3, 1200), view=MaterialView.COUNTS) == ([], 1200)


async def test_users_by_identity(auth: Auth) -> None:
    root = await auth.add_admin("root")
    users = {account: (await auth.add_user(account)).user_id for account in ("alice", "bob", "alice2")}
    number = update(USERS).where(USERS.c.id == users["bob"]).values(phone="13800138000")
    await auth.database.write(lambda connection: connection.execute(number) and None)

    async def found(identity: str) -> set[int]:
        page = Page(size=20, skip=0)
        listed, total = await auth.lists.page(root, UserFilter(identity=identity), page=page, view=MaterialView.COUNTS)
        assert total == len(listed)
        return {each.user.id for each in listed}

    assert await found("ALICE") == {users["alice"], users["alice2"]}
    assert await found("38001") == {users["bob"]}
    assert users["alice2"] in await found(str(users["alice2"]))
    assert await found("9" * 18) == await found("9" * 40) == await found("%") == set()
