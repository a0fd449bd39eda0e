"""Cards on a whole stack: from a batch to what administrators find of it afterwards."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.stack.client import Client, client_of
from tests.stack.harness import Stack, stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


async def exported(running: Stack, admin: Client) -> str:
    headers = {"Authorization": f"Bearer {admin.token}"}
    url = f"{running.base_url}/api/cards/admin/export"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert response.status == 200
        return (await response.read()).decode("utf-8-sig")


async def test_a_card_from_its_batch_to_its_traces(tmp_path: Path) -> None:
    async with stack(tmp_path / "data", "--single-process") as running, client_of(running) as admin:
        await admin.login("admin", running.admin_password)
        body = {"package_key": "recharge_30", "quantity": 2, "batch_number": "-BATCH", "description": "新年活动卡密"}
        made = await admin.call("POST", "/api/cards/admin/generate", json=body)
        assert made.status == 200, made
        used, unused = made.body["cards"]
        async with client_of(running) as user:
            await user.register()
            activation = {"json": {"card_code": used.lower()}, "headers": {"Idempotency-Key": "k-1"}}
            first = await user.call("POST", "/api/cards/activate", **activation)
            assert (first.status, first.body["new_balance"]) == (200, 3100)
            assert await user.call("POST", "/api/cards/activate", **activation) == first
            assert await user.credits() == 3100
            mine = await user.call("GET", "/api/cards/my-transactions")
            assert [each["card_code"] for each in mine.body["transactions"]] == [used]
            account = (await user.call("GET", "/api/user/profile")).body["account"]
        for query in ({"q": account[2:]}, {"q": used[4:9]}, {"user_id": str(user.user_id)}):
            found = await admin.call("GET", "/api/search/transactions", params=query)
            assert [each["user_account"] for each in found.body["transactions"]] == [account], query
        found = await admin.call("GET", "/api/search/cards", params={"q": "batch", "status": "used"})
        assert [(each["card_code"], each["used_by_user"]) for each in found.body["cards"]] == [(used, account)]
        table = await exported(running, admin)
        assert table.count("\r\n") == 3
        assert f"{unused},未使用,recharge_30,30元充值,3100,30.0,'-BATCH,新年活动卡密" in table
        assert await running.stop() == 0
