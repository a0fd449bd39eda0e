"""Speech as the emulator makes it: a tone for each character, in any of the service's formats."""

from __future__ import annotations

import math
import re
import struct
from typing import Any

import numpy as np

from kit.content_label import ContentLabel
from services.speech.dsp.encoding import encode_mp3, encode_opus

MS_PER_CHARACTER = 20
_TONE_HZ = 220.0
_SENTENCE = re.compile(r"[^。！？.!?]*[。！？.!?]?")
_ANYTHING = 0xFFFFFFFF


def sentences_of(text: str) -> list[str]:
    """The text in sentences, with their marks."""
    return [found for found in _SENTENCE.findall(text) if found.strip()]


def samples_of(sentence: str, *, sample_rate: int, rate: float) -> bytes:
    """Little-endian 16-bit samples."""
    count = round(len(sentence) * MS_PER_CHARACTER / rate * sample_rate / 1000)
    tone = 8000 * np.sin(2 * math.pi * _TONE_HZ * np.arange(count) / sample_rate)
    return tone.astype("<i2").tobytes()


def words_of(sentence: str, begin_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """Each character as the service's word, marks among them."""
    step = (end_ms - begin_ms) / len(sentence)
    times = [(begin_ms + round(place * step), begin_ms + round((place + 1) * step)) for place in range(len(sentence))]
    return [
        {"text": text, "begin_index": place, "end_index": place + 1, "begin_time": begin, "end_time": end}
        for place, (text, (begin, end)) in enumerate(zip(sentence, times, strict=True))
    ]


def pieces_of(spoken: list[bytes], *, audio_format: str, sample_rate: int) -> list[bytes]:
    """One file in as many pieces as there are sentences; a header is in the first only."""
    if audio_format == "pcm":
        return spoken
    if audio_format == "wav":
        head = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", _ANYTHING, b"WAVE", b"fmt ", 16, 1, 1),
            *(sample_rate, sample_rate * 2, 2, 16, b"data", _ANYTHING),
        )
        return [head + spoken[0], *spoken[1:]]
    encode = {"mp3": encode_mp3, "opus": encode_opus}[audio_format]
    audio = np.frombuffer(b"".join(spoken), "<i2").astype(np.float32) / 32768
    whole = encode(audio, sample_rate, ContentLabel("emulator", "1"))
    size = math.ceil(len(whole) / len(spoken))
    return [whole[start : start + size] for start in range(0, len(whole), size)]
