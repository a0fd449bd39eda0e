"""What a reading must be before it is given out, in one place for all platforms."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from urllib.parse import urlsplit

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, LinkFailure, Outcome, Reading

_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACE = re.compile(r"\s+")
# Controls, and halves of characters, which no reply can carry.
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_TITLE_CHARACTERS = 1000
_MAX_NAME_CHARACTERS = 200
_MAX_URL_CHARACTERS = 4096
_MAX_IMAGES = 200
# More of a title than is given out, so that cutting comes after tags have gone.
_LOOKED_AT = 20_000


def checked(reading: Reading) -> Reading:
    """The reading with absolute http(s) URLs and clean texts only; CHANGED when nothing is left of its media."""
    if isinstance(reading, LinkFailure):
        return reading
    images = tuple(
        LinkedImage(url, absolute(image.live_photo_url)) for image in reading.images if (url := absolute(image.url))
    )[:_MAX_IMAGES]
    # The video of a post of images is a slide show made of them.
    video_url = "" if images else absolute(reading.video_url)
    if not video_url and not images:
        return LinkFailure(Outcome.CHANGED, "neither a video nor images")
    return LinkedMedia(
        video_url=video_url,
        cover_url=absolute(reading.cover_url),
        title=plain(reading.title)[:_MAX_TITLE_CHARACTERS].rstrip(),
        music_url=absolute(reading.music_url),
        images=images,
        author=_author(reading.author),
    )


def plain(text: str) -> str:
    """A text without tags, entities and controls, on one line."""
    text = html.unescape(_TAG.sub("", text[:_LOOKED_AT]))
    return _SPACE.sub(" ", _UNUSABLE.sub(" ", text)).strip()


def absolute(url: str) -> str:
    """The URL when it is an absolute one of http or https, with a scheme where it has none; else empty."""
    url = url.strip()
    if url.startswith("//"):
        url = f"https:{url}"
    if len(url) > _MAX_URL_CHARACTERS or _UNUSABLE.search(url) is not None or _SPACE.search(url) is not None:
        return ""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if is_usable and "\\" not in url else ""


def _author(author: LinkAuthor) -> LinkAuthor:
    return replace(
        author,
        uid=plain(author.uid)[:_MAX_NAME_CHARACTERS],
        display_name=plain(author.display_name)[:_MAX_NAME_CHARACTERS],
        avatar_url=absolute(author.avatar_url),
    )
