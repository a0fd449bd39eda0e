"""Webhooks: where users are told of the ends of their tasks. Beyond the document."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, Source
from edge.platform_api.handlers import webhooks
from edge.platform_api.models.webhooks import (
    DeliveriesIn,
    DeliveriesOut,
    WebhookDeletedOut,
    WebhookIdIn,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)

TAG = "Webhook"
_SIGNING = (
    "任务成功、失败或取消时，向 url 发送 POST 请求，签名遵循 Standard Webhooks：请求头 webhook-id、webhook-timestamp、"
    "webhook-signature（v1，对 id.timestamp.body 以 secret 去掉 whsec_ 后的 Base64 内容为密钥做 HMAC-SHA256）。"
    "secret 只在本次响应中出现。返回 2xx 视为送达；否则最多尝试 10 次，历时约 3 天，webhook-id 不变，可据此去重。"
    "连续 3 天无法送达或返回 410 时停用。"
)

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/webhooks",
        access=Access.USER,
        input=WebhookIn,
        source=Source.BODY,
        handler=webhooks.create_webhook,
        output=WebhookOut,
        tag=TAG,
        title="添加 Webhook",
        notes=_SIGNING,
        is_keyed=True,
    ),
    Endpoint(
        method="GET",
        path="/api/webhooks",
        access=Access.USER,
        input=NoInput,
        handler=webhooks.list_webhooks,
        output=WebhooksOut,
        tag=TAG,
        title="Webhook 列表",
    ),
    Endpoint(
        method="DELETE",
        path="/api/webhooks/{webhook_id}",
        access=Access.USER,
        input=WebhookIdIn,
        handler=webhooks.delete_webhook,
        output=WebhookDeletedOut,
        tag=TAG,
        title="删除 Webhook",
    ),
    Endpoint(
        method="POST",
        path="/api/webhooks/{webhook_id}/rotate-secret",
        access=Access.USER,
        input=WebhookIdIn,
        handler=webhooks.rotate_secret,
        output=WebhookOut,
        tag=TAG,
        title="更换 Webhook 密钥",
        notes="新密钥只在本次响应中出现。24 小时内用新旧两个密钥同时签名。",
        is_keyed=True,
    ),
    Endpoint(
        method="POST",
        path="/api/webhooks/{webhook_id}/enable",
        access=Access.USER,
        input=WebhookIdIn,
        handler=webhooks.enable_webhook,
        output=WebhookOut,
        tag=TAG,
        title="重新启用 Webhook",
    ),
    Endpoint(
        method="GET",
        path="/api/webhooks/{webhook_id}/deliveries",
        access=Access.USER,
        input=DeliveriesIn,
        handler=webhooks.list_deliveries,
        output=DeliveriesOut,
        tag=TAG,
        title="Webhook 投递记录",
        notes="最新的在前，保留 14 天。",
    ),
)
