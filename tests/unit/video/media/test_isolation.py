"""What a media file names is neither asked for in the network nor read from the disk.

Here in the process of the tests, where nothing but the decoder's own options is in the way: a worker has no network
either.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import av
import pytest

from kit.content_label import ContentLabel
from kit.engines import InputRefused
from services.video.engines.dashscope.finishing import finish
from services.video.engines.mesh_warp.clips.video_reader import look_at
from services.video.engines.yuv_tables.pipeline import find_screen
from services.video.media.opening import only
from services.video.media.probe import probe
from tests.fakes.hostile_media import borrowing_video
from tests.fakes.screen_clip import studio, write_clip

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n"
LISTS = {
    "playlist": HLS,
    "playlist of a part": HLS.replace("{target}", "subfile,,start,0,end,99,,:{target}"),
    "playlist with a key": HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF'),
    "list of files": "ffconcat version 1.0\nfile '{target}'\n",
    "manifest": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
        'mimeType="video/mp4"><Representation id="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet>'
        "</Period></MPD>"
    ),
    "session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\na=tool:{target}\nm=video 9 RTP/AVP 96\n",
    "reference": "[Reference]\nRef1={target}\n",
}
READERS: dict[str, Callable[[Path], object]] = {
    "preflight": lambda path: probe(None, path),
    "renders": look_at,
    "keys": lambda path: find_screen(path, "green"),
    "results": lambda path: finish(None, path, path.with_name("out.mp4"), ContentLabel("Test", "1")),
}


class Listener:
    """A port that knows whether anybody came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/secret.ts"

    def was_visited(self) -> bool:
        with suppress(BlockingIOError):
            self._socket.accept()[0].close()
            return True
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A video of this machine that nobody has sent."""
    return write_clip(tmp_path / "secret.mov", [studio(width=64, height=48)] * 9, codec="mpeg4", sound="")


@pytest.mark.parametrize("reader", READERS)
def test_lists_lead_nowhere(reader: str, listener: Listener, secret: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    for name, text in LISTS.items():
        for target in (listener.url, str(secret), f"file://{secret}"):
            path.write_text(text.format(target=target))
            with pytest.raises(InputRefused):
                READERS[reader](path)
            assert not listener.was_visited(), name


def test_the_lists_would_be_followed_without_the_rules(listener: Listener, secret: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.m3u8"
    path.write_text(HLS.format(target=listener.url))
    unsafe = {"protocol_whitelist": "file,http,tcp"}
    # Nobody answers there.
    with suppress(av.FFmpegError), av.open(str(path), container_options=unsafe, timeout=0.5):
        pass
    assert listener.was_visited()
    path.write_text(LISTS["list of files"].format(target=secret))
    with av.open(str(path), format="concat", container_options={"safe": "0"}) as container:
        assert next(container.decode(video=0)).width == 64


@pytest.mark.parametrize("reader", READERS)
def test_pictures_of_another_file_are_not_read(reader: str, secret: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.mov"
    path.write_bytes(borrowing_video(secret, secret))
    with pytest.raises(InputRefused):
        READERS[reader](path)


def test_pictures_of_another_file_would_be_read_without_the_rules(secret: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.mov"
    path.write_bytes(borrowing_video(secret, secret))
    unsafe = {"enable_drefs": "1", "use_absolute_path": "1"}
    with path.open("rb") as file, av.open(file, container_options=unsafe) as container:
        assert next(container.decode(video=0)).width == 64
    with path.open("rb") as file, av.open(file, container_options={**unsafe, **only("mov")}) as container:
        assert next(container.decode(video=0), None) is None
