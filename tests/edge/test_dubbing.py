"""The dubbing dialect: its envelope around successes and refusals, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import pytest
from aiohttp import web
from pydantic import Field, ValidationError

from edge.endpoint import Dialect, In, Success
from edge.errors import RequestRefused, public_domain_error
from edge.json_kinds import JsonKinds
from edge.reply import json_reply
from edge.validation import FieldWords, first_problem
from kit.errors import NotFound, TooLarge
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.common.v1 import error_reason_pb2 as reasons

ME = "/api/auth/me"


class Worded(In):
    """With words of its own for two of its fields."""

    words: ClassVar = {
        "status": FieldWords("status field is required", "Invalid status"),
        "amount": FieldWords(wrong="amount is wrong"),
    }

    status: Literal["active", "frozen"]
    amount: int = Field(ge=1)
    others: Sequence[str] = ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"amount": 1}, "status field is required"),
        ({"amount": 1, "status": None}, "status field is required"),
        ({"amount": 1, "status": "gone"}, "Invalid status"),
        ({"amount": 1, "status": 7}, "Invalid status"),
        ({"status": "active", "amount": 0}, "amount is wrong"),
        ({"status": "active"}, "缺少参数 amount"),
    ],
)
def test_an_endpoint_has_words_of_its_own(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Worded.model_validate(given)
    assert first_problem(refused.value, Worded.words) == words


def test_they_hold_for_wrong_kinds_of_json_too() -> None:
    with pytest.raises(RequestRefused, match="amount is wrong"):
        JsonKinds(Worded.model_json_schema()["properties"], Worded.words).check({"status": "active", "amount": "1"})


def test_words_of_a_refusal_may_tell_its_facts() -> None:
    reason = reasons.ERROR_REASON_FILE_TOO_LARGE
    error = TooLarge(reason, "文件过大", metadata={"limit_bytes": "512"})
    public = public_domain_error(error, Dialect.DUBBING, {reason: "more than {limit_bytes} bytes"})
    assert (public.status, public.message) == (400, "more than 512 bytes")
    other = NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "文件不存在")
    assert public_domain_error(other, Dialect.DUBBING, {reason: "x"}).message == "文件不存在"


@pytest.mark.parametrize("data", [None, [{"id": 1}], {"id": 1}])
def test_a_success_is_put_into_the_envelope(data: list[dict[str, object]] | None) -> None:
    reply = json_reply(data, Dialect.DUBBING, Success(201, "头像上传成功"))
    assert isinstance(reply, web.Response)
    assert reply.status == 201
    assert reply.text is not None
    assert '"code":201,"message":"头像上传成功","data":' in reply.text


async def test_me_of_an_account(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 7
    async with platform.client.get(ME, headers=platform.bearer()) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "GET", "/api/auth/me", nullable=("credits_expire_at", "last_login"))
    data = reply["data"]
    assert (data["username"], data["phone"], data["role"], data["status"]) == ("testuser", "", "user", "active")
    assert (data["uuid"], data["credits_balance"]) == (platform.user.uuid, 7)
    # 12:00 UTC of the fake clock, in Shanghai.
    assert data["created_at"] == "2026-01-01T20:00:00"


async def test_me_of_a_phone(platform: Platform) -> None:
    platform.user.phone = platform.user.account = "13800138000"
    async with platform.client.get(ME, headers=platform.bearer()) as response:
        data = (await response.json())["data"]
    assert (data["username"], data["phone"]) == ("", "13800138000")


async def test_refusals_have_the_envelope(platform: Platform) -> None:
    async with platform.client.get(ME) as response:
        assert (response.status, await response.json()) == (401, {"code": 401, "message": "未登录", "data": None})
