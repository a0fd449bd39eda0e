"""What can go wrong, as switches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class SocketFaults:
    """On the WebSocket. Those that name a number happen after so many messages of a task, task-started included."""

    handshake_status: int | None = None
    handshake_code: str = "InvalidApiKey"
    hangs_at_handshake: bool = False
    drops_before_start: bool = False
    never_starts: bool = False
    fails_at_start: str = ""
    drops_after: int | None = None
    closes_after: int | None = None
    fails_after: int | None = None
    failure_code: str = "InternalError"
    failure_message: str = "the key sk-secret and the text are quoted here"
    silent_after: int | None = None
    garbage_after: int | None = None
    never_finishes: bool = False
    pause_s: float = 0.0


@dataclass(slots=True)
class HttpFaults:
    """On HTTP. The `stream_` ones happen after so many events."""

    status: int | None = None
    code: str = "InternalError"
    is_html: bool = False
    resets: bool = False
    delay_s: float = 0.0
    stream_fails_after: int | None = None
    stream_code: str = "DataInspectionFailed"
    stream_cut_after: int | None = None
    stream_stalls_after: int | None = None
    stream_garbage_after: int | None = None
    # The reply to an enrolment is lost: the voice is there all the same.
    loses_enrolment_reply: bool = False
    enrolment_delay_s: float = 0.0
    fails_creation_with: int | None = None
    creation_code: str = "InternalError"
    upload_status: int | None = None
    # Tasks end so instead of SUCCEEDED; PENDING never ends, PRE-PROCESSING neither.
    task_ends: str = ""
    task_code: str = "InvalidFile.Duration"
    result_status: int | None = None
    result_delay_s: float = 0.0
    # Of orders of tasks and of looks at them. A reply that is lost leaves the task there all the same.
    order_status: int | None = None
    order_code: str = "InternalError"
    loses_order_reply: bool = False
    # The reply waits for it.
    order_waits: asyncio.Event | None = None
    is_garbage: bool = False


@dataclass(slots=True)
class Faults:
    """All of them."""

    socket: SocketFaults = field(default_factory=SocketFaults)
    http: HttpFaults = field(default_factory=HttpFaults)
