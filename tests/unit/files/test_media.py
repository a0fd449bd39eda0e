"""Recognition of content, on real files made by the codecs the platform uses and on hand-made heads."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.files.domain.media import HEAD_BYTES, Media, content_type, detect, matches_extension


def _encoded_audio(container: str, codec: str, sample_format: str, rate: int = 44_100) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.layout = "mono"
        tone = np.sin(np.arange(rate) * 2 * np.pi * 440 / rate).astype(np.float32) * 0.3
        samples = tone if sample_format.startswith("flt") else (tone * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format=sample_format, layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def _encoded_video(container: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for shade in range(5):
            picture = np.full((64, 64, 3), shade * 40, dtype=np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def _encoded_image(codec: str, pixels: str) -> bytes:
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = 64, 64, pixels
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24").reformat(format=pixels)
    frame.pts = 0
    packets = [*context.encode(frame), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


@pytest.mark.parametrize(
    ("container", "media"),
    [("mp4", Media.MP4), ("mov", Media.QUICKTIME), ("avi", Media.AVI), ("matroska", Media.MATROSKA)],
)
def test_videos_of_the_encoder_are_recognised(container: str, media: Media) -> None:
    assert detect(_encoded_video(container)[:HEAD_BYTES]) is media


@pytest.mark.parametrize(
    ("container", "codec", "sample_format", "media"),
    [
        ("mp3", "libmp3lame", "s16", Media.MP3),
        ("wav", "pcm_s16le", "s16", Media.WAV),
        ("adts", "aac", "flt", Media.AAC),
        ("flac", "flac", "s16", Media.FLAC),
        ("ipod", "aac", "flt", Media.M4A),
    ],
)
def test_audio_of_the_encoder_is_recognised(container: str, codec: str, sample_format: str, media: Media) -> None:
    assert detect(_encoded_audio(container, codec, sample_format)[:HEAD_BYTES]) is media


def test_opus_is_recognised() -> None:
    assert detect(_encoded_audio("ogg", "libopus", "s16", rate=48_000)[:HEAD_BYTES]) is Media.OGG


@pytest.mark.parametrize(
    ("codec", "pixels", "media"),
    [("png", "rgb24", Media.PNG), ("mjpeg", "yuvj420p", Media.JPEG), ("bmp", "bgr24", Media.BMP)],
)
def test_images_of_the_encoder_are_recognised(codec: str, pixels: str, media: Media) -> None:
    assert detect(_encoded_image(codec, pixels)[:HEAD_BYTES]) is media


def test_an_mp3_without_a_tag_is_recognised() -> None:
    tagged = _encoded_audio("mp3", "libmp3lame", "s16")
    size = 10 + (tagged[6] << 21 | tagged[7] << 14 | tagged[8] << 7 | tagged[9])
    assert tagged.startswith(b"ID3")
    assert detect(tagged[size : size + HEAD_BYTES]) is Media.MP3


def test_a_tag_longer_than_the_head_passes_for_mp3() -> None:
    assert detect(b"ID3\x03\x00\x00\x00\x02\x00\x00".ljust(HEAD_BYTES, b"a")) is Media.MP3


def test_flac_behind_a_tag_is_flac() -> None:
    assert detect(b"ID3\x04\x00\x00\x00\x00\x00\x04" + b"\0" * 4 + b"fLaC" + b"\0" * 50) is Media.FLAC


@pytest.mark.parametrize(
    ("head", "media"),
    [
        (b"RIFF\x10\0\0\0WEBPVP8 ", Media.WEBP),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Media.HEIF),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Media.AVIF),
        (b"\0\0\0\x14ftypABCD\0\0\0\0iso6", Media.MP4),
        (b"\0\0\0\x08wide\0\0\0\0mdat", Media.QUICKTIME),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm", Media.WEBM),
    ],
)
def test_signatures(head: bytes, media: Media) -> None:
    assert detect(head) is media


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"hello, this is a text that somebody renamed to clip.mp4\n" * 20,
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90\x00\x03",
        b"BMW is a car maker, and this is not a picture",
        b"\xff\xfb\x90\x00" + b"no frame follows here, only text" * 40,
        b"%PDF-1.7",
        b"\0\0\0\x14ftypABCD\0\0\0\0EFGH",
    ],
)
def test_other_content_is_not_media(head: bytes) -> None:
    assert detect(head) is None
    assert content_type(detect(head)) == "application/octet-stream"
    assert not matches_extension(detect(head), "mp4")


def test_an_extension_without_a_claim_takes_any_content() -> None:
    assert matches_extension(None, "txt")
    assert matches_extension(Media.PNG, "")


def test_a_claim_holds_against_other_media_too() -> None:
    assert not matches_extension(Media.PNG, "jpg")
    assert matches_extension(Media.QUICKTIME, "mp4")


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"ID3\x04\0\0", b"RIFF", b"\0\0\0\x20ftyp", b"\xff\xfb", b"\xff\xf1"]),
)
def test_no_head_raises(tail: bytes, prefix: bytes) -> None:
    detect(prefix + tail)


def test_source_files_are_not_media() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        assert detect(path.read_bytes()[:HEAD_BYTES]) is None
