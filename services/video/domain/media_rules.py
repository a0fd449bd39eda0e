"""What media must be like inside, each broken rule in its own words (platform contract, 6.1)."""

from __future__ import annotations

from datetime import timedelta

from kit.errors import Invalid
from services.video.domain.limits import FACE_VIDEO, REFERENCE_IMAGE, MediaLimits
from services.video.domain.orders import field_invalid
from services.video.media.facts import AudioFacts, MediaFacts, VideoFacts
from voxreel.common.v1 import error_reason_pb2 as reasons

# Encoders round to whole frames and pad: a clip cut at 120 s measures a little more.
_SLACK_S = 0.1
_SLACK_RATE = 0.01
_MAX_IMAGE_SIDE = 8192
_MAX_VIDEO_PIXELS = 4096 * 2304

_PICTURES = {"jpg": "jpeg_pipe", "jpeg": "jpeg_pipe", "png": "png_pipe", "bmp": "bmp_pipe", "webp": "webp_pipe"}
_CONTAINERS = {
    "mp4": "mov,mp4,m4a,3gp,3g2,mj2",
    "mov": "mov,mp4,m4a,3gp,3g2,mj2",
    "avi": "avi",
    "wav": "wav",
    "mp3": "mp3",
    "aac": "aac",
}


def content_extension(facts: MediaFacts, given: str) -> str:
    """The extension that fits the content; the given one if it does, or if none is known that would."""
    known = {**_CONTAINERS, **_PICTURES}
    fitting = [extension for extension, container in known.items() if container == facts.container]
    return given if given in fitting or not fitting else fitting[0]


def check_face_video(facts: MediaFacts, limits: MediaLimits, label: str = "视频") -> VideoFacts:
    """The pictures of a video to render, called `label` in messages. Raises Invalid."""
    _check_container(facts, limits, label)
    video = facts.video
    if video is None or video.frames < 2:
        raise field_invalid(f"{label}文件没有画面")
    if video.width * video.height > _MAX_VIDEO_PIXELS:
        raise field_invalid(f"{label}分辨率为 {video.width}×{video.height}，最高支持 4096×2304")
    _check_sides(video, limits, label)
    _check_duration(video.duration_s, limits, label)
    slowest, fastest = limits.min_frames_per_second, limits.max_frames_per_second
    rate = video.frames_per_second
    if not slowest * (1 - _SLACK_RATE) <= rate <= fastest * (1 + _SLACK_RATE):
        raise field_invalid(f"{label}帧率为 {rate:.4g} 帧/秒，须在 {slowest} 至 {fastest} 帧/秒之间")
    return video


def _check_sides(video: VideoFacts, limits: MediaLimits, label: str) -> None:
    if limits.sides is None:
        return
    fewest, most = limits.sides
    if min(video.width, video.height) < fewest or max(video.width, video.height) > most:
        message = f"{label}画面为 {video.width}×{video.height}，边长须在 {fewest} 至 {most} 像素之间"
        raise field_invalid(message)


def check_voice(facts: MediaFacts, limits: MediaLimits) -> AudioFacts:
    """The sound of a voice. Raises Invalid."""
    _check_container(facts, limits, "音频")
    if facts.audio is None:
        raise field_invalid("音频文件没有声音")
    _check_duration(facts.audio.duration_s, limits, "音频")
    return facts.audio


def check_reference_image(facts: MediaFacts) -> VideoFacts:
    """The picture that shows whose face it is. Raises Invalid."""
    return _check_image(facts, "参考图片")


def check_background(facts: MediaFacts) -> VideoFacts:
    """The picture or video that shall be behind somebody. Raises Invalid."""
    is_video = facts.container in {_CONTAINERS[name] for name in FACE_VIDEO.formats}
    return check_face_video(facts, FACE_VIDEO, "背景") if is_video else _check_image(facts, "背景")


def _check_image(facts: MediaFacts, label: str) -> VideoFacts:
    image = facts.video
    if image is None or facts.container not in _PICTURES.values() or image.frames > 1:
        raise _wrong_content(label, "、".join(REFERENCE_IMAGE.formats))
    if max(image.width, image.height) > _MAX_IMAGE_SIDE:
        raise field_invalid(f"{label}尺寸为 {image.width}×{image.height}，边长不能超过 {_MAX_IMAGE_SIDE} 像素")
    return image


def _check_container(facts: MediaFacts, limits: MediaLimits, label: str) -> None:
    """What is inside counts, not what the file is called: any of the formats will do."""
    if facts.container not in {_CONTAINERS[name] for name in limits.formats}:
        raise _wrong_content(label, "、".join(limits.formats))


def _check_duration(seconds: float, limits: MediaLimits, label: str) -> None:
    shortest, longest = (limit or timedelta() for limit in (limits.min_duration, limits.max_duration))
    if not shortest.total_seconds() - _SLACK_S <= seconds <= longest.total_seconds() + _SLACK_S:
        bounds = f"{shortest.total_seconds():g} 至 {longest.total_seconds():g}"
        raise field_invalid(f"{label}时长为 {seconds:.1f} 秒，须在 {bounds} 秒之间")


def _wrong_content(label: str, formats: str) -> Invalid:
    message = f"{label}文件的内容与格式不符，请使用 {formats} 文件"
    return Invalid(reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED, message)
