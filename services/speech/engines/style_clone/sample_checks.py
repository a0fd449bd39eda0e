"""Whether a voice can be learnt from a recording, and if not, why, each reason with its own words for clients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.engines import InputRefused
from services.speech.dsp.pitch import median_pitch
from services.speech.dsp.silence import frame_rms
from voxreel.common.v1 import error_reason_pb2 as reasons

MIN_DURATION_S = 5.0
MIN_SOURCE_RATE = 16_000
_FRAME_S = 0.02
_MIN_LEVEL_DB = -45.0
_SILENT_BELOW_SPEECH_DB = 35.0
_MAX_SILENCE = 0.6
_FULL_SCALE = 0.999
_MAX_CLIPPED = 0.005


def check_sample(audio: NDArray[np.float32], sample_rate: int, *, source_rate: int) -> float:
    """The speaker's median pitch in Hz. Raises InputRefused with the first reason there is.

    `audio` is mono with full scale at 1.0; `source_rate` the rate of the file it was decoded from.
    """
    duration_s = len(audio) / sample_rate
    if duration_s < MIN_DURATION_S:
        message = f"音频过短：{duration_s:.1f} 秒，至少需要 {MIN_DURATION_S:g} 秒"
        raise InputRefused(message, reasons.ERROR_REASON_SAMPLE_TOO_SHORT)
    if source_rate < MIN_SOURCE_RATE:
        message = f"音频采样率过低：{source_rate} Hz，至少需要 {MIN_SOURCE_RATE} Hz"
        raise InputRefused(message, reasons.ERROR_REASON_SAMPLE_RATE_TOO_LOW)
    levels = frame_rms(audio, round(sample_rate * _FRAME_S))
    loudest = float(np.percentile(levels, 95))
    if loudest < 10 ** (_MIN_LEVEL_DB / 20):
        raise InputRefused("音频音量过低，请提高录音音量后重新上传", reasons.ERROR_REASON_SAMPLE_TOO_QUIET)
    if np.mean(np.abs(audio) >= _FULL_SCALE) > _MAX_CLIPPED:
        raise InputRefused("音频爆音失真，请降低录音音量后重新上传", reasons.ERROR_REASON_SAMPLE_CLIPPED)
    pitch_hz = median_pitch(audio, sample_rate)
    if pitch_hz is None:
        raise InputRefused("音频中没有检测到人声", reasons.ERROR_REASON_SAMPLE_WITHOUT_SPEECH)
    silence = float(np.mean(levels < loudest * 10 ** (-_SILENT_BELOW_SPEECH_DB / 20)))
    if silence > _MAX_SILENCE:
        message = f"音频静音过多：{silence:.0%}，最多 {_MAX_SILENCE:.0%}"
        raise InputRefused(message, reasons.ERROR_REASON_SAMPLE_MOSTLY_SILENT)
    return pitch_hz
