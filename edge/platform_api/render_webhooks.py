"""Webhooks as their owners see them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge.display import DisplayTimes
from edge.platform_api.models.webhooks import DeliveryOut, WebhookOut
from voxreel.auth.v1 import webhook_service_pb2 as messages

_STATES: Mapping[int, str] = MappingProxyType(
    {
        messages.WEBHOOK_DELIVERY_STATE_PENDING: "pending",
        messages.WEBHOOK_DELIVERY_STATE_DELIVERED: "delivered",
        messages.WEBHOOK_DELIVERY_STATE_FAILED: "failed",
    }
)


def shown_webhook(webhook: messages.Webhook, times: DisplayTimes) -> WebhookOut:
    """Without its secret."""
    has_former = webhook.HasField("former_secret_expire_time")
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "status": "disabled" if webhook.disabled_reason else "active",
        "disabled_reason": webhook.disabled_reason or None,
        "failing_since": times.stamp(webhook.failing_since_time) if webhook.HasField("failing_since_time") else None,
        "old_secret_expires_at": times.stamp(webhook.former_secret_expire_time) if has_former else None,
        "created_at": times.stamp(webhook.create_time),
        "updated_at": times.stamp(webhook.update_time),
    }


def shown_delivery(delivery: messages.WebhookDelivery, times: DisplayTimes) -> DeliveryOut:
    """One message and how its last attempt went."""
    is_due = delivery.HasField("next_attempt_time")
    return {
        "id": delivery.id,
        "event": delivery.event,
        "task_id": delivery.task_id,
        "status": _STATES.get(delivery.state, "pending"),
        "attempts": delivery.attempts,
        "response_status": delivery.status_code or None,
        "error_message": delivery.error_message or None,
        "created_at": times.stamp(delivery.create_time),
        "last_attempt_at": times.stamp(delivery.attempt_time) if delivery.HasField("attempt_time") else None,
        "next_attempt_at": times.stamp(delivery.next_attempt_time) if is_due else None,
    }
