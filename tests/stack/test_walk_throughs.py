"""The dubbing document's walk-throughs (its appendix D) on a whole stack, request by request."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import av
import pytest

from edge.contract.reader import documented_endpoints
from tests.edge.golden import same_shape
from tests.stack.client import Client, client_of
from tests.stack.harness import Stack, stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

_ZONE = ZoneInfo("Asia/Shanghai")
_YEAR = timedelta(days=365)
_A_MINUTE = timedelta(minutes=1)
_A_WHILE = aiohttp.ClientTimeout(total=120)


@dataclass(frozen=True, slots=True)
class Walk:
    """What one client asks, each reply compared with the document's example."""

    client: Client

    async def step(self, method: str, path: str, *, nullable: Collection[str] = (), **sent: Any) -> Any:
        """The `data` of a documented request, whose body is the document's own unless `json` is given."""
        documented = documented_endpoints()[(method, path)]
        if documented.request_examples:
            sent.setdefault("json", documented.request_examples[0])
        reply = await self.client.call(method, path, **sent)
        example: Any = documented.response_examples[0]
        assert (reply.status, reply.body["message"]) == (example["code"], example["message"]), reply
        same_shape(reply.body, method, path, nullable=nullable)
        return reply.body["data"]


def now() -> datetime:
    """As the documents show times."""
    return datetime.now(_ZONE).replace(tzinfo=None, microsecond=0)


async def arrive(user: Walk, running: Stack) -> str:
    """Scenario 1, steps 1 and 2: a code comes to the phone and its first use makes the user. Answers the phone."""
    sent = await user.step("POST", "/api/auth/send-code")
    messages = (running.data_dir / "outbox" / "sms.jsonl").read_text().splitlines()
    (code,) = [each["code"] for each in map(json.loads, messages) if each["phone"] == sent["phone"]]
    came = await user.step("POST", "/api/auth/login", json={"phone": sent["phone"], "code": code})
    assert (came["is_new_user"], came["role"]) == (True, "user")
    user.client.token = came["access_token"]
    me = await user.step("GET", "/api/auth/me", nullable=("credits_expire_at",))
    assert (me["phone"], me["credits_balance"], me["credits_expire_at"]) == (sent["phone"], 0, None)
    profile = await user.client.call("GET", "/api/user/profile")
    user.client.user_id = profile.body["id"]
    phone: str = sent["phone"]
    assert profile.body["account"] == phone
    return phone


async def gain_credits(user: Walk, admin: Walk) -> None:
    """Scenario 1, step 3: an invite code, which an administrator has made before."""
    made = await admin.step("GET", "/api/admin/invite-codes/generate")
    used = await user.step("POST", "/api/auth/use-invite-code", json={"invite_code": made["code"].lower()})
    assert (used["credits_added"], used["new_balance"]) == (1000, 1000)
    assert abs(datetime.fromisoformat(used["expires_at"]) - now() - _YEAR) < _A_MINUTE
    balance = await user.step("GET", "/api/credits/balance")
    assert balance == {"balance": 1000, "total_earned": 1000, "total_spent": 0, "expires_at": used["expires_at"]}
    again = await user.client.call("POST", "/api/auth/use-invite-code", json={"invite_code": made["code"]})
    assert (again.status, again.body) == (400, {"code": 400, "message": "邀请码已被使用", "data": None})
    me = await user.step("GET", "/api/auth/me")
    assert (me["credits_balance"], me["credits_expire_at"]) == (1000, used["expires_at"])
    (entry,) = (await user.step("GET", "/api/credits/transactions"))["items"]
    assert (entry["amount"], entry["balance_after"]) == (1000, 1000)
    assert (entry["transaction_type"], entry["description"]) == ("invite_code", f"使用邀请码: {made['code']}")


async def check_administration(user: Walk, admin: Walk, phone: str) -> None:
    """What administrators see of it, and what they add."""
    user_id = user.client.user_id
    (invite,) = await admin.step("GET", "/api/admin/invite-codes")
    assert (invite["status"], invite["used_by_id"]) == ("used", user_id)
    head = await admin.client.status("HEAD", "/api/admin/invite-codes/generate")
    assert (head, len(await admin.step("GET", "/api/admin/invite-codes"))) == (400, 1)
    today = f"{now():%Y/%m/%d}"
    for query in ({"keyword": phone[1:]}, {"keyword": str(user_id)}, {"start_date": today, "end_date": today}):
        found = await admin.step("GET", "/api/admin/transactions", params=query)
        assert [(each["uid"], each["description"], each["credits_change"]) for each in found["items"]] == [
            (user_id, "邀请注册", "+1000 pts")
        ], query
    nobody = await admin.step("GET", "/api/admin/transactions", params={"keyword": "nobody"})
    assert (nobody["items"], nobody["total"]) == ([], 0)
    recharged = await admin.step(
        "POST", "/api/admin/credits/recharge", json={"user_id": user_id, "amount": 500, "validity_days": 400}
    )
    (newest, _) = (await admin.step("GET", "/api/admin/credits/transactions", params={"user_id": user_id}))["items"]
    assert newest == {**recharged, "username": phone}
    assert recharged["description"] == "管理员充值"
    balance = await user.step("GET", "/api/credits/balance")
    assert (balance["balance"], balance["total_earned"]) == (1500, 1500)
    assert abs(datetime.fromisoformat(balance["expires_at"]) - now() - timedelta(days=400)) < _A_MINUTE


async def test_a_new_user_comes_by_phone_and_gains_credits(tmp_path: Path) -> None:
    async with (
        stack(tmp_path / "data", "--single-process") as running,
        client_of(running) as administrator,
        client_of(running) as newcomer,
    ):
        await administrator.login("admin", running.admin_password)
        user, admin = Walk(newcomer), Walk(administrator)
        phone = await arrive(user, running)
        await gain_credits(user, admin)
        await check_administration(user, admin, phone)
        assert await running.stop() == 0


async def speak(user: Walk) -> bytes:
    """Scenario 1, steps 4 to 6: a voice of the catalogue speaks, and the piece is in the history. Answers the audio."""
    listed = await user.step("GET", "/api/voices/templates", params={"page": 1, "page_size": 20})
    template_id = listed["items"][0]["id"]
    order = {"text_content": "你好，欢迎使用配音服务", "voice_template_id": template_id, "emo_control_method": 0}
    sent = {"json": {**order, "speed": 1.0}, "headers": {"Idempotency-Key": "first"}, "timeout": _A_WHILE}
    made = await user.step("POST", "/api/synthesis/generate", **sent)
    assert (made["credits_used"], made["quality"]) == (10, "native")
    again = await user.step("POST", "/api/synthesis/generate", **sent)
    assert {**again, "audio_url": ""} == {**made, "audio_url": ""}
    (piece,) = (await user.step("GET", "/api/history", nullable=("custom_voice_id",)))["items"]
    assert (piece["id"], piece["voice_template_id"], piece["credits_used"]) == (made["id"], template_id, 10)
    await user.client.wait_settled(available=990)
    (entry, _) = (await user.step("GET", "/api/credits/transactions"))["items"]
    assert (entry["transaction_type"], entry["amount"]) == ("voice_synthesis", -10)
    return await heard(user, made)


async def speak_in_a_voice_of_ones_own(user: Walk, sample: bytes) -> None:
    """Scenario 2: one recording is the voice, another one shows the emotion."""
    text = {"text_content": "你怎么能这样！", "voice_template_id": 1}
    angry = {**text, "emo_control_method": 2, "emo_vec": [0, 1, 0, 0, 0, 0, 0, 0]}
    shown = await user.step("POST", "/api/synthesis/generate", json=angry, timeout=_A_WHILE)
    assert (shown["quality"], shown["emo_vec_used"][1]) == ("approximate", pytest.approx(0.8))
    voice = await user.step("POST", "/api/voices/custom", data=form(sample, name="我的声音"))
    recording = await heard(user, shown)
    reference = await user.step("POST", "/api/synthesis/upload-emotion-reference", data=form(recording))
    assert reference["md5"] == hashlib.md5(recording, usedforsecurity=False).hexdigest()
    order = {
        "text_content": "今天天气真好",
        "custom_voice_id": voice["id"],
        "emo_control_method": 1,
        "emo_audio": reference["emo_audio_identifier"],
        "emo_weight": 1.2,
        "speed": 1.0,
    }
    made = await user.step("POST", "/api/synthesis/generate", json=order, timeout=_A_WHILE)
    assert (made["credits_used"], made["quality"], made["emo_weight_used"]) == (6, "approximate", 1)
    assert len(await heard(user, made)) == made["file_size"]
    newest = (await user.step("GET", "/api/history", nullable=("voice_template_id", "custom_voice_id")))["items"][0]
    assert (newest["custom_voice_id"], newest["emotion_control_type"]) == (voice["id"], "emotion_reference")


async def heard(user: Walk, made: Any) -> bytes:
    """The audio behind the link of a piece, which anybody can fetch who has it."""
    async with aiohttp.ClientSession(user.client.base_url) as session, session.get(made["audio_url"]) as response:
        assert (response.status, response.content_type) == (200, "audio/mpeg")
        sound = await response.read()
    with av.open(io.BytesIO(sound)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(made["duration"], abs=0.1)
    return sound


def form(recording: bytes, **texts: str) -> aiohttp.FormData:
    """An upload."""
    fields = aiohttp.FormData(texts)
    fields.add_field("audio_file", recording, filename="recording.mp3", content_type="audio/mpeg")
    return fields


@pytest.mark.model
async def test_both_walk_throughs_to_speech_one_can_hear(tmp_path: Path) -> None:
    async with (
        stack(tmp_path / "data", "--single-process") as running,
        client_of(running) as administrator,
        client_of(running) as newcomer,
    ):
        await administrator.login("admin", running.admin_password)
        user = Walk(newcomer)
        await arrive(user, running)
        await gain_credits(user, Walk(administrator))
        sample = await speak(user)
        await speak_in_a_voice_of_ones_own(user, sample)
        assert await running.stop() == 0
