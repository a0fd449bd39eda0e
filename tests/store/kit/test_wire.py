"""The connection for masses, against a real NATS server and against one that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlparse

import pytest

from kit.events.bus import BusUnavailable, Publication
from kit.events.nats_bus import NatsBus
from kit.events.nats_publish import NatsPublisher
from kit.events.nats_wire import NatsWire, WireMessage
from kit.events.streams import EVENTS
from tests.nats import NatsServer
from tests.polling import eventually

GREETING = b'INFO {"max_payload": 100}\r\n'


class FakeNats:
    """Answers what it is told, and keeps what it was sent."""

    def __init__(self, greeting: bytes = GREETING, after: bytes = b"PONG\r\n") -> None:
        self._greeting = greeting
        self._after = after
        self.received = b""
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []

    async def say(self, *pieces: bytes) -> None:
        """Sends the pieces, each when the one before is on its way."""
        for piece in pieces:
            self._writers[-1].write(piece)
            await self._writers[-1].drain()
            await asyncio.sleep(0)

    def hang_up(self) -> None:
        self._writers[-1].close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(self._greeting)
        while data := await reader.read(65536):
            self.received += data
            if data.endswith(b"PING\r\n"):
                writer.write(self._after)


@asynccontextmanager
async def fake_nats(nats: FakeNats) -> AsyncIterator[FakeNats]:
    server = await asyncio.start_server(nats.serve, "127.0.0.1", 0)
    async with server:
        nats.url = f"nats://secret@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield nats


async def open_wire(nats: FakeNats, lost: asyncio.Event | None = None) -> NatsWire:
    return await NatsWire.open(urlparse(nats.url), name="test", lost=(lost or asyncio.Event()).set)


async def test_it_introduces_itself_with_what_the_address_says() -> None:
    async with fake_nats(FakeNats()) as nats:
        wire = await open_wire(nats)
        assert b'"auth_token": "secret"' in nats.received
        wire.close()


@pytest.mark.parametrize("answer", [b"-ERR 'Authorization Violation'\r\n", b""])
async def test_who_is_refused_is_told(answer: bytes) -> None:
    nats = FakeNats(after=answer)
    async with fake_nats(nats):
        opening = asyncio.create_task(open_wire(nats))
        if not answer:
            await eventually(lambda: b"PING" in nats.received)
            nats.hang_up()
        with pytest.raises(ConnectionError):
            await opening


async def test_messages_are_whole_wherever_the_bytes_are_cut() -> None:
    body = b"MSG in.it 1 3\r\n"
    head = b"NATS/1.0\r\nOne: 1\r\nTwo:2\r\n\r\n"
    sent = b"MSG box.1 1 %d\r\n%s\r\n" % (len(body), body)
    sent += b"PING\r\n+OK\r\nHMSG box.2 1 back %d %d\r\n%s%s\r\n" % (len(head), len(head) + 2, head, b"hi")
    sent += b"MSG box.3 1 back 0\r\n\r\nMSG other.3 9 2\r\nxx\r\nHMSG box.4 1 18 18\r\nNATS/1.0 404 No\r\n\r\n\r\n"
    async with fake_nats(FakeNats()) as nats:
        wire = await open_wire(nats)
        for size in (1, 2, 7, len(sent)):
            found: list[WireMessage] = []
            number = wire.subscribe("box.*", found.append, lost=asyncio.Event().set)
            numbered = sent.replace(b" 1 ", b" %d " % number)
            for start in range(0, len(numbered), size):
                wire.data_received(numbered[start : start + size])
            assert [(each.subject, each.reply, each.body) for each in found] == [
                ("box.1", "", body.replace(b" 1 ", b" %d " % number)),
                ("box.2", "back", b"hi"),
                ("box.3", "back", b""),
                ("box.4", "", b""),
            ]
            assert found[1].headers == {"One": "1", "Two": "2"}
            assert [each.status for each in found] == [("", ""), ("", ""), ("", ""), ("404", "No")]
            wire.unsubscribe(number)
        await eventually(lambda: nats.received.count(b"PONG\r\n") == 4)
        wire.close()


async def test_what_would_end_the_connection_is_not_sent() -> None:
    async with fake_nats(FakeNats()) as nats:
        wire = await open_wire(nats)
        for subject, size in (("evt.a", 101), ("evt.a b", 1), ("evt.a\r\nPUB x 0", 1), ("", 1)):
            with pytest.raises(ValueError):
                wire.frame(subject, b"x" * size)
        assert b"a: b  PUB c\r\n" in wire.frame("evt.a", b"", headers={"a": "b\r\nPUB c"})
        wire.close()


async def test_the_loss_is_told_to_everybody_once() -> None:
    lost, heard = asyncio.Event(), asyncio.Event()
    async with fake_nats(FakeNats()) as nats:
        wire = await open_wire(nats, lost)
        wire.subscribe("box.*", lambda _message: None, lost=heard.set)
        await nats.say(b"PING\r\n")
        nats.hang_up()
        await eventually(lambda: lost.is_set() and heard.is_set())
        assert not wire.is_alive
        with pytest.raises(BusUnavailable):
            wire.write(b"PUB a 0\r\n\r\n")


def publication(number: int, *, subject: str = "evt.test.thing.done", size: int = 1) -> Publication:
    return Publication(subject, b"x" * size, f"id-{number}", {})


async def test_each_message_of_many_has_its_own_outcome(tmp_path: Path) -> None:
    async with NatsServer(tmp_path) as server, NatsBus(server.url, name="test") as bus:
        await bus.wait_connected(60)
        await bus.ensure_stream(EVENTS)
        many = [publication(number) for number in range(300)]
        many[7] = publication(7, subject="nowhere.at.all")
        many[8] = publication(8, subject="work.missing.tts")
        many[9] = publication(9, size=3_000_000)
        outcomes = await bus.publish_all(many)
        refused = {place: type(outcome) for place, outcome in enumerate(outcomes) if outcome is not None}
        assert refused == {7: ValueError, 8: BusUnavailable, 9: ValueError}
        with pytest.raises(ValueError):
            await bus.publish("nowhere.at.all", b"", message_id="id")


async def test_publishing_ends_with_the_connection() -> None:
    nats = FakeNats(greeting=b'INFO {"max_payload": 1000}\r\n')
    async with fake_nats(nats):
        wire = await open_wire(nats)
        publishing = asyncio.create_task(NatsPublisher(wire).publish_all([publication(1)], timeout_s=3600))
        await eventually(lambda: b"HPUB" in nats.received)
        nats.hang_up()
        assert [type(outcome) for outcome in await publishing] == [BusUnavailable]
