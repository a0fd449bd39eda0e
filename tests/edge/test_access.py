"""Who gets in: tokens of every kind at every kind of endpoint."""

from __future__ import annotations

import pytest

from kit.clock import SystemClock
from tests.edge.platform import Platform
from tests.fakes.tokens import FakeTokens

PROFILE = "/api/user/profile"


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (None, "未登录"),
        ("", "未登录"),
        ("Basic dXNlcjpwYXNz", "令牌无效"),
        ("Bearer", "令牌无效"),
        ("Bearer  ", "令牌无效"),
        ("Bearer garbage", "令牌无效"),
        ("Bearer a.b.c", "令牌无效"),
        ("Bearer 令牌", "令牌无效"),
    ],
)
async def test_no_usable_token(platform: Platform, header: str | None, detail: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with platform.client.get(PROFILE, headers=headers) as response:
        assert (response.status, await response.json()) == (401, {"detail": detail})
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_expired_token(platform: Platform) -> None:
    token = platform.tokens.issue(platform.user.id, lifetime_s=-1)
    async with platform.client.get(PROFILE, headers={"Authorization": f"Bearer {token}"}) as response:
        assert (response.status, await response.json()) == (401, {"detail": "登录已过期，请重新登录"})


async def test_token_signed_by_a_stranger(platform: Platform) -> None:
    token = FakeTokens(SystemClock()).issue(platform.admin.id, is_admin=True)
    async with platform.client.get(PROFILE, headers={"Authorization": f"Bearer {token}"}) as response:
        assert (response.status, await response.json()) == (401, {"detail": "令牌无效"})


async def test_token_of_an_unknown_key_makes_the_edge_ask_for_keys_but_not_each_time(platform: Platform) -> None:
    platform.keys.refusals.calls.clear()
    for number in range(5):
        token = platform.tokens.issue(platform.user.id, key_id=f"unknown-{number}")
        async with platform.client.get(PROFILE, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 401
    assert 1 <= len(platform.keys.refusals.calls) <= 2


async def test_the_scheme_is_read_without_case(platform: Platform) -> None:
    token = platform.auth.token_of(platform.user)
    async with platform.client.get(PROFILE, headers={"Authorization": f"bearer {token}"}) as response:
        assert response.status == 200


async def test_a_stale_token_does_not_keep_from_public_endpoints(platform: Platform) -> None:
    stale = platform.tokens.issue(platform.user.id, lifetime_s=-1)
    body = {"account": "testuser", "password": "password123"}
    headers = {"Authorization": f"Bearer {stale}"}
    async with platform.client.post("/api/user/login", json=body, headers=headers) as response:
        assert response.status == 200
    assert platform.auth.refusals.last("Login").access_token == ""


async def test_a_public_endpoint_passes_a_good_token_on(platform: Platform) -> None:
    async with platform.client.get("/api/tts/voices", headers=platform.bearer()) as response:
        assert response.status == 200
    principal = platform.speech.refusals.last("ListClonedVoices").principal
    assert principal is not None
    assert principal.account == "testuser"
