"""Opening files of strangers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer

from kit.engines import InputRefused

# No list of other files, no script: what opens is what the contract names.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,avi,wav,mp3,aac"


def only(demuxers: str) -> dict[str, str]:
    """Options of FFmpeg: a file is of one of these formats, and whatever else it names is not opened."""
    return {"format_whitelist": demuxers, "protocol_whitelist": "none"}


@contextmanager
def opened(path: Path, what: str) -> Iterator[InputContainer]:
    """The file as an object, so that no protocol of FFmpeg is involved and nothing but this file is read.

    Raises InputRefused, naming `what` it is, when the file turns out broken here or in the block.
    """
    if path.stat().st_size == 0:
        raise InputRefused(f"{what}文件为空")
    try:
        with path.open("rb") as file, av.open(file, "r", container_options=only(_DEMUXERS)) as container:
            yield container
    except (av.FFmpegError, EOFError) as error:
        raise InputRefused(f"{what}文件已损坏，无法解码") from error
