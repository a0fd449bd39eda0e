"""A name server that answers for services as headless Services are answered for: the addresses of the ready pods."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Address

_HEAD_BYTES = 12
_ANSWER = 0x8580
_A, _INTERNET = 1, 1
# The name of the answer is that of the question, which begins right behind the head.
_SAME_NAME = b"\xc0\x0c"
_NOT_KEPT_S = 0


class NameServer(asyncio.DatagramProtocol):
    """`addresses` says who is there now; whoever asks for anything else is told that there is nothing."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(reply_to(data, self.addresses), addr)


def reply_to(query: bytes, addresses: Mapping[str, Iterable[str]]) -> bytes:
    """The reply to one question (RFC 1035, section 4)."""
    labels, at = [], _HEAD_BYTES
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii"))
        at += 1 + length
    (kind,) = struct.unpack_from("!H", query, at + 1)
    found = list(addresses.get(".".join(labels), ())) if kind == _A else []
    records = [
        _SAME_NAME + struct.pack("!HHIH", _A, _INTERNET, _NOT_KEPT_S, 4) + IPv4Address(address).packed
        for address in found
    ]
    head = query[:2] + struct.pack("!HHHHH", _ANSWER, 1, len(records), 0, 0)
    return head + query[_HEAD_BYTES : at + 5] + b"".join(records)


@asynccontextmanager
async def name_server() -> AsyncIterator[tuple[NameServer, int]]:
    """Serves on a free port; answers the port."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    try:
        yield server, int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
