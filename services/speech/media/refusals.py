"""Why a file cannot be heard, each reason with its own words for clients."""

from __future__ import annotations

from kit.engines import InputRefused
from voxreel.common.v1 import error_reason_pb2 as reasons


def no_audio_track() -> InputRefused:
    """A picture, or a video without sound."""
    return InputRefused("文件中没有音轨，请上传含有声音的音频或视频", reasons.ERROR_REASON_AUDIO_TRACK_MISSING)


def film() -> InputRefused:
    """A video where only sound is wanted."""
    return InputRefused("请上传音频文件，不支持视频", reasons.ERROR_REASON_AUDIO_INVALID)


def broken_media() -> InputRefused:
    """Not a media file of a supported kind, or damaged beyond use."""
    return InputRefused("文件已损坏或无法解码，请检查后重新上传", reasons.ERROR_REASON_MEDIA_BROKEN)


def empty_sound() -> InputRefused:
    """There is a track of sound, or only its name, and nothing in it."""
    return InputRefused("文件中没有音频内容", reasons.ERROR_REASON_AUDIO_EMPTY)


def sound_too_long(limit_s: float) -> InputRefused:
    """Longer than the order allows."""
    limit = f"{limit_s / 60:g} 分钟" if limit_s >= 60 else f"{limit_s:g} 秒"
    return InputRefused(f"音频过长，最长支持 {limit}", reasons.ERROR_REASON_AUDIO_TOO_LONG)
