"""File names as users give them, and the ids made from them."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_NAME_CHARACTERS = 255
_MAX_STEM_CHARACTERS = 40
_MAX_EXTENSION_CHARACTERS = 10

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_EXTENSION = re.compile(rf"[a-z0-9]{{1,{_MAX_EXTENSION_CHARACTERS}}}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}(\.[a-z0-9]{1,10})?")


def clean_name(name: str) -> str:
    """The name without folders, control and direction characters. Raises Invalid when nothing is left."""
    base = _CONTROL.sub("", name).replace("\\", "/").rpartition("/")[2].strip().strip(".")
    if not base:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件名不能为空")
    if len(base) <= MAX_NAME_CHARACTERS:
        return base
    stem, dot, extension = base.rpartition(".")
    return stem[: MAX_NAME_CHARACTERS - len(extension) - 1] + dot + extension if stem else base[:MAX_NAME_CHARACTERS]


def extension_of(name: str) -> str:
    """The extension in lower case without its dot; empty when there is none that an id could carry."""
    stem, _, extension = name.rpartition(".")
    lowered = extension.lower()
    return lowered if stem and _EXTENSION.fullmatch(lowered) else ""


def stem_of(name: str) -> str:
    """A part of an id made from the name: ASCII letters, digits, `-` and `_` only, so that an id needs no escaping."""
    extension = extension_of(name)
    stem = name[: -len(extension) - 1] if extension else name
    return _UNSAFE.sub("_", stem).strip("_")[:_MAX_STEM_CHARACTERS] or "file"


def persistent_id(prefix: str, user_id: int, name: str, *, time: datetime, secret: str) -> str:
    """`{prefix}_{user_id}_{stem}_{YYYYmmdd_HHMMSS}_{secret}`, without extension; the time is UTC."""
    stamp = time.astimezone(UTC).strftime("%Y%m%d_%H%M%S")
    return f"{prefix}_{user_id}_{stem_of(name)}_{stamp}_{secret}"


def temp_id(name: str, *, secret: str) -> str:
    """`{uuid}-{stem}`, without extension.

    The UUID is drawn from the secret (base 36, more than 128 bits) whole: a random UUID of RFC 9562 fixes six of
    its bits, which would leave fewer than the 128 that ids promise.
    """
    return f"{uuid.UUID(int=int(secret, 36) % 2**128)}-{stem_of(name)}"


def cached_id(request_id: str) -> str:
    """The id of a cached file, without extension: the one it was asked for by. Raises Invalid."""
    parts = split_id(request_id)
    if parts is None or parts[1]:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "缓存文件编号无效")
    return request_id


def split_id(file_id: str) -> tuple[str, str] | None:
    """An id's part before the extension, and the extension or an empty string; None for what no id looks like."""
    if _ID.fullmatch(file_id) is None:
        return None
    bare, _, extension = file_id.partition(".")
    return bare, extension
