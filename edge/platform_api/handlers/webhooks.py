"""Webhooks of the caller."""

from __future__ import annotations

from edge.endpoint import Call, NoInput
from edge.platform_api.models.webhooks import (
    DeliveriesIn,
    DeliveriesOut,
    WebhookDeletedOut,
    WebhookIdIn,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)
from edge.platform_api.render_webhooks import shown_delivery, shown_webhook
from voxreel.auth.v1 import webhook_service_pb2 as messages


async def create_webhook(given: WebhookIn, call: Call) -> WebhookOut:
    """A new webhook with its secret, which is shown here only."""
    request = messages.CreateWebhookRequest(request_id=call.request_key, url=given.url, events=given.events or ())
    response = await call.shared.clients.webhooks.CreateWebhook(request)
    return {**shown_webhook(response.webhook, call.shared.times), "secret": response.secret}


async def list_webhooks(_given: NoInput, call: Call) -> WebhooksOut:
    """All of the caller's."""
    response = await call.shared.clients.webhooks.ListWebhooks(messages.ListWebhooksRequest())
    webhooks = [shown_webhook(webhook, call.shared.times) for webhook in response.webhooks]
    return {"webhooks": webhooks, "total": len(webhooks)}


async def delete_webhook(given: WebhookIdIn, call: Call) -> WebhookDeletedOut:
    """Ends it with all that is on its way."""
    await call.shared.clients.webhooks.DeleteWebhook(messages.DeleteWebhookRequest(webhook_id=given.webhook_id))
    return {"message": "Webhook 已删除", "webhook_id": given.webhook_id}


async def rotate_secret(given: WebhookIdIn, call: Call) -> WebhookOut:
    """The webhook with a new secret, which is shown here only."""
    request = messages.RotateWebhookSecretRequest(request_id=call.request_key, webhook_id=given.webhook_id)
    response = await call.shared.clients.webhooks.RotateWebhookSecret(request)
    return {**shown_webhook(response.webhook, call.shared.times), "secret": response.secret}


async def enable_webhook(given: WebhookIdIn, call: Call) -> WebhookOut:
    """Calls it again."""
    request = messages.EnableWebhookRequest(webhook_id=given.webhook_id)
    return shown_webhook((await call.shared.clients.webhooks.EnableWebhook(request)).webhook, call.shared.times)


async def list_deliveries(given: DeliveriesIn, call: Call) -> DeliveriesOut:
    """What was sent to it of late, and how that went."""
    request = messages.ListWebhookDeliveriesRequest(webhook_id=given.webhook_id, limit=given.limit)
    response = await call.shared.clients.webhooks.ListWebhookDeliveries(request)
    deliveries = [shown_delivery(delivery, call.shared.times) for delivery in response.deliveries]
    return {"webhook_id": given.webhook_id, "deliveries": deliveries}
