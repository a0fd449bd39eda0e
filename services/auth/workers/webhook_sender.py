"""Sends to webhooks what is due.

An attempt begins in the database, is made outside of any transaction, and ends in the database. Whoever dies in between
leaves the message to be sent again under the same id: at least once, and receivers tell repeats by `webhook-id`.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

import structlog

from kit.clock import Clock
from kit.db.uow import Units
from kit.events.waiting import wait_any
from kit.net.errors import FetchError, FetchRefused, FetchTimeout
from kit.net.fetcher import Fetcher
from kit.net.messages import HttpRequest
from services.auth.crypto.webhooks import signed_headers
from services.auth.domain.webhooks import Delivery, DeliveryError, DisabledFor, Outcome, Webhook
from services.auth.store.uow import AuthUnit

_BATCH = 32
_PAUSE_S = 1.0
_ATTEMPT_TIMEOUT_S = 15.0
# Longer than an attempt with its two transactions.
_LEASE = timedelta(seconds=60)
_JITTERS = 1000
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Voxreel-Webhooks/1.0"}

_log = structlog.get_logger(__name__)


class WebhookSender:
    """Any number of them may work on one database."""

    def __init__(self, units: Units[AuthUnit], fetcher: Fetcher, *, clock: Clock) -> None:
        self._units = units
        self._fetcher = fetcher
        self._clock = clock

    async def step(self) -> int:
        """Makes an attempt at some of what is due; answers at how many."""
        now = self._clock.now()
        if not await self._units.read(lambda unit: unit.deliveries.has_due(now)):
            return 0
        claimed = await self._units.write(lambda unit: unit.deliveries.claim(now, until=now + _LEASE, limit=_BATCH))
        async with asyncio.TaskGroup() as group:
            for delivery in claimed:
                group.create_task(self._attempt(delivery))
        return len(claimed)

    async def run(self, stop: asyncio.Event) -> None:
        """Sends until told to stop; attempts under way are finished."""
        while not stop.is_set():
            if not await self.step():
                await wait_any(stop, timeout_s=_PAUSE_S)

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            await self._attempt_once(delivery)
        except Exception as error:
            # The others go on; this one is tried again when its lease is over.
            _log.warning("webhook_attempt_lost", message_id=delivery.id, error=type(error).__name__)

    async def _attempt_once(self, delivery: Delivery) -> None:
        webhook = await self._units.read(lambda unit: unit.webhooks.find(delivery.webhook_id))
        if webhook is None:
            return
        outcome = await self._send(webhook, delivery)
        _log.info(
            "webhook_attempt",
            webhook_id=webhook.id,
            message_id=delivery.id,
            attempt=delivery.attempts,
            status=outcome.status_code,
            error=outcome.error.value,
        )
        await self._units.write(lambda unit: self._settle(unit, delivery, outcome))

    async def _send(self, webhook: Webhook, delivery: Delivery) -> Outcome:
        now, body = self._clock.now(), delivery.body.encode()
        signed = signed_headers(
            webhook.secrets.valid(now), message_id=delivery.id, timestamp_s=int(now.timestamp()), body=body
        )
        request = HttpRequest(webhook.url, headers={**_HEADERS, **signed}, method="POST", body=body)
        try:
            return _outcome_of(await self._fetcher.send(request, total_s=_ATTEMPT_TIMEOUT_S))
        except FetchRefused:
            return Outcome(DeliveryError.REFUSED_ADDRESS)
        except FetchTimeout:
            return Outcome(DeliveryError.TIMEOUT)
        except FetchError:
            return Outcome(DeliveryError.UNREACHABLE)

    def _settle(self, unit: AuthUnit, delivery: Delivery, outcome: Outcome) -> None:
        now = self._clock.now()
        before = unit.webhooks.lock(delivery.webhook_id)
        if before is None:
            return
        # The jitter keeps those who failed together from coming back together.
        unit.deliveries.settle(delivery.after(outcome, now, jitter=secrets.randbelow(_JITTERS) / _JITTERS))
        after = before.after(outcome, now)
        if after != before:
            unit.webhooks.save(after)
        if after.disabled_for is not DisabledFor.NOTHING:
            unit.deliveries.give_up(after.id)


def _outcome_of(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(DeliveryError.NOTHING, status)
    return Outcome(DeliveryError.REDIRECT if 300 <= status < 400 else DeliveryError.STATUS, status)
