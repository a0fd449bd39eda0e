"""Webhooks. The documents have none."""

from __future__ import annotations

from typing import Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

EventName = Literal["task.succeeded", "task.failed", "task.cancelled"]


class WebhookIn(In):
    url: str = Field(min_length=1, max_length=2048, description="接收地址，必须以 https:// 开头")
    events: list[EventName] | None = Field(
        default=None, min_length=1, max_length=3, description="要接收的事件，不填为全部"
    )


class WebhookIdIn(In):
    webhook_id: str = Field(min_length=1, max_length=64)


class DeliveriesIn(WebhookIdIn):
    limit: int = Field(default=50, ge=1, le=100, description="最多返回多少条，最新的在前")


class WebhookOut(TypedDict):
    id: str
    url: str
    events: list[str]
    status: str
    disabled_reason: str | None
    failing_since: str | None
    old_secret_expires_at: str | None
    created_at: str
    updated_at: str
    secret: NotRequired[str]


class WebhooksOut(TypedDict):
    webhooks: list[WebhookOut]
    total: int


class WebhookDeletedOut(TypedDict):
    message: str
    webhook_id: str


class DeliveryOut(TypedDict):
    id: str
    event: str
    task_id: str
    status: str
    attempts: int
    response_status: int | None
    error_message: str | None
    created_at: str
    last_attempt_at: str | None
    next_attempt_at: str | None


class DeliveriesOut(TypedDict):
    webhook_id: str
    deliveries: list[DeliveryOut]
