"""The events auth may emit."""

from __future__ import annotations

from kit.events.envelope import EventSource, OutboundEvent
from kit.rpc.times import timestamp_of
from services.auth.domain.users import Revocation, User
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

    def access_revoked(self, user: User, revocation: Revocation) -> OutboundEvent:
        payload = UserAccessRevoked(
            user_id=user.id,
            not_before=timestamp_of(revocation.not_before),
            kept_token_id=revocation.kept_token_id,
        )
        return self._source.event("evt.auth.user.access_revoked", payload, user_id=user.id)
