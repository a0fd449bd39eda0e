"""What bytes are, from their first few kilobytes.

Only what the platform takes as media is recognised; everything else is `None` and served as opaque bytes, so
that no uploaded page or script is ever announced to a browser as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

HEAD_BYTES = 8192
"""How much of a file's beginning `detect` looks at."""

OPAQUE_CONTENT_TYPE = "application/octet-stream"


class Media(Enum):
    """A recognised format; the value is its content type."""

    MP4 = "video/mp4"
    QUICKTIME = "video/quicktime"
    AVI = "video/x-msvideo"
    MATROSKA = "video/x-matroska"
    WEBM = "video/webm"
    JPEG = "image/jpeg"
    PNG = "image/png"
    BMP = "image/bmp"
    WEBP = "image/webp"
    GIF = "image/gif"
    HEIF = "image/heif"
    AVIF = "image/avif"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    AAC = "audio/aac"
    FLAC = "audio/flac"
    M4A = "audio/mp4"
    OGG = "audio/ogg"


_MOVIES = frozenset({Media.MP4, Media.QUICKTIME})
_MATROSKAS = frozenset({Media.MATROSKA, Media.WEBM})

# What a file with this extension may be. Cameras put either ISO brand under either extension.
_CLAIMS: dict[str, frozenset[Media]] = {
    "mp4": _MOVIES,
    "m4v": _MOVIES,
    "mov": _MOVIES,
    "avi": frozenset({Media.AVI}),
    "mkv": _MATROSKAS,
    "webm": _MATROSKAS,
    "jpg": frozenset({Media.JPEG}),
    "jpeg": frozenset({Media.JPEG}),
    "png": frozenset({Media.PNG}),
    "bmp": frozenset({Media.BMP}),
    "webp": frozenset({Media.WEBP}),
    "gif": frozenset({Media.GIF}),
    "mp3": frozenset({Media.MP3}),
    "wav": frozenset({Media.WAV}),
    "aac": frozenset({Media.AAC}),
    "flac": frozenset({Media.FLAC}),
    "m4a": frozenset({Media.M4A, Media.MP4}),
    "ogg": frozenset({Media.OGG}),
    "opus": frozenset({Media.OGG}),
}


def detect(head: bytes) -> Media | None:
    """The format of a file that begins with `head` (HEAD_BYTES of it, or all when it is shorter)."""
    for signature in _SIGNATURES:
        media = signature(head)
        if media is not None:
            return media
    return None


def matches_extension(media: Media | None, extension: str) -> bool:
    """Whether the content may carry this extension (lower case, no dot). One that claims no known medium fits all."""
    claimed = _CLAIMS.get(extension)
    return claimed is None or media in claimed


def content_type(media: Media | None) -> str:
    """A content type that is safe to serve: no recognised format can run in a browser."""
    return OPAQUE_CONTENT_TYPE if media is None else media.value


_PREFIXES: tuple[tuple[bytes, Media], ...] = (
    (b"\xff\xd8\xff", Media.JPEG),
    (b"\x89PNG\r\n\x1a\n", Media.PNG),
    (b"GIF87a", Media.GIF),
    (b"GIF89a", Media.GIF),
    (b"fLaC", Media.FLAC),
    (b"OggS", Media.OGG),
    (b"ADIF", Media.AAC),
)

_RIFF_FORMS = {b"AVI ": Media.AVI, b"WAVE": Media.WAV, b"WEBP": Media.WEBP}

# ISO/IEC 14496-12 file type brands, by what the file then is. Order decides when a file lists several.
_BRANDS: tuple[tuple[frozenset[bytes], Media], ...] = (
    (frozenset({b"avif", b"avis"}), Media.AVIF),
    (frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}), Media.HEIF),
    (frozenset({b"M4A ", b"M4B ", b"M4P "}), Media.M4A),
    (frozenset({b"qt  "}), Media.QUICKTIME),
    (
        frozenset(
            {b"isom", b"avc1", b"mp41", b"mp42", b"mp71", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"dash", b"f4v "}
            | {b"XAVC", b"3gp4", b"3gp5", b"3gp6", b"3g2a", b"cmfc", b"cmfs", b"iso%c" % ord("2")}
            | {b"iso%c" % digit for digit in b"3456789"}
        ),
        Media.MP4,
    ),
)

# QuickTime files older than the file type box begin with one of these.
_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"pnot"})


def _by_prefix(head: bytes) -> Media | None:
    return next((media for prefix, media in _PREFIXES if head.startswith(prefix)), None)


def _riff(head: bytes) -> Media | None:
    return _RIFF_FORMS.get(head[8:12]) if head[:4] in (b"RIFF", b"RF64") else None


def _iso_media(head: bytes) -> Media | None:
    if head[4:8] in _QUICKTIME_BOXES:
        return Media.QUICKTIME
    if head[4:8] != b"ftyp":
        return None
    box_bytes = min(int.from_bytes(head[:4], "big"), len(head))
    # The major brand, its version, then the compatible brands.
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, box_bytes, 4))]
    for brand in brands:
        for known, media in _BRANDS:
            if brand in known:
                return media
    return None


def _matroska(head: bytes) -> Media | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    # DocType (0x4282) lies in the EBML header, which is short.
    return Media.WEBM if b"\x42\x82\x84webm" in head[:128] else Media.MATROSKA


def _bmp(head: bytes) -> Media | None:
    is_bitmap = (
        head.startswith(b"BM")
        and head[6:10] == b"\0\0\0\0"
        and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    )
    return Media.BMP if is_bitmap else None


def _tagged_audio(head: bytes) -> Media | None:
    """Audio behind an ID3v2 tag. A tag longer than the head is taken for MP3's, which nearly all are."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return None
    tag_bytes = 10
    for shift, byte in zip((21, 14, 7, 0), head[6:10], strict=True):
        if byte & 0x80:
            return None
        tag_bytes += byte << shift
    rest = head[tag_bytes:].lstrip(b"\0")
    if not rest:
        return Media.MP3
    return Media.FLAC if rest.startswith(b"fLaC") else _bare_frames(rest)


def _bare_frames(head: bytes) -> Media | None:
    if _follows_itself(head, _mp3_frame_bytes):
        return Media.MP3
    return Media.AAC if _follows_itself(head, _adts_frame_bytes) else None


def _follows_itself(head: bytes, frame_bytes: Callable[[bytes], int | None]) -> bool:
    """Two bytes of frame sync occur by chance; another frame exactly where the first ends does not."""
    first = frame_bytes(head[:8])
    if first is None:
        return False
    following = head[first : first + 8]
    return len(following) < 8 or frame_bytes(following) is not None


@dataclass(frozen=True, slots=True)
class _MpegVersion:
    """Tables of ISO/IEC 11172-3 and 13818-3 for layer III."""

    kilobits: tuple[int, ...]
    sample_rates: tuple[int, int, int]
    samples_per_frame: int


_KILOBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_VERSIONS = {
    0b11: _MpegVersion(_KILOBITS_1, (44_100, 48_000, 32_000), 1152),
    0b10: _MpegVersion(_KILOBITS_2, (22_050, 24_000, 16_000), 576),
    0b00: _MpegVersion(_KILOBITS_2, (11_025, 12_000, 8_000), 576),
}


def _mp3_frame_bytes(header: bytes) -> int | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version = _MPEG_VERSIONS.get(header[1] >> 3 & 0b11)
    rate, frequency = header[2] >> 4, header[2] >> 2 & 0b11
    if version is None or rate in (0, 15) or frequency == 3:
        return None
    padding = header[2] >> 1 & 1
    return version.samples_per_frame * version.kilobits[rate] * 125 // version.sample_rates[frequency] + padding


def _adts_frame_bytes(header: bytes) -> int | None:
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 0xF > 12:
        return None
    length = (header[3] & 0b11) << 11 | header[4] << 3 | header[5] >> 5
    return length if length >= 7 else None


_SIGNATURES: tuple[Callable[[bytes], Media | None], ...] = (
    _by_prefix,
    _riff,
    _iso_media,
    _matroska,
    _bmp,
    _tagged_audio,
    _bare_frames,
)
