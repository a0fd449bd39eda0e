"""Keeping webhooks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from kit.clock import Clock
from kit.db.uow import Units
from kit.ids import IdSource
from services.auth.crypto.webhooks import new_secret
from services.auth.domain.errors import (
    field_invalid,
    request_id_reused,
    user_not_found,
    webhook_not_found,
    webhooks_full,
)
from services.auth.domain.users import AccessTokenClaims
from services.auth.domain.webhooks import (
    AddressRules,
    Delivery,
    DisabledFor,
    Secrets,
    Webhook,
    check_url,
    events_of,
)
from services.auth.store.uow import AuthUnit
from services.auth.usecases.callers import require_caller

WEBHOOKS_LIMIT = 10
DELIVERIES_LIMIT = 100
_REQUEST_ID_CHARACTERS = 128


class WebhookKeeper:
    """A user's own webhooks. Every method raises what a caller without access gets; those that name a webhook raise
    NotFound (WEBHOOK_NOT_FOUND), also for another user's."""

    def __init__(self, units: Units[AuthUnit], rules: AddressRules, *, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def create(self, token: AccessTokenClaims, request_id: str, *, url: str, events: Collection[str]) -> Webhook:
        """The webhook of this request, the same one however often it is repeated.

        Raises Invalid (FIELD_INVALID, WEBHOOK_URL_REFUSED, IDEMPOTENCY_KEY_REUSED), Precondition (WEBHOOKS_FULL).
        """
        _check_request_id(request_id)
        now = self._clock.now()
        new = Webhook(
            id=self._ids.random("wh_"),
            user_id=token.user_id,
            request_id=request_id,
            url=check_url(url, self._rules),
            events=events_of(events),
            secrets=Secrets(new_secret()),
            rotation_id="",
            disabled_for=DisabledFor.NOTHING,
            failing_since=None,
            create_time=now,
            update_time=now,
        )
        return await self._units.write(lambda unit: _create(unit, token, new))

    async def own(self, token: AccessTokenClaims) -> list[Webhook]:
        """Oldest first."""

        def read(unit: AuthUnit) -> list[Webhook]:
            require_caller(unit, token)
            return unit.webhooks.of_user(token.user_id)

        return await self._units.read(read)

    async def delete(self, token: AccessTokenClaims, webhook_id: str) -> None:
        """Ends its deliveries too."""
        await self._units.write(lambda unit: unit.webhooks.delete(_lock_own(unit, token, webhook_id).id))

    async def rotate(self, token: AccessTokenClaims, request_id: str, *, webhook_id: str) -> Webhook:
        """With a new secret; a repeated request gets the same one. Raises Invalid (FIELD_INVALID)."""
        _check_request_id(request_id)
        secret = new_secret()

        def rotate(unit: AuthUnit) -> Webhook:
            webhook, now = _lock_own(unit, token, webhook_id), self._clock.now()
            if webhook.rotation_id == request_id:
                return webhook
            secrets = webhook.secrets.rotated(secret, now)
            rotated = replace(webhook, secrets=secrets, rotation_id=request_id, update_time=now)
            unit.webhooks.save(rotated)
            return rotated

        return await self._units.write(rotate)

    async def enable(self, token: AccessTokenClaims, webhook_id: str) -> Webhook:
        """Calls it again from the next event on."""

        def enable(unit: AuthUnit) -> Webhook:
            enabled = _lock_own(unit, token, webhook_id).enabled(self._clock.now())
            unit.webhooks.save(enabled)
            return enabled

        return await self._units.write(enable)

    async def deliveries(self, token: AccessTokenClaims, webhook_id: str, *, limit: int) -> list[Delivery]:
        """The latest of them, newest first. Raises Invalid (FIELD_INVALID)."""
        if not 1 <= limit <= DELIVERIES_LIMIT:
            raise field_invalid("limit", f"limit 必须在 1 到 {DELIVERIES_LIMIT} 之间")

        def read(unit: AuthUnit) -> list[Delivery]:
            require_caller(unit, token)
            if all(webhook.id != webhook_id for webhook in unit.webhooks.of_user(token.user_id)):
                raise webhook_not_found(webhook_id)
            return unit.deliveries.latest(webhook_id, limit=limit)

        return await self._units.read(read)


def _create(unit: AuthUnit, token: AccessTokenClaims, new: Webhook) -> Webhook:
    # The lock makes the number true until the commit.
    _lock_owner(unit, token)
    own = unit.webhooks.of_user(token.user_id)
    known = next((webhook for webhook in own if webhook.request_id == new.request_id), None)
    if known is not None:
        if (known.url, known.events) != (new.url, new.events):
            raise request_id_reused()
        return known
    if len(own) >= WEBHOOKS_LIMIT:
        raise webhooks_full(WEBHOOKS_LIMIT)
    unit.webhooks.add(new)
    return new


def _lock_owner(unit: AuthUnit, token: AccessTokenClaims) -> None:
    owner = unit.users.lock(token.user_id)
    if owner is None:
        raise user_not_found()
    owner.require_access(token)


def _lock_own(unit: AuthUnit, token: AccessTokenClaims, webhook_id: str) -> Webhook:
    require_caller(unit, token)
    # PostgreSQL's text cannot hold a zero, and its driver would raise.
    webhook = None if "\x00" in webhook_id else unit.webhooks.lock(webhook_id)
    if webhook is None or webhook.user_id != token.user_id:
        raise webhook_not_found(webhook_id)
    return webhook


def _check_request_id(request_id: str) -> None:
    if not (0 < len(request_id) <= _REQUEST_ID_CHARACTERS and request_id.isprintable()):
        raise field_invalid("request_id", "请求编号无效")
