"""The broker NATS JetStream. Connects for ever in the background; a loss is a state, never a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import structlog
from nats.js.api import PubAck, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from kit.events.backoff import Backoff
from kit.events.bus import NO_HEADERS, Backlog, BusUnavailable, ConsumerSpec, Publication, StreamStamp
from kit.events.nats_pull import NatsSubscription
from kit.events.nats_session import REQUEST_TIMEOUT_S, NatsSession, translated
from kit.events.streams import DEAD_LETTERS, EVENTS, StreamSpec, dead_letter_subject, stream_of

_MESSAGE_ID_HEADER = "Nats-Msg-Id"
_RECONNECT = Backoff(first_s=0.1, cap_s=2.0)

_log = structlog.get_logger(__name__)


class NatsBus:
    """Use as a context manager. `url` may hold several servers, separated by commas; of each stream that is ensured
    there are `replicas` copies, on as many servers of a cluster.
    """

    def __init__(self, url: str, *, name: str, replicas: int = 1) -> None:
        self._servers = [server.strip() for server in url.split(",")]
        self._name = name
        self._replicas = replicas
        self._session: NatsSession | None = None
        self._connected = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._supervisor = asyncio.create_task(self._supervise(), name="nats-supervisor")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait((self._supervisor,))

    @property
    def is_connected(self) -> bool:
        return self._session is not None and self._session.is_alive

    async def wait_connected(self, timeout_s: float) -> None:
        """Returns when there is a connection. Raises BusUnavailable after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connected.wait()
        except TimeoutError:
            raise BusUnavailable("not connected") from None

    async def publish(
        self, subject: str, body: bytes, *, message_id: str, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        [problem] = await self.publish_all([Publication(subject, body, message_id, headers)])
        if problem is not None:
            raise problem

    async def publish_all(self, publications: Sequence[Publication]) -> Sequence[Exception | None]:
        session = self._alive_session()
        sent = [await _sent(session, publication) for publication in publications]
        waiting = [each for each in sent if isinstance(each, asyncio.Future)]
        try:
            if waiting:
                await asyncio.wait(waiting, timeout=REQUEST_TIMEOUT_S)
            return [_problem(each) for each in sent]
        finally:
            for answer in waiting:
                answer.cancel()

    async def hint(self, subject: str, body: bytes) -> None:
        session = self._alive_session()
        with translated():
            await session.client.publish(subject, body)

    async def ensure_stream(self, spec: StreamSpec) -> StreamStamp:
        session = self._alive_session()
        with translated():
            info = await _ensure(session, _config(spec, self._replicas))
        created = "" if info.created is None else info.created.isoformat()
        return StreamStamp(created, session.server.node, session.server.id)

    async def backlog(self, durable: str) -> Backlog:
        session, subject = self._alive_session(), dead_letter_subject(durable)
        with translated():
            position = await session.stream.consumer_info(EVENTS.name, durable)
            letters = await session.stream.stream_info(DEAD_LETTERS.name, subjects_filter=subject)
        return Backlog(
            pending=(position.num_pending or 0) + (position.num_ack_pending or 0),
            dead=(letters.state.subjects or {}).get(subject, 0),
        )

    def consume(self, spec: ConsumerSpec) -> NatsSubscription:
        return NatsSubscription(spec, self._alive_session)

    def _alive_session(self) -> NatsSession:
        if self._session is None or not self._session.is_alive:
            raise BusUnavailable("not connected")
        return self._session

    async def _supervise(self) -> None:
        failures = 0
        while True:
            try:
                await self._hold_session()
                failures = 0
            except Exception as error:
                # Whatever it is, without a connection there is nothing better to do than to try again.
                failures += 1
                if failures == 1:
                    _log.warning("bus_unreachable", error=type(error).__name__)
            await asyncio.sleep(_RECONNECT.delay_s(failures))

    async def _hold_session(self) -> None:
        """Connects and stays until the connection is lost."""
        session = await NatsSession.connect(self._servers, name=self._name)
        try:
            self._session = session
            self._connected.set()
            _log.info("bus_connected")
            await session.lost.wait()
            _log.warning("bus_lost")
        finally:
            self._session = None
            self._connected.clear()
            await session.close()


async def _ensure(session: NatsSession, config: StreamConfig) -> StreamInfo:
    try:
        info = await session.stream.stream_info(str(config.name))
    except NotFoundError:
        return await session.stream.add_stream(config)
    if _is_as_wanted(info.config, config):
        return info
    return await session.stream.update_stream(config)


def _is_as_wanted(found: StreamConfig, wanted: StreamConfig) -> bool:
    return (
        found.subjects == wanted.subjects
        and found.max_age == wanted.max_age
        and found.duplicate_window == wanted.duplicate_window
        and found.num_replicas == wanted.num_replicas
    )


def _config(spec: StreamSpec, replicas: int) -> StreamConfig:
    return StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        retention=RetentionPolicy(spec.retention.value),
        storage=StorageType.FILE,
        max_age=spec.max_age_s,
        duplicate_window=spec.duplicate_window_s,
        num_replicas=replicas,
    )


async def _sent(session: NatsSession, publication: Publication) -> asyncio.Future[PubAck] | Exception:
    """The broker's answer to come, or why nothing was sent."""
    try:
        stream = stream_of(publication.subject)
        with translated():
            return await session.stream.publish_async(
                publication.subject,
                publication.body,
                wait_stall=REQUEST_TIMEOUT_S,
                stream=stream,
                headers={**publication.headers, _MESSAGE_ID_HEADER: publication.message_id},
            )
    except (BusUnavailable, ValueError) as error:
        return error


def _problem(answer: asyncio.Future[PubAck] | Exception) -> Exception | None:
    """None when the stream has stored it."""
    if isinstance(answer, Exception):
        return answer
    if not answer.done():
        return BusUnavailable("no answer")
    error = answer.exception()
    return None if error is None else BusUnavailable(type(error).__name__)
