"""Accounts, tokens and profiles through the whole edge."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.edge.golden import same_shape
from tests.edge.platform import Platform, open_platform


async def test_a_new_account_is_answered_as_documented(platform: Platform) -> None:
    body = {"account": "newcomer", "password": "password123", "confirm_password": "password123"}
    async with platform.client.post("/api/user/register", json=body) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "POST", "/api/user/register")
    assert (reply["account"], reply["credits"], reply["last_login_at"]) == ("newcomer", 0, None)
    # 12:00 UTC of the fake clock, in Shanghai.
    assert reply["created_at"] == "2026-01-01T20:00:00"


async def test_passwords_must_match(platform: Platform) -> None:
    body = {"account": "newcomer", "password": "password123", "confirm_password": "password124"}
    async with platform.client.post("/api/user/register", json=body) as response:
        assert (response.status, await response.json()) == (400, {"detail": "两次输入的密码不一致"})
    assert "newcomer" not in platform.auth.passwords


async def test_a_taken_account_is_a_conflict(platform: Platform) -> None:
    body = {"account": "testuser", "password": "password123", "confirm_password": "password123"}
    async with platform.client.post("/api/user/register", json=body) as response:
        assert (response.status, await response.json()) == (409, {"detail": "该账号已被注册"})


async def test_login_opens_a_session_that_reads_the_profile(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 100
    async with platform.client.post(
        "/api/user/login", json={"account": "testuser", "password": "password123"}
    ) as response:
        login = await response.json()
    same_shape(login, "POST", "/api/user/login")
    assert (login["token_type"], login["expires_in"]) == ("bearer", 3600)
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    async with platform.client.get("/api/user/profile", headers=headers) as response:
        profile = await response.json()
    same_shape(profile, "GET", "/api/user/profile")
    assert (profile["id"], profile["credits"], profile["is_active"]) == (platform.user.id, 100, True)
    assert profile["last_login_at"] == "2026-01-01T20:00:00"


async def test_profile_lists_materials(platform: Platform) -> None:
    platform.user.materials.works.extend(["file_123", "file_456"])
    platform.user.materials.bgm.append("bgm_303")
    async with platform.client.get("/api/user/profile/", headers=platform.bearer()) as response:
        profile = await response.json()
    assert (profile["works"], profile["bgm_materials"]) == (["file_123", "file_456"], ["bgm_303"])


async def test_refresh_answers_a_usable_token(platform: Platform) -> None:
    platform.auth.refresh_tokens["r-1"] = platform.user.id
    async with platform.client.post("/api/user/refresh", json={"refresh_token": "r-1"}) as response:
        reply = await response.json()
    same_shape(reply, "POST", "/api/user/refresh")
    headers = {"Authorization": f"Bearer {reply['access_token']}"}
    async with platform.client.get("/api/user/profile", headers=headers) as response:
        assert response.status == 200


async def test_password_change(platform: Platform) -> None:
    body = {"current_password": "password123", "new_password": "another-password"}
    async with platform.client.put("/api/user/password", json=body, headers=platform.bearer()) as response:
        reply = await response.json()
        assert (response.status, reply) == (200, {"message": "密码修改成功"})
    same_shape(reply, "PUT", "/api/user/password")
    assert platform.auth.passwords["testuser"] == "another-password"


async def test_wrong_current_password_is_a_rule_broken_not_a_lost_session(platform: Platform) -> None:
    body = {"current_password": "wrong", "new_password": "another-password"}
    async with platform.client.put("/api/user/password", json=body, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (400, {"detail": "当前密码不正确"})


async def test_profile_asks_both_services_with_the_users_token_and_the_request_id(platform: Platform) -> None:
    headers = {**platform.bearer(), "X-Request-Id": "req-42"}
    async with platform.client.get("/api/user/profile", headers=headers) as response:
        assert response.headers["X-Request-Id"] == "req-42"
    for refusals, method in ((platform.auth.refusals, "GetProfile"), (platform.ledger.refusals, "GetBalance")):
        call = refusals.last(method)
        assert (call.request_id, call.caller) == ("req-42", "edge")
        assert call.principal is not None
        assert call.principal.user_id == platform.user.id


async def test_client_address_is_the_peers_unless_proxies_are_trusted(platform: Platform) -> None:
    body = {"account": "testuser", "password": "password123"}
    headers = {"X-Forwarded-For": "203.0.113.9"}
    async with platform.client.post("/api/user/login", json=body, headers=headers) as response:
        assert response.status == 200
    assert platform.auth.addresses == ["127.0.0.1"]


async def test_client_address_behind_a_trusted_proxy(tmp_path: Path) -> None:
    async with open_platform(tmp_path, trusted_proxies=1) as platform:
        body = {"account": "testuser", "password": "password123"}
        headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
        async with platform.client.post("/api/user/login", json=body, headers=headers) as response:
            assert response.status == 200
        assert platform.auth.addresses == ["203.0.113.9"]


async def test_profiles_asked_for_at_once_do_not_mix(platform: Platform) -> None:
    platform.ledger.balances.update({platform.user.id: 1, platform.admin.id: 2})

    async def read(headers: dict[str, str]) -> tuple[str, int]:
        async with platform.client.get("/api/user/profile", headers=headers) as response:
            reply = await response.json()
            return reply["account"], reply["credits"]

    mine, theirs = platform.bearer(), platform.bearer(platform.admin)
    answers = await asyncio.gather(*(read(mine if turn % 2 else theirs) for turn in range(40)))
    assert answers == [("testuser", 1) if turn % 2 else ("admin", 2) for turn in range(40)]
