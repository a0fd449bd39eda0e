"""Webhooks as messages, and what their owners read of their failures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kit.rpc.times import timestamp_of
from services.auth.domain.webhooks import Delivery, DeliveryError, DeliveryState, DisabledFor, Webhook
from voxreel.auth.v1 import webhook_service_pb2 as pb

_REASONS: Mapping[DisabledFor, str] = MappingProxyType(
    {
        DisabledFor.NOTHING: "",
        DisabledFor.GONE: "接收方返回 410，已停用",
        DisabledFor.FAILING: "连续 3 天无法送达，已停用",
    }
)
_ERRORS: Mapping[DeliveryError, str] = MappingProxyType(
    {
        DeliveryError.NOTHING: "",
        DeliveryError.REFUSED_ADDRESS: "地址不允许访问",
        DeliveryError.UNREACHABLE: "无法连接接收方",
        DeliveryError.TIMEOUT: "接收方响应超时",
        DeliveryError.REDIRECT: "接收方返回重定向，不予跟随",
        DeliveryError.STATUS: "接收方未返回 2xx",
    }
)
_STATES: Mapping[DeliveryState, pb.WebhookDeliveryState.ValueType] = MappingProxyType(
    {
        DeliveryState.PENDING: pb.WEBHOOK_DELIVERY_STATE_PENDING,
        DeliveryState.DELIVERED: pb.WEBHOOK_DELIVERY_STATE_DELIVERED,
        DeliveryState.FAILED: pb.WEBHOOK_DELIVERY_STATE_FAILED,
    }
)


def webhook_to_proto(webhook: Webhook) -> pb.Webhook:
    former_until = webhook.secrets.former_expire_time
    return pb.Webhook(
        id=webhook.id,
        url=webhook.url,
        events=sorted(webhook.events),
        disabled_reason=_REASONS[webhook.disabled_for],
        failing_since_time=None if webhook.failing_since is None else timestamp_of(webhook.failing_since),
        former_secret_expire_time=None if former_until is None else timestamp_of(former_until),
        create_time=timestamp_of(webhook.create_time),
        update_time=timestamp_of(webhook.update_time),
    )


def delivery_to_proto(delivery: Delivery) -> pb.WebhookDelivery:
    is_pending = delivery.state is DeliveryState.PENDING
    return pb.WebhookDelivery(
        id=delivery.id,
        event=delivery.event.value,
        task_id=delivery.task_id,
        state=_STATES[delivery.state],
        attempts=delivery.attempts,
        status_code=delivery.status_code,
        error_message=_ERRORS[delivery.error],
        create_time=timestamp_of(delivery.create_time),
        attempt_time=None if delivery.attempt_time is None else timestamp_of(delivery.attempt_time),
        next_attempt_time=timestamp_of(delivery.due_time) if is_pending else None,
    )
