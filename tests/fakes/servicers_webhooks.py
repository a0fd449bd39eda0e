"""Webhooks as an edge sees them."""

from __future__ import annotations

from dataclasses import dataclass, field

from kit.clock import Clock
from kit.errors import Invalid, NotFound
from kit.ids import IdSource
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from tests.fakes.refusals import Refusals
from voxreel.auth.v1 import webhook_service_pb2 as pb
from voxreel.auth.v1 import webhook_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons


@dataclass(slots=True)
class KeptWebhook:
    """One webhook, whose it is, and what was sent to it."""

    user_id: int
    webhook: pb.Webhook
    secret: str
    deliveries: list[pb.WebhookDelivery] = field(default_factory=list)


class FakeWebhooks(webhook_service_pb2_grpc.WebhookServiceServicer):
    """Keeps webhooks in memory and sends nothing."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self.refusals = Refusals()
        self.by_id: dict[str, KeptWebhook] = {}
        self._clock = clock
        self._ids = ids

    async def CreateWebhook(self, request: pb.CreateWebhookRequest, context: Context) -> pb.CreateWebhookResponse:
        self.refusals.enter("CreateWebhook")
        if not request.url.startswith("https://"):
            raise Invalid(reasons.ERROR_REASON_WEBHOOK_URL_REFUSED, "Webhook 地址必须以 https:// 开头，并使用默认端口")
        now = timestamp_of(self._clock.now())
        webhook = pb.Webhook(
            id=self._ids.random("wh_"), url=request.url, events=request.events, create_time=now, update_time=now
        )
        secret = "whsec_" + self._ids.random()
        self.by_id[webhook.id] = KeptWebhook(require_principal().user_id, webhook, secret)
        return pb.CreateWebhookResponse(webhook=webhook, secret=secret)

    async def ListWebhooks(self, request: pb.ListWebhooksRequest, context: Context) -> pb.ListWebhooksResponse:
        self.refusals.enter("ListWebhooks")
        user_id = require_principal().user_id
        return pb.ListWebhooksResponse(
            webhooks=[kept.webhook for kept in self.by_id.values() if kept.user_id == user_id]
        )

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest, context: Context) -> pb.DeleteWebhookResponse:
        self.refusals.enter("DeleteWebhook")
        del self.by_id[self._own(request.webhook_id).webhook.id]
        return pb.DeleteWebhookResponse()

    async def RotateWebhookSecret(
        self, request: pb.RotateWebhookSecretRequest, context: Context
    ) -> pb.RotateWebhookSecretResponse:
        self.refusals.enter("RotateWebhookSecret")
        kept = self._own(request.webhook_id)
        kept.secret = "whsec_" + self._ids.random()
        kept.webhook.former_secret_expire_time.CopyFrom(timestamp_of(self._clock.now()))
        return pb.RotateWebhookSecretResponse(webhook=kept.webhook, secret=kept.secret)

    async def EnableWebhook(self, request: pb.EnableWebhookRequest, context: Context) -> pb.EnableWebhookResponse:
        self.refusals.enter("EnableWebhook")
        kept = self._own(request.webhook_id)
        kept.webhook.disabled_reason = ""
        return pb.EnableWebhookResponse(webhook=kept.webhook)

    async def ListWebhookDeliveries(
        self, request: pb.ListWebhookDeliveriesRequest, context: Context
    ) -> pb.ListWebhookDeliveriesResponse:
        self.refusals.enter("ListWebhookDeliveries")
        return pb.ListWebhookDeliveriesResponse(deliveries=self._own(request.webhook_id).deliveries[: request.limit])

    def _own(self, webhook_id: str) -> KeptWebhook:
        kept = self.by_id.get(webhook_id)
        if kept is None or kept.user_id != require_principal().user_id:
            raise NotFound(reasons.ERROR_REASON_WEBHOOK_NOT_FOUND, f"Webhook 不存在: {webhook_id}")
        return kept
