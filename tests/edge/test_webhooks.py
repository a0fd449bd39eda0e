"""Webhooks through the whole edge."""

from __future__ import annotations

from typing import Any

from tests.edge.platform import Platform
from voxreel.auth.v1 import user_pb2
from voxreel.auth.v1 import webhook_service_pb2 as pb

HOOK = {"url": "https://hook.example/in", "events": ["task.succeeded"]}


async def call(
    platform: Platform, method: str, path: str, *, user: user_pb2.User | None = None, body: object = None
) -> tuple[int, Any]:
    headers = platform.bearer(user)
    async with platform.client.request(method, f"/api/webhooks{path}", headers=headers, json=body) as response:
        return response.status, await response.json()


async def test_a_webhook_is_made_shown_rotated_and_deleted(platform: Platform) -> None:
    status, made = await call(platform, "POST", "", body=HOOK)
    assert (status, made["secret"].startswith("whsec_")) == (200, True)
    shown = {key: value for key, value in made.items() if key != "secret"}
    assert shown == {
        "id": made["id"],
        **HOOK,
        "status": "active",
        "disabled_reason": None,
        "failing_since": None,
        "old_secret_expires_at": None,
        "created_at": "2026-01-01T20:00:00",
        "updated_at": "2026-01-01T20:00:00",
    }
    assert await call(platform, "GET", "") == (200, {"webhooks": [shown], "total": 1})
    path = f"/{made['id']}"
    status, rotated = await call(platform, "POST", f"{path}/rotate-secret")
    assert status == 200 and rotated["secret"] not in ("", made["secret"])
    assert rotated["old_secret_expires_at"] == "2026-01-01T20:00:00"
    assert await call(platform, "DELETE", path) == (200, {"message": "Webhook 已删除", "webhook_id": made["id"]})
    assert await call(platform, "DELETE", path) == (404, {"detail": f"Webhook 不存在: {made['id']}"})


async def test_why_it_is_not_called_is_shown_and_it_is_called_again(platform: Platform) -> None:
    _, made = await call(platform, "POST", "", body=HOOK)
    kept = platform.webhooks.by_id[made["id"]]
    kept.webhook.disabled_reason = "接收方返回 410，已停用"
    kept.webhook.failing_since_time.CopyFrom(kept.webhook.create_time)
    _, listed = await call(platform, "GET", "")
    (shown,) = listed["webhooks"]
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "接收方返回 410，已停用")
    assert shown["failing_since"] == "2026-01-01T20:00:00"
    status, enabled = await call(platform, "POST", f"/{made['id']}/enable")
    assert (status, enabled["status"]) == (200, "active")


async def test_deliveries_say_how_they_went(platform: Platform) -> None:
    _, made = await call(platform, "POST", "", body=HOOK)
    kept = platform.webhooks.by_id[made["id"]]
    delivery = pb.WebhookDelivery(
        id="msg_1",
        event="task.succeeded",
        task_id="tts_1",
        state=pb.WEBHOOK_DELIVERY_STATE_PENDING,
        attempts=1,
        status_code=500,
        error_message="接收方未返回 2xx",
        create_time=kept.webhook.create_time,
        attempt_time=kept.webhook.create_time,
        next_attempt_time=kept.webhook.create_time,
    )
    fresh = pb.WebhookDelivery(
        id="msg_0", event="task.succeeded", task_id="tts_0", state=pb.WEBHOOK_DELIVERY_STATE_DELIVERED, attempts=1
    )
    fresh.create_time.CopyFrom(kept.webhook.create_time)
    kept.deliveries += [delivery, fresh]
    status, log = await call(platform, "GET", f"/{made['id']}/deliveries")
    assert (status, log["webhook_id"]) == (200, made["id"])
    first, second = log["deliveries"]
    assert first == {
        "id": "msg_1",
        "event": "task.succeeded",
        "task_id": "tts_1",
        "status": "pending",
        "attempts": 1,
        "response_status": 500,
        "error_message": "接收方未返回 2xx",
        "created_at": "2026-01-01T20:00:00",
        "last_attempt_at": "2026-01-01T20:00:00",
        "next_attempt_at": "2026-01-01T20:00:00",
    }
    assert (second["status"], second["response_status"], second["next_attempt_at"]) == ("delivered", None, None)
    assert len((await call(platform, "GET", f"/{made['id']}/deliveries?limit=1"))[1]["deliveries"]) == 1


async def test_what_is_wrong_is_refused_and_strangers_find_nothing(platform: Platform) -> None:
    for body in ({}, {"url": 5}, {**HOOK, "events": []}, {**HOOK, "events": ["task.started"]}):
        assert (await call(platform, "POST", "", body=body))[0] == 422, body
    status, reply = await call(platform, "POST", "", body={"url": "http://hook.example/"})
    assert (status, "https" in reply["detail"]) == (400, True)
    _, made = await call(platform, "POST", "", body=HOOK)
    for method, path in (("DELETE", ""), ("POST", "/enable"), ("POST", "/rotate-secret"), ("GET", "/deliveries")):
        assert (await call(platform, method, f"/{made['id']}{path}", user=platform.admin))[0] == 404
