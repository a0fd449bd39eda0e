"""Webhooks from the event of a task to a receiver that checks the signature, and what comes of failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kit.errors import Forbidden, Invalid, NotFound, Precondition
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.net.fetcher import Fetcher
from kit.observability.metrics import Metrics
from services.auth.domain.users import AccessTokenClaims
from services.auth.domain.webhooks import (
    FORMER_SECRET_LIFETIME,
    MAX_ATTEMPTS,
    RETRY_PAUSES,
    AddressRules,
    Delivery,
    DeliveryError,
    DeliveryState,
    DisabledFor,
)
from services.auth.metrics import WebhookMeasures
from services.auth.usecases.webhooks import WEBHOOKS_LIMIT, WebhookKeeper
from services.auth.workers.projections import Projections
from services.auth.workers.sweepers import Sweeper, forget_deliveries
from services.auth.workers.webhook_projection import WebhookProjection
from services.auth.workers.webhook_sender import WebhookSender
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.store.auth.conftest import Auth
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskQueued, TaskSucceeded

LOCAL, PUBLIC = AddressRules(is_local_allowed=True), AddressRules(is_local_allowed=False)
TEN_PERCENT = 1.1


@dataclass(slots=True)
class World:
    """Auth with a user, a receiver, and the way from an event to it."""

    auth: Auth
    user: AccessTokenClaims
    keeper: WebhookKeeper
    metrics: Metrics
    sender: WebhookSender
    receiver: WebhookReceiver
    projections: Projections
    source: EventSource

    async def hook(self, *, events: tuple[str, ...] = (), request_id: str = "first") -> tuple[str, str]:
        """Id and secret of a webhook to the receiver."""
        webhook = await self.keeper.create(self.user, request_id, url=self.receiver.url, events=events)
        return webhook.id, webhook.secrets.current

    def ended(
        self, payload: TaskSucceeded | TaskFailed | TaskCancelled | TaskQueued, user_id: int | None = None
    ) -> EventEnvelope:
        payload.user_id, payload.kind = user_id or self.user.user_id, task_pb2.TASK_KIND_TTS
        event = self.source.event("evt.speech.task.ended", payload, user_id=payload.user_id)
        return EventEnvelope.FromString(event.body)

    async def end_task(self, task_id: str = "tts_1") -> None:
        await self.projections([self.ended(TaskSucceeded(task_id=task_id))])

    async def log(self, webhook_id: str) -> list[Delivery]:
        return await self.keeper.deliveries(self.user, webhook_id, limit=100)

    def exported(self, name: str) -> dict[str, float]:
        """Values of a metric of webhooks by their outcome."""
        return {
            sample.labels.get("outcome", ""): sample.value
            for family in text_string_to_metric_families(self.metrics.render().decode())
            for sample in family.samples
            if sample.name == f"voxreel_webhook_{name}"
        }

    async def retry(self, attempt: int) -> int:
        """Passes the pause after an attempt, and sends."""
        self.auth.clock.advance(RETRY_PAUSES[attempt - 1].total_seconds() * TEN_PERCENT)
        return await self.sender.step()


@pytest.fixture
async def world(auth: Auth) -> AsyncIterator[World]:
    ids, clock, metrics = RandomIds(), auth.clock, Metrics("auth")
    fetcher = Fetcher(is_allowed=LOCAL.allows_address, has_allowed_port=LOCAL.allows_port)
    async with WebhookReceiver() as receiver, fetcher:
        yield World(
            auth,
            await auth.add_user("alice"),
            WebhookKeeper(auth.units, LOCAL, events=auth.own_events, clock=clock, ids=ids),
            metrics,
            WebhookSender(
                auth.units, fetcher, events=auth.own_events, clock=clock, measures=WebhookMeasures.of(metrics)
            ),
            receiver,
            Projections(auth.units, clock, [WebhookProjection()]),
            EventSource("speech", ids, clock),
        )


async def test_the_end_of_a_task_arrives_once_and_signed(world: World) -> None:
    webhook_id, secret = await world.hook()
    failed = world.ended(TaskFailed(task_id="tts_2", error_message="文件已损坏"))
    for _ in range(2):
        await world.projections([failed, world.ended(TaskQueued(task_id="tts_3"))])
    assert await world.sender.step() == 1
    assert await world.sender.step() == 0
    (received,) = world.receiver.received
    assert received.is_signed_with(secret)
    assert not received.is_signed_with("whsec_" + "A" * 43 + "=")
    assert received.timestamp == int(world.auth.clock.now().timestamp())
    assert received.message == {
        "type": "task.failed",
        "timestamp": "2026-01-01T12:00:00Z",
        "data": {
            "id": "tts_2",
            "task_type": "TTS",
            "status": "FAILED",
            "error_message": "文件已损坏",
            "completed_at": "2026-01-01T12:00:00Z",
        },
    }
    (delivery,) = await world.log(webhook_id)
    assert (delivery.id, delivery.state, delivery.attempts) == (received.message_id, DeliveryState.DELIVERED, 1)


async def test_only_its_own_events_of_its_own_user_reach_a_webhook(world: World) -> None:
    bob = await world.auth.add_user("bob")
    await world.hook(events=("task.cancelled",))
    await world.projections(
        [
            world.ended(TaskSucceeded(task_id="tts_1")),
            world.ended(TaskCancelled(task_id="tts_2")),
            world.ended(TaskCancelled(task_id="tts_3"), bob.user_id),
        ]
    )
    await world.auth.freeze("alice")
    await world.projections([world.ended(TaskCancelled(task_id="tts_4"))])
    await world.sender.step()
    assert [each.message["data"]["id"] for each in world.receiver.received] == ["tts_2"]


async def test_what_fails_is_sent_again_under_the_same_id_at_most_ten_times(world: World) -> None:
    webhook_id, _ = await world.hook()
    world.receiver.statuses = [500, 302, 404]
    world.receiver.headers = {"Location": world.receiver.url}
    await world.end_task()
    await world.sender.step()
    assert await world.sender.step() == 0
    for attempt in range(1, MAX_ATTEMPTS):
        assert await world.retry(attempt) == 1
    world.auth.clock.advance(timedelta(days=3).total_seconds())
    assert await world.sender.step() == 0
    assert len(world.receiver.received) == MAX_ATTEMPTS
    assert len({(each.message_id, each.body) for each in world.receiver.received}) == 1
    (delivery,) = await world.log(webhook_id)
    assert (delivery.state, delivery.status_code, delivery.error) == (DeliveryState.FAILED, 404, DeliveryError.STATUS)
    # Nothing has come through in three days.
    (webhook,) = await world.keeper.own(world.user)
    assert webhook.disabled_for is DisabledFor.FAILING
    await world.end_task("tts_2")
    assert await world.sender.step() == 0
    world.receiver.statuses = [200]
    await world.keeper.enable(world.user, webhook_id)
    await world.end_task("tts_3")
    assert await world.sender.step() == 1
    assert (await world.log(webhook_id))[0].state is DeliveryState.DELIVERED
    told = [name for name in await world.auth.event_types() if name.startswith("Webhook")]
    assert told == ["WebhookCreated", "WebhookDisabled", "WebhookEnabled"]


async def test_one_success_makes_up_for_the_failures_before(world: World) -> None:
    webhook_id, _ = await world.hook()
    world.receiver.statuses = [503, 200]
    await world.end_task()
    await world.sender.step()
    (webhook,) = await world.keeper.own(world.user)
    assert webhook.failing_since == world.auth.clock.now()
    assert world.exported("attempts_total") == {"status": 1.0}
    assert await world.retry(1) == 1
    assert world.exported("attempts_total") == {"status": 1.0, "delivered": 1.0}
    (waited,) = world.exported("wait_seconds").values()
    assert 0 < waited <= RETRY_PAUSES[0].total_seconds()
    assert await world.sender.step() == 0
    assert world.exported("wait_seconds") == {"": 0.0}
    (webhook,) = await world.keeper.own(world.user)
    assert (webhook.failing_since, webhook.disabled_for) == (None, DisabledFor.NOTHING)
    assert [each.attempts for each in await world.log(webhook_id)] == [2]


async def test_a_receiver_that_is_gone_is_not_called_again(world: World) -> None:
    webhook_id, _ = await world.hook()
    world.receiver.statuses = [503, 410]
    await world.end_task("tts_1")
    await world.sender.step()
    await world.end_task("tts_2")
    await world.sender.step()
    (webhook,) = await world.keeper.own(world.user)
    assert webhook.disabled_for is DisabledFor.GONE
    assert {each.state for each in await world.log(webhook_id)} == {DeliveryState.FAILED}
    world.auth.clock.advance(3600)
    assert await world.sender.step() == 0


async def test_who_dies_after_sending_sends_again_and_the_id_tells(world: World) -> None:
    webhook_id, _ = await world.hook()
    await world.end_task()
    now = world.auth.clock.now()
    # Claimed by a process that was never heard of again.
    claimed = await world.auth.units.write(
        lambda unit: unit.deliveries.claim(now, until=now + timedelta(seconds=60), limit=10)
    )
    assert [each.attempts for each in claimed] == [1]
    assert await world.sender.step() == 0
    world.auth.clock.advance(61)
    assert await world.sender.step() == 1
    # Late news of the first attempt change nothing any more.
    await world.auth.units.write(lambda unit: unit.deliveries.settle(claimed[0]))
    (delivery,) = await world.log(webhook_id)
    assert (delivery.state, delivery.attempts, delivery.id) == (DeliveryState.DELIVERED, 2, claimed[0].id)


async def test_a_message_that_kills_its_senders_is_given_up(world: World) -> None:
    webhook_id, _ = await world.hook()
    await world.end_task()
    for _ in range(MAX_ATTEMPTS):
        now = world.auth.clock.now()
        until = now + timedelta(seconds=60)
        await world.auth.units.write(
            lambda unit, now=now, until=until: unit.deliveries.claim(now, until=until, limit=1)
        )
        world.auth.clock.advance(61)
    assert await world.sender.step() == 1
    assert [each.state for each in await world.log(webhook_id)] == [DeliveryState.FAILED]
    assert world.receiver.received == []


async def test_both_secrets_sign_for_a_day_after_a_rotation(world: World) -> None:
    webhook_id, first = await world.hook()
    rotated = await world.keeper.rotate(world.user, "turn", webhook_id=webhook_id)
    assert await world.keeper.rotate(world.user, "turn", webhook_id=webhook_id) == rotated
    second = rotated.secrets.current
    assert second != first
    await world.end_task("tts_1")
    await world.sender.step()
    world.auth.clock.advance(FORMER_SECRET_LIFETIME.total_seconds())
    await world.end_task("tts_2")
    await world.sender.step()
    during, after = world.receiver.received
    assert during.is_signed_with(first) and during.is_signed_with(second)
    assert after.is_signed_with(second) and not after.is_signed_with(first)
    assert (await world.auth.event_types()).count("WebhookSecretRotated") == 1


async def test_a_repeated_request_makes_one_webhook_and_another_one_is_refused(world: World) -> None:
    assert await world.hook() == await world.hook()
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        await world.hook(events=("task.failed",))
    for number in range(1, WEBHOOKS_LIMIT):
        await world.hook(request_id=f"request {number}")
    with pytest.raises(Precondition, match="WEBHOOKS_FULL"):
        await world.hook(request_id="one too many")
    assert len(await world.keeper.own(world.user)) == WEBHOOKS_LIMIT


async def test_strangers_find_nothing_and_the_frozen_are_told(world: World) -> None:
    webhook_id, _ = await world.hook()
    bob = await world.auth.add_user("bob")
    assert await world.keeper.own(bob) == []
    for attempt in (
        world.keeper.delete(bob, webhook_id),
        world.keeper.enable(bob, webhook_id),
        world.keeper.rotate(bob, "turn", webhook_id=webhook_id),
        world.keeper.deliveries(bob, webhook_id, limit=1),
        world.keeper.delete(bob, "wh_\x00"),
    ):
        with pytest.raises(NotFound, match="WEBHOOK_NOT_FOUND"):
            await attempt
    await world.auth.freeze("alice")
    with pytest.raises(Forbidden):
        await world.keeper.own(world.user)
    with pytest.raises(Forbidden):
        await world.hook(request_id="of a frozen user")


async def test_a_webhook_goes_with_its_deliveries_and_with_its_user(world: World) -> None:
    webhook_id, _ = await world.hook()
    await world.end_task()
    await world.keeper.delete(world.user, webhook_id)
    assert await world.sender.step() == 0
    await world.hook(request_id="second")
    await world.end_task("tts_2")
    admin = await world.auth.add_admin("root")
    await world.auth.admin.delete(admin, world.user.user_id)
    assert await world.sender.step() == 0
    assert world.receiver.received == []


async def test_an_address_that_hangs_does_not_keep_the_others_waiting(world: World) -> None:
    await world.hook(request_id="flooded", events=("task.succeeded",))
    await world.projections([world.ended(TaskSucceeded(task_id=f"tts_{number:02}")) for number in range(50)])
    world.auth.clock.advance(1)
    await world.hook(request_id="other", events=("task.failed",))
    await world.projections([world.ended(TaskFailed(task_id="the other"))])
    assert await world.sender.step() == 5
    assert "the other" in {each.message["data"]["id"] for each in world.receiver.received}


async def test_a_name_that_leads_inside_is_refused_when_it_is_called(world: World) -> None:
    async def inside(_name: str) -> list[str]:
        return ["10.0.0.7"]

    auth = world.auth
    keeper = WebhookKeeper(auth.units, PUBLIC, events=auth.own_events, clock=auth.clock, ids=RandomIds())
    webhook = await keeper.create(world.user, "r", url="https://hook.example/", events=())
    await world.end_task()
    guarded = Fetcher(resolve=inside, is_allowed=PUBLIC.allows_address, has_allowed_port=PUBLIC.allows_port)
    async with guarded:
        sender = WebhookSender(
            auth.units, guarded, events=auth.own_events, clock=auth.clock, measures=WebhookMeasures.of(world.metrics)
        )
        assert await sender.step() == 1
    (delivery,) = await world.log(webhook.id)
    assert (delivery.error, delivery.status_code) == (DeliveryError.REFUSED_ADDRESS, 0)


async def test_old_deliveries_are_forgotten(world: World) -> None:
    webhook_id, _ = await world.hook()
    await world.end_task()
    sweeper = Sweeper(world.auth.units, world.auth.clock, [forget_deliveries])
    world.auth.clock.advance(timedelta(days=13).total_seconds())
    assert (await sweeper.step(), len(await world.log(webhook_id))) == (0, 1)
    world.auth.clock.advance(timedelta(days=2).total_seconds())
    assert (await sweeper.step(), len(await world.log(webhook_id))) == (1, 0)
