"""How codes leave: to Alibaba Cloud, signed, or into a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from kit.errors import Unavailable
from kit.ids import RandomIds
from services.auth.config import SmsSettings
from services.auth.domain.phones import Phone
from services.auth.sms.acs3 import AccessKey
from services.auth.sms.aliyun import AliyunAccount, AliyunSms
from services.auth.sms.outbox_file import OutboxFile
from tests.fakes.aliyun import FakeAliyun
from tests.fakes.clock import FakeClock
from tests.ports import free_port

PHONE, SECRET = Phone("13800138000"), "the-secret-of-tests"


def account(endpoint: str, secret: str = SECRET) -> AliyunAccount:
    return AliyunAccount(
        AccessKey("LTAI-tests", secret),
        sign_name="配音 平台",
        template_code="SMS_1",
        template_variable="code",
        endpoint=endpoint,
    )


@asynccontextmanager
async def sending(secret: str = SECRET) -> AsyncIterator[tuple[FakeAliyun, AliyunSms]]:
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(FakeAliyun({"LTAI-tests": SECRET}).serving())
        sms = AliyunSms(account(provider.endpoint, secret), clock=FakeClock(), ids=RandomIds())
        yield provider, await stack.enter_async_context(sms)


async def test_a_signed_message_is_taken() -> None:
    async with sending() as (provider, sms):
        await sms.send(PHONE, "012345")
        await sms.send(PHONE, "543210")
    first, second = provider.messages
    assert first == {
        "PhoneNumbers": PHONE,
        "SignName": "配音 平台",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"code":"012345"}',
    }
    assert json.loads(second["TemplateParam"]) == {"code": "543210"}


async def test_a_wrong_secret_is_refused() -> None:
    async with sending("another secret") as (provider, sms):
        with capture_logs() as logs, pytest.raises(Unavailable, match="SMS_UNAVAILABLE: 短信发送失败"):
            await sms.send(PHONE, "012345")
    assert provider.messages == []
    assert [entry["code"] for entry in logs] == ["SignatureDoesNotMatch"]


@pytest.mark.parametrize(
    ("reply", "status"),
    [({"Code": "isv.BUSINESS_LIMIT_CONTROL"}, 200), ({"Message": "?"}, 500), ([], 200), ({"Code": 7}, 200)],
)
async def test_a_message_that_is_not_taken(reply: Mapping[str, object], status: int) -> None:
    async with sending() as (provider, sms):
        provider.reply, provider.status = reply, status
        with capture_logs() as logs, pytest.raises(Unavailable):
            await sms.send(PHONE, "012345")
    assert "012345" not in str(logs)
    assert PHONE not in str(logs)


async def test_a_provider_that_is_away() -> None:
    sms = AliyunSms(account(f"http://127.0.0.1:{free_port()}"), clock=FakeClock(), ids=RandomIds())
    async with sms:
        with capture_logs() as logs, pytest.raises(Unavailable):
            await sms.send(PHONE, "012345")
    assert "012345" not in str(logs)


async def test_the_outbox_has_a_line_for_each_message(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "sms.jsonl"
    outbox = OutboxFile(path, FakeClock())
    await asyncio.gather(*(outbox.send(PHONE, f"{number:06}") for number in range(20)))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(line["code"] for line in lines) == [f"{number:06}" for number in range(20)]
    assert lines[0].keys() == {"phone", "code", "sent_at"}
    assert (lines[0]["phone"], lines[0]["sent_at"]) == (PHONE, "2026-01-01T12:00:00+00:00")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_provider_needs_all_its_settings() -> None:
    with pytest.raises(ValueError, match="aliyun needs"):
        SmsSettings(provider="aliyun", access_key_id="LTAI")
