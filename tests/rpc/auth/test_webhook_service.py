"""Webhooks over gRPC: a real server with its worker, its broker, and somebody's receiver."""

from __future__ import annotations

import pytest

from kit.errors import Invalid, NotFound
from kit.events.envelope import EventSource
from kit.events.streams import task_subject
from kit.ids import RandomIds
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.polling import eventually
from tests.rpc.auth.conftest import AuthService, calling_as
from voxreel.auth.v1 import webhook_service_pb2 as pb
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.events_pb2 import TaskSucceeded


async def _succeed(auth: AuthService, user_id: int, task_id: str) -> None:
    """As the service that did the task says it."""
    payload = TaskSucceeded(task_id=task_id, kind=task_pb2.TASK_KIND_ASR, user_id=user_id)
    source = EventSource("speech", RandomIds(), auth.clock)
    event = source.event(task_subject("speech", "succeeded"), payload, user_id=user_id)
    await auth.bus.publish(event.subject, event.body, message_id=event.id)


async def test_an_event_of_a_task_becomes_a_signed_message_and_a_line_in_the_log(auth: AuthService) -> None:
    user_id = await auth.register()
    token = (await auth.login()).access_token
    async with WebhookReceiver() as receiver:
        with calling_as(token):
            request = pb.CreateWebhookRequest(request_id="one", url=receiver.url)
            made = await auth.webhooks.CreateWebhook(request)
            assert await auth.webhooks.CreateWebhook(request) == made
            (listed,) = (await auth.webhooks.ListWebhooks(pb.ListWebhooksRequest())).webhooks
            assert listed == made.webhook
            turned = await auth.webhooks.RotateWebhookSecret(
                pb.RotateWebhookSecretRequest(request_id="turn", webhook_id=listed.id)
            )
        await _succeed(auth, user_id, "task_1")
        await eventually(lambda: receiver.received, within_s=60)
        (received,) = receiver.received
        assert received.is_signed_with(made.secret) and received.is_signed_with(turned.secret)
        assert received.message["data"]["task_type"] == "ASR"
        asked = pb.ListWebhookDeliveriesRequest(webhook_id=listed.id, limit=10)

        async def is_settled() -> bool:
            with calling_as(token):
                (delivery,) = (await auth.webhooks.ListWebhookDeliveries(asked)).deliveries
            is_delivered = delivery.state == pb.WEBHOOK_DELIVERY_STATE_DELIVERED
            assert (delivery.id, delivery.task_id) == (received.message_id, "task_1")
            return is_delivered and (delivery.status_code, delivery.HasField("next_attempt_time")) == (204, False)

        await eventually(is_settled, within_s=60)


async def test_refusals_have_their_reasons(auth: AuthService) -> None:
    await auth.register()
    with calling_as((await auth.login()).access_token):
        for url in ("nonsense", "http://10.0.0.1/"):
            with pytest.raises(Invalid, match="WEBHOOK_URL_REFUSED"):
                await auth.webhooks.CreateWebhook(pb.CreateWebhookRequest(request_id="one", url=url))
        with pytest.raises(NotFound, match="WEBHOOK_NOT_FOUND"):
            await auth.webhooks.EnableWebhook(pb.EnableWebhookRequest(webhook_id="wh_none"))
        with pytest.raises(NotFound, match="WEBHOOK_NOT_FOUND"):
            await auth.webhooks.DeleteWebhook(pb.DeleteWebhookRequest(webhook_id="wh_none"))
