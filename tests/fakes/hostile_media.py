"""Files that are not what they seem, as strangers may send them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import av
import numpy as np

from tests.fakes.screen_clip import studio, write_clip

TEXT = b"not a video\n" * 99
PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n"
FILE_LIST = b"ffconcat version 1.0\nfile /etc/passwd\n"
# Of a WAV whose data, so it says, never ends, and is not there.
MUTE_WAV = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0data\xff\xff\xff\xff"

_FIVE_HOURS_MS = 5 * 3600 * 1000


def huge_picture(side: int = 60_000) -> bytes:
    """A PNG whose header promises a square of this side, with next to nothing behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def huge_video(path: Path, side: int = 10_000) -> bytes:
    """A Motion JPEG of some seconds whose container and pictures promise squares of this side."""
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for _ in range(60):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), "rgb24")
            container.mux(stream.encode(frame.reformat(format="yuvj420p")))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    # BITMAPINFOHEADER: width and height behind its own size; SOF0: height and width behind its length and precision.
    at = data.index(b"strf") + 8 + 4
    data[at : at + 8] = struct.pack("<ii", side, side)
    start_of_frame = b"\xff\xc0\x00\x11\x08"
    small, huge = struct.pack(">HH", 48, 64), struct.pack(">HH", side, side)
    return bytes(data).replace(start_of_frame + small, start_of_frame + huge)


def endless_video(path: Path) -> bytes:
    """Two pictures that lie five hours apart."""
    return write_clip(path, [studio(width=64, height=48)] * 2, stamps=[0, _FIVE_HOURS_MS], sound="").read_bytes()


def sound_alone(clip: Path, target: Path) -> bytes:
    """The sound of a clip in a container without pictures."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    return target.read_bytes()


def small_picture(path: Path) -> bytes:
    """A PNG there is nothing wrong with."""
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb24"
        frame = av.VideoFrame.from_ndarray(np.full((24, 32, 3), 200, np.uint8), "rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def borrowing_video(own: Path, borrowed: Path) -> bytes:
    """The MOV of `own`, whose pictures are said to lie in the file `borrowed`, and are gone from its own data.

    The reference is an alias record (QuickTime File Format, data reference atoms) with an absolute path.
    """
    data = own.read_bytes()
    path, name = str(borrowed).encode(), borrowed.name.encode()
    alias = b"".join(
        (
            b"\0" * 10,
            b"\x04" + b"disk".ljust(27, b"\0"),
            b"\0" * 12,
            bytes([len(name)]) + name.ljust(63, b"\0"),
            b"\0" * 36,
            struct.pack(">HH", 2, len(path)) + path + b"\0" * (len(path) % 2),
            struct.pack(">HH", 0xFFFF, 0),
        )
    )
    entry_at = data.index(b"dref") + 12
    old_size = struct.unpack(">I", data[entry_at : entry_at + 4])[0]
    entry = struct.pack(">I", len(alias) + 12) + b"alis\0\0\0\0" + alias
    made = bytearray(data[:entry_at] + entry + data[entry_at + old_size :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = made.index(box) - 4
        made[at : at + 4] = struct.pack(">I", struct.unpack(">I", made[at : at + 4])[0] + len(entry) - old_size)
    begin, end = made.index(b"mdat") + 4, made.index(b"moov") - 4
    made[begin:end] = bytes(end - begin)
    return bytes(made)
