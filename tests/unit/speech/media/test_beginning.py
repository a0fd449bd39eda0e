"""What counts as audio, and how long it is: by its sound, not by what a header or a name says."""

import socket
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from kit.content_label import ContentLabel
from kit.engines import InputRefused
from services.speech.dsp.encoding import encode_mp3, encode_opus, encode_wav
from services.speech.media.decoding import Beginning, decode_beginning
from services.speech.media.sound import SoundOrder
from tests.fakes.media import MediaKind, make_media

RATE = 24_000
Encoder = Callable[[NDArray[np.float32], int, ContentLabel], bytes]
LABEL = ContentLabel("test", "1")
TONE: NDArray[np.float32] = np.sin(np.arange(RATE * 3) * 2 * np.pi * 220 / RATE).astype(np.float32) / 2


HOUR = SoundOrder()


def _decode(path: Path, content: bytes, *, seconds: float = 60.0, order: SoundOrder = HOUR) -> Beginning:
    path.write_bytes(content)
    return decode_beginning(path, seconds=seconds, order=order)


@pytest.mark.parametrize("encode", [encode_wav, encode_mp3, encode_opus])
def test_formats_whatever_the_file_is_called(tmp_path: Path, encode: Encoder) -> None:
    decoded = _decode(tmp_path / "sample", encode(TONE, RATE, LABEL))
    assert decoded.duration_ms == pytest.approx(3000, abs=80)
    assert decoded.samples.dtype == np.float32
    assert float(np.abs(decoded.samples).max()) == pytest.approx(0.5, abs=0.05)


def test_only_the_beginning_is_kept_but_all_of_it_counts(tmp_path: Path) -> None:
    decoded = _decode(tmp_path / "sample", encode_wav(TONE, RATE, LABEL), seconds=0.5)
    assert (decoded.samples.shape, decoded.duration_ms) == ((8000,), 3000)


def test_a_header_that_lies_about_the_length(tmp_path: Path) -> None:
    honest = encode_wav(TONE, RATE, LABEL)
    lying = honest[:40] + struct.pack("<I", 0xFFFFFF00) + honest[44:]
    assert _decode(tmp_path / "sample", lying[: 44 + RATE * 2]).duration_ms == 1000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just a text, renamed",
        b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        encode_wav(TONE, RATE, LABEL)[:44],
        encode_mp3(TONE, RATE, LABEL)[:100],
    ],
)
def test_what_is_no_audio(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputRefused):
        _decode(tmp_path / "sample", content)


def test_a_film_is_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), mode="w") as output:
        picture = output.add_stream("mpeg4", rate=10)
        picture.width, picture.height = 32, 32
        sound = output.add_stream("aac", rate=RATE)
        frame = av.AudioFrame.from_ndarray(TONE[np.newaxis, :1024], "flt", "mono")
        frame.sample_rate = RATE
        output.mux(sound.encode(frame))
        for _ in range(10):
            output.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")))
        for stream in (sound, picture):
            output.mux(stream.encode(None))
    with pytest.raises(InputRefused):
        decode_beginning(path, seconds=60.0, order=HOUR)


def test_a_file_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        _decode(tmp_path / "sample", encode_wav(TONE, RATE, LABEL), order=SoundOrder(max_duration_s=2))


@pytest.mark.parametrize(("container", "codec"), [("aiff", "pcm_s16be"), ("caf", "alac"), ("au", "pcm_s16be")])
def test_what_computers_record_in(tmp_path: Path, container: str, codec: str) -> None:
    beginning = _decode(tmp_path / "sample", make_media(MediaKind(container, codec)))
    assert beginning.duration_ms == pytest.approx(1000, abs=120)  # codecs work in whole frames


def test_what_refers_to_an_address_asks_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"
        with pytest.raises(InputRefused):
            _decode(tmp_path / "sample", f"#EXTM3U\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n".encode())
        with pytest.raises(TimeoutError):
            server.accept()
