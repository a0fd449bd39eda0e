"""What the provider made, as the platform keeps its videos: in an MP4 that plays while it loads and says what it is.

Runs in a guarded worker: what comes from outside is a file of strangers, whoever sent it.
"""

from __future__ import annotations

from pathlib import Path

import av

from kit.content_label import METADATA_KEY, ContentLabel
from kit.engines import InputRefused
from services.video.media.opening import opened

_WHAT = "口型合成结果"
_PICTURES = frozenset({"h264", "hevc"})
_SOUND = frozenset({"aac", "mp3"})
_FLAGS = "+faststart+use_metadata_tags"


def finish(_tool: None, source: Path, target: Path, label: ContentLabel) -> int:
    """Copies pictures and sound as they are; answers how long the pictures last, in milliseconds.

    Raises InputRefused for what is no such video.
    """
    with opened(source, _WHAT) as container:
        pictures, sound = container.streams.best("video"), container.streams.best("audio")
        streams = [_stream(pictures, _PICTURES), _stream(sound, _SOUND)]
        if next(container.decode(streams[0]), None) is None:
            raise InputRefused(f"{_WHAT}没有画面")
        container.seek(0)
        with av.open(str(target), "w", format="mp4", options={"movflags": _FLAGS}) as output:
            output.metadata[METADATA_KEY] = label.to_json()
            copies = {stream.index: output.add_stream_from_template(stream) for stream in streams}
            seconds = 0.0
            for packet in container.demux(streams):
                if packet.dts is None or packet.pts is None:
                    continue
                if packet.stream is streams[0]:
                    seconds = max(seconds, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                packet.stream = copies[packet.stream.index]
                output.mux(packet)
    return round(seconds * 1000)


def _stream(found: av.stream.Stream | None, allowed: frozenset[str]) -> av.VideoStream | av.AudioStream:
    if isinstance(found, av.VideoStream | av.AudioStream) and found.codec_context.codec.canonical_name in allowed:
        return found
    raise InputRefused(f"{_WHAT}不是预期的视频")
