"""Writes activities from everybody's events, each once however often it is delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from google.protobuf.message import Message

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.domain.activities import ActivityType, NewActivity
from services.auth.store.uow import AuthUnit
from services.auth.workers.activity_sources import SOURCES, Source
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE: Final = "auth--activities"
SUBJECTS: Final = ("evt.>",)
_DESCRIPTION_LIMIT = 500
_DELETED_USER = "（已删除）"
_UNKNOWN_ACCOUNT = "（未知）"


@dataclass(frozen=True, slots=True)
class _Told:
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
    """Handles all events; those that nobody is shown are passed over."""

    def __init__(self, units: Units[AuthUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        """Applies each event once. Raises DecodeError for a payload that is not what its envelope says."""
        told = [found for envelope in envelopes if (found := _told_by(envelope)) is not None]
        if told:
            await self._units.write(lambda unit: self._add_all(unit, told))

    def _add_all(self, unit: AuthUnit, told: Sequence[_Told]) -> None:
        by_id = {each.envelope.id: each for each in told}
        new = unit.inbox(self._clock.now()).first_times(DURABLE, list(by_id))
        fresh = [each for event_id, each in by_id.items() if event_id in new]
        users = unit.users.find_many([user_id for each in fresh if (user_id := each.user_id) is not None])
        accounts = {user_id: user.account for user_id, user in users.items()}
        unit.activities.add_all([each.activity(accounts) for each in fresh])


def _told_by(envelope: EventEnvelope) -> _Told | None:
    source = SOURCES.get(envelope.type)
    if source is None:
        return None
    event = source.message.FromString(envelope.payload)
    kind = source.type_of(event)
    return None if kind is None else _Told(envelope, source, kind, event)
