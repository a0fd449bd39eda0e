"""Recharging by an administrator."""

from __future__ import annotations

from tests.edge.golden import same_shape
from tests.edge.platform import Platform

DOCUMENTED = "/api/user/admin/users/{user_id}/credits/recharge"


def _path(user_id: int) -> str:
    return DOCUMENTED.format(user_id=user_id)


async def test_recharge_is_answered_as_documented(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 150
    query = {"amount": "1000", "description": "客服补偿积分"}
    async with platform.client.post(
        _path(platform.user.id), params=query, headers=platform.bearer(platform.admin)
    ) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "POST", DOCUMENTED)
    assert (reply["balance_before"], reply["balance_after"]) == (150, 1150)
    assert (reply["user_account"], reply["recharged_by"]) == ("testuser", "admin")
    assert reply["description"] == "客服补偿积分"


async def test_description_has_the_documented_default(platform: Platform) -> None:
    async with platform.client.post(
        _path(platform.user.id), params={"amount": "1"}, headers=platform.bearer(platform.admin)
    ) as response:
        assert (await response.json())["description"] == "管理员手动充值"


async def test_the_same_key_recharges_once(platform: Platform) -> None:
    headers = {**platform.bearer(platform.admin), "Idempotency-Key": "bonus-2026"}
    replies = []
    for _ in range(3):
        async with platform.client.post(_path(platform.user.id), params={"amount": "5"}, headers=headers) as response:
            replies.append(await response.json())
    assert replies[0] == replies[1] == replies[2]
    assert platform.ledger.balances[platform.user.id] == 5


async def test_the_same_key_with_another_amount_is_refused(platform: Platform) -> None:
    headers = {**platform.bearer(platform.admin), "Idempotency-Key": "bonus-2026"}
    path = _path(platform.user.id)
    async with platform.client.post(path, params={"amount": "5"}, headers=headers) as response:
        assert response.status == 200
    async with platform.client.post(path, params={"amount": "6"}, headers=headers) as response:
        assert response.status == 400
        assert response.headers["X-Error-Reason"] == "IDEMPOTENCY_KEY_REUSED"
    assert platform.ledger.balances[platform.user.id] == 5


async def test_without_a_key_each_request_counts(platform: Platform) -> None:
    for _ in range(2):
        async with platform.client.post(
            _path(platform.user.id), params={"amount": "5"}, headers=platform.bearer(platform.admin)
        ) as response:
            assert response.status == 200
    assert platform.ledger.balances[platform.user.id] == 10


async def test_users_may_not_recharge(platform: Platform) -> None:
    async with platform.client.post(
        _path(platform.user.id), params={"amount": "5"}, headers=platform.bearer()
    ) as response:
        assert (response.status, await response.json()) == (403, {"detail": "需要管理员权限"})
    assert platform.ledger.balances == {}


async def test_unknown_user(platform: Platform) -> None:
    async with platform.client.post(
        _path(999), params={"amount": "5"}, headers=platform.bearer(platform.admin)
    ) as response:
        assert (response.status, await response.json()) == (404, {"detail": "用户不存在: 999"})
