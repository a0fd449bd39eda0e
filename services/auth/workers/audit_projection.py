"""What the audit keeps of everybody's events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.rpc.times import datetime_of
from kit.values import value
from services.auth.domain.audit import NewAuditRecord
from services.auth.store.uow import AuthUnit
from services.auth.workers.audit_sources import BY_MESSAGE, Deed
from voxreel.common.v1.event_pb2 import EventEnvelope


@value
class DoneDeed:
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
            create_time=datetime_of(self.envelope.time),
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
    """Takes what administrators caused."""

    def take(self, envelope: EventEnvelope) -> DoneDeed | None:
        deed = BY_MESSAGE.get(envelope.type)
        if deed is None:
            return None
        event: Any = deed.message.FromString(envelope.payload)
        return DoneDeed(envelope, deed, event) if deed.is_deed(event) else None

    def write(self, unit: AuthUnit, taken: Sequence[DoneDeed]) -> None:
        concerned = {user_id for each in taken for user_id in (each.operator_user_id, each.target_user_id) if user_id}
        accounts: dict[int | None, str] = {
            user_id: user.account for user_id, user in unit.users.find_many(sorted(concerned)).items()
        }
        unit.audit.add_all([each.record(accounts) for each in taken])
