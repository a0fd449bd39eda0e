"""A Speex file made bit by bit: FFmpeg can read the format and comes without an encoder for it.

Speech at 2150 bit/s is a train of pulses through a filter, so a frame of 20 ms is 43 bits: the pitch, its strength,
the loudness and the shape of the filter (the Speex codec manual, narrowband submode 1). In Ogg, as RFC 5574 has it.
"""

from __future__ import annotations

import struct

RATE = 8000
_FRAME_SAMPLES = 160
_SHORTEST_PERIOD = 17
_SERIAL = 1
_FIRST, _LAST = 2, 4
_POLYNOMIAL = 0x04C11DB7


def speex(*, frequency: int = 100, duration_s: float = 1.0) -> bytes:
    """A voice that hums at a frequency between 56 and 470 Hz."""
    frame = _frame(RATE // frequency - _SHORTEST_PERIOD)
    count = round(duration_s * RATE / _FRAME_SAMPLES)
    comment = struct.pack("<II", 0, 0)
    frames = b"".join(
        _page(frame, number + 2, granule=(number + 1) * _FRAME_SAMPLES, flags=_LAST if number + 1 == count else 0)
        for number in range(count)
    )
    return _page(_header(), 0, granule=0, flags=_FIRST) + _page(comment, 1, granule=0, flags=0) + frames


def _header() -> bytes:
    numbers = (1, 80, RATE, 0, 4, 1, -1, _FRAME_SAMPLES, 0, 1, 0, 0, 0)
    return b"Speex   " + b"1.2".ljust(20, b"\0") + struct.pack("<13i", *numbers)


def _frame(pitch: int) -> bytes:
    # Each a value and its bits: narrowband, the submode, the filter (in three tables), pitch, its strength, loudness,
    # continuous transmission; then what fills the last byte.
    fields = ((0, 1), (1, 4), (20, 6), (20, 6), (20, 6), (pitch, 7), (15, 4), (20, 5), (0, 4), (0b01111, 5))
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    return int(bits, 2).to_bytes(len(bits) // 8)


def _page(packet: bytes, number: int, *, granule: int, flags: int) -> bytes:
    lengths = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, granule, _SERIAL, number)
    rest = bytes([len(lengths)]) + lengths + packet
    return head + struct.pack("<I", _checksum(head + bytes(4) + rest)) + rest


def _checksum(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (_POLYNOMIAL if value >> 31 else 0)) & 0xFFFFFFFF
    return value
