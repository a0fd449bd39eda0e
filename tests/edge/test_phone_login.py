"""Logins by phone through the whole edge."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kit.errors import RateLimited, Unavailable
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from tests.fakes.servicers_phones import FakePhones
from voxreel.auth.v1 import user_pb2
from voxreel.common.v1 import error_reason_pb2 as reasons

SEND, LOGIN, ME = "/api/auth/send-code", "/api/auth/login", "/api/auth/me"
PHONE = "13800138000"


async def post(platform: Platform, path: str, body: Mapping[str, object]) -> tuple[int, dict[str, object]]:
    async with platform.client.post(path, json=body) as response:
        return response.status, await response.json()


async def test_from_the_code_to_me(platform: Platform) -> None:
    status, sent = await post(platform, SEND, {"phone": PHONE, "purpose": "login"})
    assert status == 200
    same_shape(sent, "POST", "/api/auth/send-code")
    assert sent == {"code": 200, "message": "验证码发送成功", "data": {"phone": PHONE, "expires_in": 300}}
    assert platform.phones.addresses == ["127.0.0.1"]
    status, login = await post(platform, LOGIN, {"phone": PHONE, "code": FakePhones.CODE})
    assert (status, login["message"]) == (200, "登录成功")
    same_shape(login, "POST", "/api/auth/login")
    data = login["data"]
    assert isinstance(data, dict)
    assert (data["role"], data["is_new_user"], data["token_type"], data["expires_in"]) == ("user", True, "bearer", 3600)
    headers = {"Authorization": f"Bearer {data['access_token']}"}
    async with platform.client.get(ME, headers=headers) as response:
        assert (await response.json())["data"]["phone"] == PHONE
    # The same token reads the platform's profile.
    async with platform.client.get("/api/user/profile", headers=headers) as response:
        assert (await response.json())["account"] == PHONE


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (SEND, {}, "手机号不能为空"),
        (SEND, {"phone": "23800138000"}, "手机号格式不正确，应为1开头的11位数字"),
        (SEND, {"phone": "1380013800\u0660"}, "手机号格式不正确，应为1开头的11位数字"),
        (SEND, {"phone": 13800138000}, "手机号格式不正确，应为1开头的11位数字"),
        (SEND, {"phone": PHONE + "\n"}, "手机号格式不正确，应为1开头的11位数字"),
        (SEND, {"phone": PHONE, "purpose": "spam"}, "参数 purpose 只能是 login"),
        (LOGIN, {"phone": PHONE}, "验证码不能为空"),
        (LOGIN, {"phone": PHONE, "code": "12345"}, "验证码应为6位数字"),
        (LOGIN, {"phone": PHONE, "code": 123456}, "验证码应为6位数字"),
    ],
)
async def test_malformed_requests(platform: Platform, path: str, body: dict[str, object], message: str) -> None:
    assert await post(platform, path, body) == (400, {"code": 400, "message": message, "data": None})
    assert platform.phones.sent == {}


async def test_the_documented_refusals(platform: Platform) -> None:
    refused = {"code": 401, "message": "验证码错误或已过期", "data": None}
    assert await post(platform, LOGIN, {"phone": PHONE, "code": "123456"}) == (401, refused)
    frozen = platform.auth.add_user(PHONE, "")
    frozen.phone, frozen.status = PHONE, user_pb2.USER_STATUS_FROZEN
    await post(platform, SEND, {"phone": PHONE})
    refused = {"code": 403, "message": "账号已被冻结", "data": None}
    assert await post(platform, LOGIN, {"phone": PHONE, "code": FakePhones.CODE}) == (403, refused)


async def test_too_often_and_no_provider(platform: Platform) -> None:
    platform.phones.refusals.by_method["SendCode"] = RateLimited(
        reasons.ERROR_REASON_TOO_MANY_REQUESTS, "验证码发送过于频繁，请稍后再试", retry_after_s=42
    )
    async with platform.client.post(SEND, json={"phone": PHONE}) as response:
        assert (response.status, response.headers["Retry-After"]) == (400, "42")
        assert (await response.json())["message"] == "验证码发送过于频繁，请稍后再试"
    platform.phones.refusals.by_method["SendCode"] = Unavailable(
        reasons.ERROR_REASON_SMS_UNAVAILABLE, "短信发送失败，请稍后重试"
    )
    refused = {"code": 500, "message": "短信发送失败，请稍后重试", "data": None}
    assert await post(platform, SEND, {"phone": PHONE}) == (500, refused)
