"""The events auth may emit."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from kit.events.envelope import EventSource, OutboundEvent
from kit.rpc.times import timestamp_of
from services.auth.domain.materials import MaterialKind
from services.auth.domain.users import Revocation, User, UserStatus
from services.auth.domain.webhooks import DISABLED_REASONS, Webhook
from services.auth.material_kinds import KIND_TO_PROTO
from services.auth.user_statuses import STATUS_TO_PROTO
from voxreel.auth.v1 import events_pb2
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked


class AuthEvents:
    """Builds the events of auth; whoever calls adds them to the outbox of its transaction."""

    def __init__(self, source: EventSource) -> None:
        self._source = source

    def registered(self, user: User) -> OutboundEvent:
        payload = events_pb2.UserRegistered(user_id=user.id, account=user.account)
        return self._source.event("evt.auth.user.registered", payload, user_id=user.id)

    def logged_in(self, user: User, client_address: str) -> OutboundEvent:
        payload = events_pb2.UserLoggedIn(user_id=user.id, account=user.account, client_address=client_address)
        return self._source.event("evt.auth.user.logged_in", payload, user_id=user.id)

    def login_failed(self, user: User | None, account: str, client_address: str) -> OutboundEvent:
        user_id = None if user is None else user.id
        payload = events_pb2.UserLoginFailed(user_id=user_id, account=account, client_address=client_address)
        return self._source.event("evt.auth.user.login_failed", payload, user_id=user_id)

    def password_changed(self, user: User) -> OutboundEvent:
        payload = events_pb2.UserPasswordChanged(user_id=user.id, account=user.account)
        return self._source.event("evt.auth.user.password_changed", payload, user_id=user.id)

    def password_reset(self, user: User, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.UserPasswordReset(user_id=user.id, account=user.account, operator_user_id=operator_user_id)
        return self._source.event("evt.auth.user.password_reset", payload, user_id=user.id)

    def status_changed(self, user: User, operator_user_id: int) -> OutboundEvent:
        """The user was frozen or unfrozen, whichever they are now."""
        is_frozen = user.status is UserStatus.FROZEN
        message = events_pb2.UserFrozen if is_frozen else events_pb2.UserUnfrozen
        payload = message(user_id=user.id, account=user.account, operator_user_id=operator_user_id)
        subject = "evt.auth.user.frozen" if is_frozen else "evt.auth.user.unfrozen"
        return self._source.event(subject, payload, user_id=user.id)

    def role_changed(self, user: User, operator_user_id: int) -> OutboundEvent:
        payload = events_pb2.UserRoleChanged(
            user_id=user.id, account=user.account, operator_user_id=operator_user_id, is_admin=user.is_admin
        )
        return self._source.event("evt.auth.user.role_changed", payload, user_id=user.id)

    def deleted(self, user: User, operator_user_id: int) -> OutboundEvent:
        """The user was deleted, who was this before."""
        payload = events_pb2.UserDeleted(
            user_id=user.id,
            account=user.account,
            operator_user_id=operator_user_id,
            is_admin=user.is_admin,
            status=STATUS_TO_PROTO[user.status],
        )
        return self._source.event("evt.auth.user.deleted", payload, user_id=user.id)

    def material_added(self, user_id: int, kind: MaterialKind, item_id: str) -> OutboundEvent:
        payload = events_pb2.MaterialAdded(user_id=user_id, kind=KIND_TO_PROTO[kind], item_id=item_id)
        return self._source.event("evt.auth.material.added", payload, user_id=user_id)

    def material_removed(self, user_id: int, kind: MaterialKind, item_id: str) -> OutboundEvent:
        payload = events_pb2.MaterialRemoved(user_id=user_id, kind=KIND_TO_PROTO[kind], item_id=item_id)
        return self._source.event("evt.auth.material.removed", payload, user_id=user_id)

    def webhook_created(self, webhook: Webhook) -> OutboundEvent:
        return self._of_webhook("created", events_pb2.WebhookCreated(**_webhook_facts(webhook)), webhook)

    def webhook_deleted(self, webhook: Webhook) -> OutboundEvent:
        return self._of_webhook("deleted", events_pb2.WebhookDeleted(**_webhook_facts(webhook)), webhook)

    def webhook_secret_rotated(self, webhook: Webhook) -> OutboundEvent:
        return self._of_webhook("secret_rotated", events_pb2.WebhookSecretRotated(**_webhook_facts(webhook)), webhook)

    def webhook_enabled(self, webhook: Webhook) -> OutboundEvent:
        return self._of_webhook("enabled", events_pb2.WebhookEnabled(**_webhook_facts(webhook)), webhook)

    def webhook_disabled(self, webhook: Webhook) -> OutboundEvent:
        reason = DISABLED_REASONS[webhook.disabled_for]
        payload = events_pb2.WebhookDisabled(**_webhook_facts(webhook), reason=reason)
        return self._of_webhook("disabled", payload, webhook)

    def _of_webhook(self, verb: str, payload: Message, webhook: Webhook) -> OutboundEvent:
        return self._source.event(f"evt.auth.webhook.{verb}", payload, user_id=webhook.user_id)

    def access_revoked(self, user: User, revocation: Revocation) -> OutboundEvent:
        payload = UserAccessRevoked(
            user_id=user.id,
            not_before=timestamp_of(revocation.not_before),
            kept_token_id=revocation.kept_token_id,
            is_frozen=revocation.is_frozen,
        )
        return self._source.event("evt.auth.user.access_revoked", payload, user_id=user.id)


def _webhook_facts(webhook: Webhook) -> dict[str, Any]:
    return {"user_id": webhook.user_id, "webhook_id": webhook.id, "host": webhook.host}
