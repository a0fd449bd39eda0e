"""What the rest of the kit needs from a message broker. Delivery is at least once and in no promised order."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from kit.events.streams import StreamSpec
from kit.values import value

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class BusUnavailable(Exception):
    """The broker cannot be reached, did not answer in time, or lacks the stream for now. Try again later."""


@dataclass(frozen=True, slots=True)
class StreamStamp:
    """Identity of a stream's storage, as one node of the broker tells it. `created` changes when the stream was made
    anew, `server` when the node was started again (it may then have lost what it had not flushed)."""

    created: str
    node: str
    server: str


@value
class Publication:
    """A message to be stored. The same `message_id` within the stream's window is stored once."""

    subject: str
    body: bytes
    message_id: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a durable consumer has before it: messages not acknowledged yet, and those it has given up."""

    pending: int
    dead: int


@dataclass(frozen=True, slots=True)
class ConsumerSpec:
    """A durable position in a stream, shared by everybody who consumes under the same name. A message not
    acknowledged within `ack_wait_s` is delivered again, without end: giving up is the reader's decision.

    With `replay_s` the position is not shared: each subscription starts that many seconds back and is forgotten when
    it is gone. For readers that keep what they learn in memory only.
    """

    stream: str
    durable: str
    subjects: tuple[str, ...]
    ack_wait_s: float = 30.0
    max_ack_pending: int = 1000
    replay_s: float | None = None


class InboundMessage(Protocol):
    """A delivered message. The four answers raise BusUnavailable when the broker cannot be told."""

    @property
    def subject(self) -> str: ...

    @property
    def body(self) -> bytes: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def message_id(self) -> str:
        """The id it was published under; empty when it had none."""
        ...

    @property
    def delivery(self) -> int:
        """How many times it has been delivered, counted from 1."""
        ...

    async def ack(self) -> None:
        """Done with it. An answer that is lost on its way means another delivery."""
        ...

    async def nak(self, delay_s: float) -> None:
        """Deliver it again after the delay."""
        ...

    async def in_progress(self) -> None:
        """Still at it: the wait for the acknowledgement starts again."""
        ...

    async def term(self) -> None:
        """Never deliver it again."""
        ...


class Subscription(Protocol):
    """A pull consumer. Created at the broker at first use, and again whenever the broker has lost it."""

    def fetch(self, limit: int, timeout_s: float) -> Coroutine[Any, Any, Sequence[InboundMessage]]:
        """Waits up to `timeout_s` for the first message, then takes what else is there, up to `limit`.

        Empty when none came. Raises BusUnavailable.
        """
        ...

    async def close(self) -> None:
        """Stops consuming. The durable position stays."""
        ...


class Bus(Protocol):
    """The broker."""

    @property
    def is_connected(self) -> bool: ...

    async def publish(
        self, subject: str, body: bytes, *, message_id: str, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        """Returns when the broker has stored it; see Publication.

        Raises BusUnavailable at once when there is no connection, ValueError for what no broker can store.
        """
        ...

    async def publish_all(self, publications: Sequence[Publication]) -> Sequence[Exception | None]:
        """The same for many at once: for each None when the broker has stored it, else what `publish` would raise.

        Raises BusUnavailable at once when there is no connection.
        """
        ...

    async def hint(self, subject: str, body: bytes) -> None:
        """Tells whoever listens at this moment; nobody keeps it. Raises BusUnavailable when there is no connection."""
        ...

    async def ensure_stream(self, spec: StreamSpec) -> StreamStamp:
        """Creates the stream or brings it to the spec. Raises BusUnavailable."""
        ...

    async def backlog(self, durable: str) -> Backlog:
        """What a durable consumer of the event stream has before it. Raises BusUnavailable, also while there is no
        such consumer."""
        ...

    def consume(self, spec: ConsumerSpec) -> Subscription:
        """A subscription; nothing happens before its first fetch."""
        ...
