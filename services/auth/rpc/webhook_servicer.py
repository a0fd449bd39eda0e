"""WebhookService."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.auth.domain.users import AccessTokenClaims
from services.auth.rpc.mapping import claims_of
from services.auth.rpc.webhook_mapping import delivery_to_proto, webhook_to_proto
from services.auth.usecases.webhooks import WebhookKeeper
from voxreel.auth.v1 import webhook_service_pb2 as pb
from voxreel.auth.v1 import webhook_service_pb2_grpc


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    """The calling user's webhooks."""

    def __init__(self, webhooks: WebhookKeeper) -> None:
        self._webhooks = webhooks

    async def CreateWebhook(self, request: pb.CreateWebhookRequest, _context: Context) -> pb.CreateWebhookResponse:
        webhook = await self._webhooks.create(_caller(), request.request_id, url=request.url, events=request.events)
        return pb.CreateWebhookResponse(webhook=webhook_to_proto(webhook), secret=webhook.secrets.current)

    async def ListWebhooks(self, _request: pb.ListWebhooksRequest, _context: Context) -> pb.ListWebhooksResponse:
        webhooks = await self._webhooks.own(_caller())
        return pb.ListWebhooksResponse(webhooks=map(webhook_to_proto, webhooks))

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest, _context: Context) -> pb.DeleteWebhookResponse:
        await self._webhooks.delete(_caller(), request.webhook_id)
        return pb.DeleteWebhookResponse()

    async def RotateWebhookSecret(
        self, request: pb.RotateWebhookSecretRequest, _context: Context
    ) -> pb.RotateWebhookSecretResponse:
        webhook = await self._webhooks.rotate(_caller(), request.request_id, webhook_id=request.webhook_id)
        return pb.RotateWebhookSecretResponse(webhook=webhook_to_proto(webhook), secret=webhook.secrets.current)

    async def EnableWebhook(self, request: pb.EnableWebhookRequest, _context: Context) -> pb.EnableWebhookResponse:
        webhook = await self._webhooks.enable(_caller(), request.webhook_id)
        return pb.EnableWebhookResponse(webhook=webhook_to_proto(webhook))

    async def ListWebhookDeliveries(
        self, request: pb.ListWebhookDeliveriesRequest, _context: Context
    ) -> pb.ListWebhookDeliveriesResponse:
        found = await self._webhooks.deliveries(_caller(), request.webhook_id, limit=request.limit)
        return pb.ListWebhookDeliveriesResponse(deliveries=map(delivery_to_proto, found))


def _caller() -> AccessTokenClaims:
    return claims_of(require_principal())
