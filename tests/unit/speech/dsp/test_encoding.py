"""Every format decodes to the same length, with its end, and carries the AI-content label once."""

import io
import json
import wave
from collections.abc import Callable

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from kit.content_label import METADATA_KEY, ContentLabel
from services.speech.dsp.encoding import encode_mp3, encode_opus, encode_pcm, encode_wav

RATE = 24_000
LABEL = ContentLabel("语音工坊", "task-42")
Encoder = Callable[[NDArray[np.float32], int, ContentLabel], bytes]
ENCODERS = pytest.mark.parametrize("encode", [encode_wav, encode_mp3, encode_opus])


def tone(duration_s: float) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(duration_s * RATE)) / RATE)).astype(np.float32)


def decode(data: bytes) -> tuple[NDArray[np.float32], int]:
    with av.open(io.BytesIO(data), mode="r") as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono")
        frames = [out for frame in container.decode(stream) for out in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray().ravel() for frame in frames]), stream.rate


def label_values(data: bytes) -> list[str]:
    with av.open(io.BytesIO(data), mode="r") as container:
        tags = [*container.metadata.items(), *container.streams.audio[0].metadata.items()]
        return [value for key, value in tags if key.upper() == METADATA_KEY]


@ENCODERS
@pytest.mark.parametrize("duration_s", [0.1, 1.2345, 3.0])
def test_length_and_end_survive(encode: Encoder, duration_s: float) -> None:
    audio, rate = decode(encode(tone(duration_s), RATE, LABEL))
    assert len(audio) / rate == pytest.approx(duration_s, abs=0.002)
    tail = audio[-rate // 10 :]
    assert float(np.sqrt(np.mean(np.square(tail)))) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


@ENCODERS
def test_label_is_there_exactly_once(encode: Encoder) -> None:
    data = encode(tone(0.5), RATE, LABEL)
    (value,) = label_values(data)
    assert json.loads(value) == {
        "Label": "1",
        "ContentProducer": "语音工坊",
        "ProduceID": "task-42",
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    assert data.count(b'"ProduceID"') == 1


def test_wav_is_plain_for_simple_readers() -> None:
    data = encode_wav(tone(1.0), RATE, LABEL)
    with wave.open(io.BytesIO(data)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, RATE)
        assert reader.getnframes() == RATE
    assert data[36:40] == b"data"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8


def test_pcm_is_little_endian_and_clipped() -> None:
    assert encode_pcm(np.array([0.0, 1.0, -1.0, 2.0], dtype=np.float32)) == b"\x00\x00\xff\x7f\x01\x80\xff\x7f"
