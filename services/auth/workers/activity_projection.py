"""Writes activities from everybody's events, each once however often it is delivered."""

from __future__ import annotations

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


class ActivityProjection:
    """Handles all events; those that nobody is shown are passed over."""

    def __init__(self, units: Units[AuthUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, envelope: EventEnvelope) -> None:
        """Applies the event once. Raises DecodeError for a payload that is not what the envelope says."""
        source = SOURCES.get(envelope.type)
        if source is None:
            return
        event = source.message.FromString(envelope.payload)
        kind = source.type_of(event)
        if kind is not None:
            await self._units.write(lambda unit: self._add(unit, envelope, source, kind=kind, event=event))

    def _add(
        self, unit: AuthUnit, envelope: EventEnvelope, source: Source, *, kind: ActivityType, event: Message
    ) -> None:
        if not unit.inbox(self._clock.now()).first_time(DURABLE, envelope.id):
            return
        user_id = source.user_of(event)
        # Events of auth say what the account was; of others it is the one of now.
        account = getattr(event, "account", "") or _account_of(unit, user_id)
        unit.activities.add(
            NewActivity(
                user_id=user_id,
                account=account,
                type=kind.value,
                status=source.status,
                description=source.describe(event, account, kind.label)[:_DESCRIPTION_LIMIT],
                details=source.details_of(event),
                create_time=envelope.time.ToDatetime(UTC),
            )
        )


def _account_of(unit: AuthUnit, user_id: int | None) -> str:
    if user_id is None:
        return _UNKNOWN_ACCOUNT
    user = unit.users.find(user_id)
    return _DELETED_USER if user is None else user.account
