"""Writes the audit from everybody's events, each once however often it is delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.audit import NewAuditRecord
from services.auth.store.uow import AuthUnit
from services.auth.workers.audit_sources import BY_MESSAGE, Deed
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE: Final = "auth--audit"


@dataclass(frozen=True, slots=True)
class _Done:
    """An event that an administrator caused."""

    envelope: EventEnvelope
    deed: Deed
    event: Any

    @property
    def operator_user_id(self) -> int:
        return int(self.event.operator_user_id)

    @property
    def target_user_id(self) -> int | None:
        """What concerns no user has no such field; a shared file has 0 in it."""
        return getattr(self.event, "user_id", 0) or None

    def record(self, accounts: Mapping[int | None, str]) -> NewAuditRecord:
        deed, event = self.deed, self.event
        return NewAuditRecord(
            event_id=self.envelope.id,
            create_time=self.envelope.time.ToDatetime(UTC),
            request_id=self.envelope.request_id,
            operator_user_id=self.operator_user_id,
            operator_account=accounts.get(self.operator_user_id, ""),
            target_user_id=self.target_user_id,
            # Events of auth say what the account was; of others it is the one of now.
            target_account=getattr(event, "account", "") or accounts.get(self.target_user_id, ""),
            action=deed.action,
            target=getattr(event, deed.target) if deed.target else "",
            before=deed.before(event),
            after=deed.after(event),
        )


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
        by_id = {each.envelope.id: each for each in done}
        new = unit.inbox(self._clock.now()).first_times(DURABLE, list(by_id))
        fresh = [each for event_id, each in by_id.items() if event_id in new]
        concerned = {user_id for each in fresh for user_id in (each.operator_user_id, each.target_user_id) if user_id}
        accounts: dict[int | None, str] = {
            user_id: user.account for user_id, user in unit.users.find_many(sorted(concerned)).items()
        }
        unit.audit.add_all([each.record(accounts) for each in fresh])


def _done_by(envelope: EventEnvelope) -> _Done | None:
    deed = BY_MESSAGE.get(envelope.type)
    if deed is None:
        return None
    event: Any = deed.message.FromString(envelope.payload)
    return _Done(envelope, deed, event) if deed.is_deed(event) else None
