"""Webhooks in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from services.auth.domain.users import UserStatus
from services.auth.domain.webhooks import DisabledFor, Secrets, Webhook, WebhookEvent
from services.auth.store.tables import USERS, WEBHOOK_DELIVERIES, WEBHOOKS

_COLUMNS = (
    WEBHOOKS.c.id,
    WEBHOOKS.c.user_id,
    WEBHOOKS.c.request_id,
    WEBHOOKS.c.url,
    WEBHOOKS.c.events,
    WEBHOOKS.c.secret,
    WEBHOOKS.c.former_secret,
    WEBHOOKS.c.former_expire_time,
    WEBHOOKS.c.rotation_id,
    WEBHOOKS.c.disabled_for,
    WEBHOOKS.c.failing_since,
    WEBHOOKS.c.create_time,
    WEBHOOKS.c.update_time,
)
_OF_USER = LeanQuery(
    select(*_COLUMNS).where(WEBHOOKS.c.user_id == bindparam("user_id")).order_by(WEBHOOKS.c.create_time, WEBHOOKS.c.id)
)
_BY_ID = LeanQuery(select(*_COLUMNS).where(WEBHOOKS.c.id == bindparam("webhook_id")))
_LOCK = LeanQuery(select(*_COLUMNS).where(WEBHOOKS.c.id == bindparam("webhook_id")).with_for_update())
# Asked for every task that ends.
_SUBSCRIBERS = LeanQuery(
    select(WEBHOOKS.c.id, WEBHOOKS.c.user_id, WEBHOOKS.c.events)
    .join_from(WEBHOOKS, USERS, WEBHOOKS.c.user_id == USERS.c.id)
    .where(
        AnyOf(WEBHOOKS.c.user_id, "user_ids"),
        WEBHOOKS.c.disabled_for == DisabledFor.NOTHING.value,
        USERS.c.status == UserStatus.ACTIVE.value,
    )
)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A webhook that is called, and for what."""

    webhook_id: str
    user_id: int
    events: frozenset[WebhookEvent]


class WebhookRepository:
    """Webhooks, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> None:
        """The caller holds the lock of the user's row."""
        row = {
            "id": webhook.id,
            "user_id": webhook.user_id,
            "request_id": webhook.request_id,
            "url": webhook.url,
            "events": " ".join(sorted(webhook.events)),
            "create_time": webhook.create_time,
            **_changing(webhook),
        }
        self._connection.execute(insert(WEBHOOKS).values(row))

    def of_user(self, user_id: int) -> list[Webhook]:
        """All of a user, oldest first."""
        return [_webhook_from_row(row) for row in _OF_USER.all(self._connection, user_id=user_id)]

    def find(self, webhook_id: str) -> Webhook | None:
        """The webhook of an id."""
        row = _BY_ID.first(self._connection, webhook_id=webhook_id)
        return None if row is None else _webhook_from_row(row)

    def lock(self, webhook_id: str) -> Webhook | None:
        """The webhook, which nobody else changes until the transaction ends."""
        row = _LOCK.first(self._connection, webhook_id=webhook_id)
        return None if row is None else _webhook_from_row(row)

    def save(self, webhook: Webhook) -> None:
        """Writes what can change of it. The caller holds its lock."""
        self._connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook.id).values(_changing(webhook)))

    def subscribers(self, user_ids: Sequence[int]) -> list[Subscriber]:
        """The webhooks of the users that are called."""
        rows = _SUBSCRIBERS.all(self._connection, user_ids=list(user_ids))
        return [Subscriber(row[0], row[1], _events(row[2])) for row in rows]

    def delete(self, webhook_id: str) -> None:
        """With its deliveries. The caller holds its lock."""
        self._connection.execute(delete(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.webhook_id == webhook_id))
        self._connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id))

    def delete_of_user(self, user_id: int) -> None:
        for webhook in self.of_user(user_id):
            self.lock(webhook.id)
            self.delete(webhook.id)


def _changing(webhook: Webhook) -> dict[str, Any]:
    return {
        "secret": webhook.secrets.current,
        "former_secret": webhook.secrets.former,
        "former_expire_time": webhook.secrets.former_expire_time,
        "rotation_id": webhook.rotation_id,
        "disabled_for": webhook.disabled_for.value,
        "failing_since": webhook.failing_since,
        "update_time": webhook.update_time,
    }


def _webhook_from_row(row: Sequence[Any]) -> Webhook:
    (webhook_id, user_id, request_id, url, events, secret, former, former_expire_time, *rest) = row
    rotation_id, disabled_for, failing_since, create_time, update_time = rest
    return Webhook(
        id=webhook_id,
        user_id=user_id,
        request_id=request_id,
        url=url,
        events=_events(events),
        secrets=Secrets(secret, former, former_expire_time),
        rotation_id=rotation_id,
        disabled_for=DisabledFor(disabled_for),
        failing_since=failing_since,
        create_time=create_time,
        update_time=update_time,
    )


def _events(stored: str) -> frozenset[WebhookEvent]:
    return frozenset(map(WebhookEvent, stored.split()))
