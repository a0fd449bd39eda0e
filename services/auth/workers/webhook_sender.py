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
from services.auth.domain.webhooks import MAX_ATTEMPTS, Delivery, DeliveryError, Outcome, Webhook
from services.auth.events import AuthEvents
from services.auth.metrics import WebhookMeasures
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

    def __init__(
        self,
        units: Units[AuthUnit],
        fetcher: Fetcher,
        *,
        events: AuthEvents,
        clock: Clock,
        measures: WebhookMeasures,
    ) -> None:
        self._units = units
        self._fetcher = fetcher
        self._events = events
        self._clock = clock
        self._measures = measures

    async def step(self) -> int:
        """Makes an attempt at some of what is due; answers at how many."""
        now = self._clock.now()
        oldest = await self._units.read(lambda unit: unit.deliveries.oldest_due(now))
        self._measures.wait.set(0.0 if oldest is None else (now - oldest).total_seconds())
        if oldest is None:
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
        # One whose attempts never come to their end, because whoever makes them dies, must not be tried for ever.
        is_spent = delivery.attempts > MAX_ATTEMPTS
        outcome = Outcome(DeliveryError.UNREACHABLE) if is_spent else await self._send(webhook, delivery)
        _log.info(
            "webhook_attempt",
            webhook_id=webhook.id,
            message_id=delivery.id,
            attempt=delivery.attempts,
            status=outcome.status_code,
            error=outcome.error.value,
        )
        self._measures.attempted(outcome.error)
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
        except Exception as error:
            # Whatever a stranger's address can cause counts as an attempt.
            _log.error("webhook_attempt_broken", message_id=delivery.id, error=type(error).__name__)
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
        if after.is_disabled:
            unit.deliveries.give_up(after.id)
        if after.is_disabled and not before.is_disabled:
            unit.outbox.add(self._events.webhook_disabled(after))


def _outcome_of(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(DeliveryError.NOTHING, status)
    return Outcome(DeliveryError.REDIRECT if 300 <= status < 400 else DeliveryError.STATUS, status)
