"""What a task is, whatever it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

JsonValue: TypeAlias = bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
JsonObject: TypeAlias = Mapping[str, JsonValue]


class TaskKind(StrEnum):
    """What a task does. Names are those of the proto enum."""

    TTS = "TTS"
    ASR = "ASR"
    VIDEO = "VIDEO"
    CHROMA_KEY = "CHROMA_KEY"
    VOICE_CLONE = "VOICE_CLONE"
    LLM = "LLM"


class TaskState(StrEnum):
    """Where a task is. Names are those of the proto enum."""

    NEW = "NEW"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Stage(StrEnum):
    """Names of the steps every task goes through; engines add their own between running and the end."""

    NEW = "new"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FOR_OWNER = "for_owner"
"""The part of an output that tells what was asked: its values take the place of the others of the same names, for the
owner and administrators only."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be recorded. `request_id` makes it unique for its user; `input_hash` tells a repeated request from
    another one under the same id."""

    id: str
    kind: TaskKind
    user_id: int
    request_id: str
    input_hash: str
    input: JsonObject


@dataclass(frozen=True, slots=True)
class Amendment:
    """What the owner of a task wants to see on it. `progress` is in percent; None leaves a value as it is."""

    progress: int | None = None
    stage: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a task: it holds while the row still names this owner and this attempt."""

    task_id: str
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Task:
    """A task as recorded. `progress` is in percent; `attempt` counts the times a worker began it."""

    id: str
    kind: TaskKind
    state: TaskState
    user_id: int
    request_id: str
    input_hash: str
    input: JsonObject
    output: JsonObject | None
    credits: int
    hold_id: str
    progress: int
    stage: str
    attempt: int
    lease_owner: str
    lease_until: datetime | None
    error_reason: str
    error_message: str
    create_time: datetime
    update_time: datetime
    enqueue_time: datetime | None
    start_time: datetime | None
    finish_time: datetime | None
    trace_parent: str

    @property
    def lease(self) -> Lease:
        """The lease under which it was last claimed."""
        return Lease(self.id, self.lease_owner, self.attempt)
