"""What users are told of everybody's events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf.message import Message

from kit.rpc.times import datetime_of
from kit.values import value
from services.auth.domain.activities import ActivityType, NewActivity
from services.auth.store.uow import AuthUnit
from services.auth.workers.activity_sources import SOURCES, Fields, Source, fields_of, user_of
from voxreel.common.v1.event_pb2 import EventEnvelope

_DESCRIPTION_LIMIT = 500
_DELETED_USER = "（已删除）"
_UNKNOWN_ACCOUNT = "（未知）"


@value
class ToldEvent:
    """An event that users are shown."""

    envelope: EventEnvelope
    source: Source
    kind: ActivityType
    event: Message
    fields: Fields

    @property
    def user_id(self) -> int | None:
        return user_of(self.fields)

    def activity(self, accounts: Mapping[int, str]) -> NewActivity:
        user_id = self.user_id
        now_called = _UNKNOWN_ACCOUNT if user_id is None else accounts.get(user_id, _DELETED_USER)
        # Events of auth say what the account was; of others it is the one of now.
        account = self.fields.get("account") or now_called
        description = self.source.describe(self.event, self.fields, account=account, label=self.kind.label)
        return NewActivity(
            user_id=user_id,
            account=account,
            type=self.kind.value,
            status=self.source.status,
            description=description[:_DESCRIPTION_LIMIT],
            details=self.source.details_of(self.fields),
            create_time=datetime_of(self.envelope.time),
        )


class ActivityProjection:
    """Takes what users are shown."""

    def take(self, envelope: EventEnvelope) -> ToldEvent | None:
        source = SOURCES.get(envelope.type)
        if source is None:
            return None
        event = source.message.FromString(envelope.payload)
        kind = source.type_of(event)
        return None if kind is None else ToldEvent(envelope, source, kind, event, fields_of(event))

    def write(self, unit: AuthUnit, taken: Sequence[ToldEvent]) -> None:
        users = unit.users.find_many([user_id for each in taken if (user_id := each.user_id) is not None])
        accounts = {user_id: user.account for user_id, user in users.items()}
        unit.activities.add_all([each.activity(accounts) for each in taken])
