"""From levelled speech to the file a client gets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.content_label import ContentLabel
from services.speech.dsp.encoding import encode_mp3, encode_opus, encode_pcm, encode_wav
from services.speech.engines.base import AudioFormat


def encode(audio: NDArray[np.float32], sample_rate: int, *, audio_format: AudioFormat, label: ContentLabel) -> bytes:
    """The whole file, with its label where the format has a place for one."""
    match audio_format:
        case AudioFormat.WAV:
            return encode_wav(audio, sample_rate, label)
        case AudioFormat.MP3:
            return encode_mp3(audio, sample_rate, label)
        case AudioFormat.OPUS:
            return encode_opus(audio, sample_rate, label)
        case AudioFormat.PCM:
            return encode_pcm(audio)
