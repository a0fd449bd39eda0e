"""The audit: what administrators did, with what was so before and is so since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kit.values import value

Facts = Mapping[str, str | int | bool | Sequence[str]]


@value
class NewAuditRecord:
    """A deed to be written down. `target` is what it was done to, if that is no user."""

    event_id: str
    create_time: datetime
    request_id: str
    operator_user_id: int
    operator_account: str
    target_user_id: int | None
    target_account: str
    action: str
    target: str
    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A deed as it is kept."""

    id: int
    create_time: datetime
    request_id: str
    operator_user_id: int
    operator_account: str
    target_user_id: int | None
    target_account: str
    action: str
    target: str
    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records. None does not matter; `until` itself is out."""

    operator_user_id: int | None = None
    target_user_id: int | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
