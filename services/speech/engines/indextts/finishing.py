"""From the server's WAV to the finished piece."""

from __future__ import annotations

import io

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from kit.content_label import ContentLabel
from kit.engines import EngineBroken
from services.speech.dsp.encoding import encode_mp3
from services.speech.dsp.loudness import level, limit_peak
from services.speech.dsp.prosody import change_prosody
from services.speech.engines.base import AudioFormat, Quality, SynthesizedAudio
from services.speech.engines.indextts.settings import ENGINE_NAME, MODEL_NAME
from services.speech.engines.indextts.worker import Finish

_SAMPLE_RATE = 24_000


def finish_speech(wav: bytes, wanted: Finish) -> SynthesizedAudio:
    """Raises EngineBroken for what is no WAV."""
    audio = change_prosody(_decode(wav), _SAMPLE_RATE, speech_rate=wanted.speed, pitch_rate=1.0)
    audio = limit_peak(level(audio, _SAMPLE_RATE) * np.float32(wanted.volume_scale), _SAMPLE_RATE)
    return SynthesizedAudio(
        data=encode_mp3(audio, _SAMPLE_RATE, ContentLabel(wanted.producer, wanted.content_id)),
        audio_format=AudioFormat.MP3,
        sample_rate=_SAMPLE_RATE,
        duration_ms=round(len(audio) * 1000 / _SAMPLE_RATE),
        engine=ENGINE_NAME,
        model=MODEL_NAME,
        quality=Quality.NATIVE,
        segments=(),
    )


def _decode(wav: bytes) -> NDArray[np.float32]:
    try:
        with av.open(io.BytesIO(wav), mode="r", format="wav") as container:
            resampler = av.AudioResampler(format="flt", layout="mono", rate=_SAMPLE_RATE)
            frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
            frames += resampler.resample(None)
    except (FFmpegError, EOFError, IndexError) as error:
        raise EngineBroken(f"the IndexTTS server sent no WAV: {type(error).__name__}") from None
    if not frames:
        raise EngineBroken("the IndexTTS server sent silence without length")
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(np.float32)
