"""Logins by phone over gRPC, with the codes that the service wrote to its outbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.errors import Invalid, RateLimited, Unauthenticated
from tests.rpc.auth.conftest import AuthService, calling_as
from voxreel.auth.v1 import phone_service_pb2 as pb
from voxreel.auth.v1 import user_service_pb2 as users

PHONE, HOME = "13800138000", "198.51.100.7"


def last_code(folder: Path) -> str:
    line = json.loads((folder / "outbox" / "sms.jsonl").read_text().splitlines()[-1])
    assert line["phone"] == PHONE
    code = line["code"]
    assert isinstance(code, str)
    return code


async def test_from_the_code_to_the_profile(auth: AuthService) -> None:
    sent = await auth.phones.SendCode(pb.SendCodeRequest(phone=PHONE, client_address=HOME))
    assert sent.expires_in.seconds == 300
    with pytest.raises(RateLimited, match="TOO_MANY_REQUESTS"):
        await auth.phones.SendCode(pb.SendCodeRequest(phone=PHONE, client_address=HOME))
    code = last_code(auth.database_path.parent)
    request = pb.LoginByPhoneRequest(phone=PHONE, code=code, client_address=HOME)
    login = await auth.phones.LoginByPhone(request)
    assert (login.is_new_user, login.user.account, login.user.phone) == (True, PHONE, PHONE)
    assert (login.expires_in.seconds, bool(login.refresh_token)) == (3600, True)
    with calling_as(login.access_token):
        user = (await auth.users.GetProfile(users.GetProfileRequest())).user
    assert (user.id, user.phone) == (login.user.id, PHONE)
    with pytest.raises(Unauthenticated, match="PHONE_CODE_INVALID: 验证码错误或已过期"):
        await auth.phones.LoginByPhone(request)


async def test_what_is_no_phone(auth: AuthService) -> None:
    with pytest.raises(Invalid, match="FIELD_INVALID: 手机号格式不正确"):
        await auth.phones.SendCode(pb.SendCodeRequest(phone="12345"))
