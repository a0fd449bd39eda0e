"""Material lists on both engines."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import Forbidden, Invalid, NotFound, Precondition
from services.auth.domain.materials import MATERIALS_LIMIT, MaterialKind
from services.auth.domain.users import AccessTokenClaims
from tests.store.auth.conftest import Auth


async def _lists(auth: Auth, token: AccessTokenClaims) -> dict[MaterialKind, tuple[str, ...]]:
    return dict((await auth.whole_profile(token)).materials)


async def test_the_lists_keep_their_order_and_hold_nothing_twice(auth: Auth) -> None:
    token, other = await auth.add_user("alice"), await auth.add_user("bob")
    for item_id in ("b", "a", "b"):
        await auth.materials.add(token, MaterialKind.WORKS, item_id=item_id)
    await auth.materials.add(token, MaterialKind.VOICES, item_id="a")
    assert await _lists(auth, token) == {MaterialKind.WORKS: ("b", "a"), MaterialKind.VOICES: ("a",)}
    assert await _lists(auth, other) == {}
    assert (await auth.event_types()).count("MaterialAdded") == 3


async def test_what_is_removed_is_gone_and_cannot_be_removed_again(auth: Auth) -> None:
    token = await auth.add_user("alice")
    await auth.materials.add(token, MaterialKind.BGM, item_id="tune")
    with pytest.raises(NotFound, match="MATERIAL_NOT_FOUND: 素材不存在: tune"):
        await auth.materials.remove(token, MaterialKind.WORKS, item_id="tune")
    await auth.materials.remove(token, MaterialKind.BGM, item_id="tune")
    with pytest.raises(NotFound, match="MATERIAL_NOT_FOUND"):
        await auth.materials.remove(token, MaterialKind.BGM, item_id="tune")
    assert await _lists(auth, token) == {}
    assert (await auth.event_types()).count("MaterialRemoved") == 1


async def test_of_additions_at_once_each_is_kept_once(auth: Auth) -> None:
    token = await auth.add_user("alice")
    await asyncio.gather(*(auth.materials.add(token, MaterialKind.WORKS, item_id=f"w{turn % 4}") for turn in range(16)))
    assert sorted((await _lists(auth, token))[MaterialKind.WORKS]) == ["w0", "w1", "w2", "w3"]
    assert (await auth.event_types()).count("MaterialAdded") == 4


async def test_a_list_has_an_end(auth: Auth) -> None:
    token = await auth.add_user("alice")
    for number in range(0, MATERIALS_LIMIT, 50):
        turns = range(number, number + 50)
        await asyncio.gather(*(auth.materials.add(token, MaterialKind.WORKS, item_id=f"w{turn}") for turn in turns))
    with pytest.raises(Precondition, match="MATERIALS_FULL"):
        await auth.materials.add(token, MaterialKind.WORKS, item_id="one-more")
    await auth.materials.add(token, MaterialKind.WORKS, item_id="w0")
    await auth.materials.add(token, MaterialKind.VOICES, item_id="one-more")
    assert len((await _lists(auth, token))[MaterialKind.WORKS]) == MATERIALS_LIMIT


async def test_ids_that_cannot_be_and_users_who_may_not_are_refused(auth: Auth) -> None:
    token = await auth.add_user("alice")
    for item_id in ("", "x" * 201, "a\x00b"):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await auth.materials.add(token, MaterialKind.WORKS, item_id=item_id)
    await auth.freeze("alice")
    with pytest.raises(Forbidden, match="ACCOUNT_FROZEN"):
        await auth.materials.add(token, MaterialKind.WORKS, item_id="w")
