"""Writes the audit from everybody's events, each once however often it is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final, TypeAlias

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.audit import NewAuditRecord
from services.auth.store.uow import AuthUnit
from services.auth.workers.audit_sources import BY_MESSAGE, Deed
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE: Final = "auth--audit"


_Done: TypeAlias = tuple[EventEnvelope, Deed, Any]
"""The event of a deed, and what it carries."""


class AuditProjection:
    """Handles events; those that no administrator caused are passed over."""

    def __init__(self, units: Units[AuthUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        """Applies each event once. Raises DecodeError for a payload that is not what its envelope says."""
        done = [found for envelope in envelopes if (found := _done_by(envelope)) is not None]
        if done:
            await self._units.write(lambda unit: self._add_all(unit, done))

    def _add_all(self, unit: AuthUnit, done: Sequence[_Done]) -> None:
        for envelope, deed, event in done:
            self._add(unit, envelope, deed, event)

    def _add(self, unit: AuthUnit, envelope: EventEnvelope, deed: Deed, event: Any) -> None:
        if not unit.inbox(self._clock.now()).first_time(DURABLE, envelope.id):
            return
        operator_user_id = event.operator_user_id
        # What concerns no user has no such field; a shared file has 0 in it.
        target_user_id = getattr(event, "user_id", 0) or None
        accounts = {
            user_id: user.account
            for user_id, user in unit.users.find_many([operator_user_id, target_user_id or 0]).items()
        }
        unit.audit.add(
            NewAuditRecord(
                event_id=envelope.id,
                create_time=envelope.time.ToDatetime(UTC),
                request_id=envelope.request_id,
                operator_user_id=operator_user_id,
                operator_account=accounts.get(operator_user_id, ""),
                target_user_id=target_user_id,
                # Events of auth say what the account was; of others it is the one of now.
                target_account=getattr(event, "account", "") or accounts.get(target_user_id or 0, ""),
                action=deed.action,
                target=getattr(event, deed.target) if deed.target else "",
                before=deed.before(event),
                after=deed.after(event),
            )
        )


def _done_by(envelope: EventEnvelope) -> _Done | None:
    deed = BY_MESSAGE.get(envelope.type)
    if deed is None:
        return None
    event: Any = deed.message.FromString(envelope.payload)
    return (envelope, deed, event) if deed.is_deed(event) else None
