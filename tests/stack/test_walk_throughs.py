"""The dubbing document's walk-throughs (its appendix D) on a whole stack, request by request."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.contract.reader import documented_endpoints
from tests.edge.golden import same_shape
from tests.stack.client import Client, client_of
from tests.stack.harness import Stack, stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

_ZONE = ZoneInfo("Asia/Shanghai")
_YEAR = timedelta(days=365)
_A_MINUTE = timedelta(minutes=1)


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
