"""What users are told of everybody's events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from google.protobuf.message import Message

from services.auth.domain.activities import ActivityType, NewActivity
from services.auth.store.uow import AuthUnit
from services.auth.workers.activity_sources import SOURCES, Source
from voxreel.common.v1.event_pb2 import EventEnvelope

_DESCRIPTION_LIMIT = 500
_DELETED_USER = "（已删除）"
_UNKNOWN_ACCOUNT = "（未知）"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event that users are shown."""

    envelope: EventEnvelope
    source: Source
    kind: ActivityType
    event: Message

    @property
    def user_id(self) -> int | None:
        return self.source.user_of(self.event)

    def activity(self, accounts: Mapping[int, str]) -> NewActivity:
        user_id = self.user_id
        now_called = _UNKNOWN_ACCOUNT if user_id is None else accounts.get(user_id, _DELETED_USER)
        # Events of auth say what the account was; of others it is the one of now.
        account = getattr(self.event, "account", "") or now_called
        return NewActivity(
            user_id=user_id,
            account=account,
            type=self.kind.value,
            status=self.source.status,
            description=self.source.describe(self.event, account, self.kind.label)[:_DESCRIPTION_LIMIT],
            details=self.source.details_of(self.event),
            create_time=self.envelope.time.ToDatetime(UTC),
        )


class ActivityProjection:
    """Takes what users are shown."""

    def take(self, envelope: EventEnvelope) -> ToldEvent | None:
        source = SOURCES.get(envelope.type)
        if source is None:
            return None
        event = source.message.FromString(envelope.payload)
        kind = source.type_of(event)
        return None if kind is None else ToldEvent(envelope, source, kind, event)

    def write(self, unit: AuthUnit, taken: Sequence[ToldEvent]) -> None:
        users = unit.users.find_many([user_id for each in taken if (user_id := each.user_id) is not None])
        accounts = {user_id: user.account for user_id, user in users.items()}
        unit.activities.add_all([each.activity(accounts) for each in taken])
