"""A broker inside the process, for one-process setups and tests. Same promises as the real one, but storage
that ends with the process: the outbox and the task rows make up for that."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kit.clock import Clock
from kit.events.bus import NO_HEADERS, Backlog, BusUnavailable, ConsumerSpec, Publication, StreamStamp
from kit.events.streams import DEAD_LETTERS, EVENTS, Retention, StreamSpec, dead_letter_subject, stream_of

_MAX_MESSAGES = 100_000
_HINTS = 1000


@dataclass(frozen=True, slots=True)
class _Stored:
    subject: str
    body: bytes
    headers: Mapping[str, str]
    message_id: str
    time: float


@dataclass(slots=True)
class _Position:
    """A durable consumer. `due` holds what was delivered and not acknowledged, with the redelivery time."""

    spec: ConsumerSpec
    cursor: int = 0
    due: dict[int, float] = field(default_factory=dict)
    deliveries: dict[int, int] = field(default_factory=dict)

    def settle(self, sequence: int) -> None:
        self.due.pop(sequence, None)
        self.deliveries.pop(sequence, None)


@dataclass(slots=True)
class _Stream:
    spec: StreamSpec
    created: str
    last: int = 0
    messages: dict[int, _Stored] = field(default_factory=dict)
    recent_ids: dict[str, float] = field(default_factory=dict)
    positions: dict[str, _Position] = field(default_factory=dict)

    def store(self, message: _Stored) -> None:
        self._forget(message.time)
        if message.message_id in self.recent_ids:
            return
        self.last += 1
        self.messages[self.last] = message
        if message.message_id:
            self.recent_ids[message.message_id] = message.time

    def _forget(self, now: float) -> None:
        while self.recent_ids:
            oldest = next(iter(self.recent_ids))
            if now - self.recent_ids[oldest] < self.spec.duplicate_window_s:
                break
            del self.recent_ids[oldest]
        while self.messages:
            first = next(iter(self.messages))
            is_old = now - self.messages[first].time >= self.spec.max_age_s
            if not is_old and len(self.messages) < _MAX_MESSAGES:
                break
            del self.messages[first]

    def before(self, time: float | None) -> int:
        """The sequence a position starts after: all of the stream, or what came since a time."""
        if time is None:
            return 0
        return next((number - 1 for number, found in self.messages.items() if found.time >= time), self.last)

    def take(self, position: _Position, limit: int, now: float) -> Iterator[tuple[int, _Stored, int]]:
        """Sequence, message and delivery count of what is due, oldest first."""
        again = [sequence for sequence, due in position.due.items() if due <= now]
        for sequence in again[:limit]:
            if sequence not in self.messages:
                position.settle(sequence)
                continue
            limit -= 1
            yield self._deliver(position, sequence, now)
        while limit > 0 and position.cursor < self.last:
            if len(position.due) >= position.spec.max_ack_pending:
                return
            position.cursor += 1
            message = self.messages.get(position.cursor)
            if message is not None and _matches(message.subject, position.spec.subjects):
                limit -= 1
                yield self._deliver(position, position.cursor, now)

    def left_for(self, position: _Position) -> int:
        """Messages that the position has not delivered, or that were not acknowledged."""
        ahead = (found for number, found in self.messages.items() if number > position.cursor)
        return len(position.due) + sum(_matches(each.subject, position.spec.subjects) for each in ahead)

    def _deliver(self, position: _Position, sequence: int, now: float) -> tuple[int, _Stored, int]:
        position.due[sequence] = now + position.spec.ack_wait_s
        position.deliveries[sequence] = position.deliveries.get(sequence, 0) + 1
        return sequence, self.messages[sequence], position.deliveries[sequence]


class MemoryBus:
    """The broker. `disconnect`, `connect`, `restart` and `wipe` are what can happen to a real one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._streams: dict[str, _Stream] = {}
        self._is_connected = True
        self._created = 0
        self._starts = 1
        self._changed = asyncio.Event()
        # What was told without being kept, the latest last.
        self.hints: deque[tuple[str, bytes]] = deque(maxlen=_HINTS)

    @property
    def is_connected(self) -> bool:
        return self._is_connected

    def disconnect(self) -> None:
        self._is_connected = False
        self.notify()

    def connect(self) -> None:
        self._is_connected = True
        self.notify()

    def restart(self) -> None:
        """The broker is started again with its storage."""
        self._starts += 1
        self.connect()

    def wipe(self) -> None:
        """The broker is started again without its storage: streams and positions are gone."""
        self._streams.clear()
        self.restart()

    async def publish(
        self, subject: str, body: bytes, *, message_id: str, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        stream = self.stream(stream_of(subject))
        stream.store(_Stored(subject, body, dict(headers), message_id, self._clock.monotonic()))
        self.notify()

    async def publish_all(self, publications: Sequence[Publication]) -> Sequence[Exception | None]:
        self.require_connection()
        outcomes: list[Exception | None] = []
        for each in publications:
            try:
                await self.publish(each.subject, each.body, message_id=each.message_id, headers=each.headers)
            except (BusUnavailable, ValueError) as error:
                outcomes.append(error)
            else:
                outcomes.append(None)
        return outcomes

    async def hint(self, subject: str, body: bytes) -> None:
        self.require_connection()
        self.hints.append((subject, body))

    async def ensure_stream(self, spec: StreamSpec) -> StreamStamp:
        self.require_connection()
        stream = self._streams.get(spec.name)
        if stream is None:
            self._created += 1
            stream = self._streams[spec.name] = _Stream(spec, str(self._created))
        stream.spec = spec
        return StreamStamp(stream.created, "", str(self._starts))

    async def backlog(self, durable: str) -> Backlog:
        events, letters, subject = (
            self.stream(EVENTS.name),
            self.stream(DEAD_LETTERS.name),
            dead_letter_subject(durable),
        )
        position = events.positions.get(durable)
        if position is None:
            raise BusUnavailable(f"no consumer {durable}")
        dead = sum(letter.subject == subject for letter in letters.messages.values())
        return Backlog(events.left_for(position), dead)

    def consume(self, spec: ConsumerSpec) -> MemorySubscription:
        return MemorySubscription(self, spec)

    def stream(self, name: str) -> _Stream:
        """The stream of a name. Raises BusUnavailable when it is not there."""
        self.require_connection()
        stream = self._streams.get(name)
        if stream is None:
            raise BusUnavailable(f"no stream {name}")
        return stream

    def require_connection(self) -> None:
        if not self._is_connected:
            raise BusUnavailable("not connected")

    def now(self) -> float:
        """Seconds on the broker's clock."""
        return self._clock.monotonic()

    async def wait_for_change(self, timeout_s: float) -> bool:
        """Waits until something was published or answered; False when the time passed first."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._changed.wait()
        except TimeoutError:
            return False

    def notify(self) -> None:
        """Something changed for those who wait."""
        # Whoever waits holds the old event; the next wait gets a fresh one.
        self._changed.set()
        self._changed = asyncio.Event()


class MemorySubscription:
    """A pull consumer of the broker above."""

    def __init__(self, bus: MemoryBus, spec: ConsumerSpec) -> None:
        self._bus = bus
        self._spec = spec
        self._name = spec.durable if spec.replay_s is None else f"{spec.durable}-{uuid.uuid4().hex}"
        self._start = None if spec.replay_s is None else bus.now() - spec.replay_s

    async def fetch(self, limit: int, timeout_s: float) -> Sequence[MemoryMessage]:
        deadline = self._bus.now() + timeout_s
        while True:
            stream = self._bus.stream(self._spec.stream)
            position = stream.positions.get(self._name)
            if position is None:
                position = stream.positions[self._name] = _Position(self._spec, stream.before(self._start))
            # As at the real broker, who reads last says what is read.
            position.spec = self._spec
            now = self._bus.now()
            found = [
                MemoryMessage(self._bus, stream, position, sequence, stored, delivery)
                for sequence, stored, delivery in stream.take(position, limit, now)
            ]
            next_due = min(position.due.values(), default=deadline)
            if found or now >= deadline:
                return found
            is_changed = await self._bus.wait_for_change(max(0.0, min(deadline, next_due) - now))
            if not is_changed and next_due >= deadline:
                return ()

    async def close(self) -> None:
        if self._spec.replay_s is not None and self._bus.is_connected:
            self._bus.stream(self._spec.stream).positions.pop(self._name, None)


class MemoryMessage:
    """A delivered message."""

    def __init__(
        self,
        bus: MemoryBus,
        stream: _Stream,
        position: _Position,
        sequence: int,
        stored: _Stored,
        delivery: int,
    ) -> None:
        self._bus = bus
        self._stream = stream
        self._position = position
        self._sequence = sequence
        self._stored = stored
        self.delivery = delivery

    @property
    def subject(self) -> str:
        return self._stored.subject

    @property
    def body(self) -> bytes:
        return self._stored.body

    @property
    def headers(self) -> Mapping[str, str]:
        return self._stored.headers

    @property
    def message_id(self) -> str:
        return self._stored.message_id

    async def ack(self) -> None:
        self._settle()

    async def term(self) -> None:
        self._settle()

    async def nak(self, delay_s: float) -> None:
        self._postpone(delay_s)

    async def in_progress(self) -> None:
        self._postpone(self._position.spec.ack_wait_s)

    def _settle(self) -> None:
        self._bus.require_connection()
        self._position.settle(self._sequence)
        if self._stream.spec.retention is Retention.WORK_QUEUE:
            self._stream.messages.pop(self._sequence, None)
        self._bus.notify()

    def _postpone(self, delay_s: float) -> None:
        self._bus.require_connection()
        if self._sequence in self._position.due:
            self._position.due[self._sequence] = self._bus.now() + delay_s
            self._bus.notify()


def _matches(subject: str, patterns: Sequence[str]) -> bool:
    return any(_matches_one(subject.split("."), pattern.split(".")) for pattern in patterns)


def _matches_one(tokens: Sequence[str], pattern: Sequence[str]) -> bool:
    for index, expected in enumerate(pattern):
        if expected == ">":
            return index < len(tokens)
        if index >= len(tokens) or expected not in ("*", tokens[index]):
            return False
    return len(tokens) == len(pattern)
