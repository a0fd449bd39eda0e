"""Links to files that end by themselves.

A link is the file's id and the time of its end, encrypted and authenticated: whoever gets one can neither make it
last nor learn the id, which would open the file for good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.errors import Forbidden, Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_LIFE = timedelta(days=3660)
MIN_LIFE = timedelta(seconds=1)

# No id begins like this: those of persistent files have "_" before any "-", those of temporary ones begin with a UUID.
_PREFIX = "signed-"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_TIME_BYTES = 8


def is_link(text: str) -> bool:
    """Whether this stands for a link and not for an id."""
    return text.startswith(_PREFIX)


def check_life(life: timedelta) -> None:
    """Raises Invalid for a life that no link may have."""
    if not MIN_LIFE <= life <= MAX_LIFE:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"链接有效期必须在 1 秒到 {MAX_LIFE.days} 天之间")


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a good link says."""

    file_id: str
    expire_time: datetime


class LinkSealer:
    """Seals links with the current key, and opens those of the current and the previous one."""

    def __init__(self, current: str, previous: str = "") -> None:
        self._current = _Key(current)
        keys = [self._current, *([_Key(previous)] if previous else [])]
        self._keys = {key.id: key for key in keys}

    def seal(self, file_id: str, expire_time: datetime) -> str:
        """The link, with the extension of the id. `expire_time` counts to the second."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        said = int(expire_time.timestamp()).to_bytes(_TIME_BYTES, "big") + file_id.encode()
        sealed = self._current.id + nonce + self._current.cipher.encrypt(nonce, said, None)
        _, dot, extension = file_id.partition(".")
        return f"{_PREFIX}{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}{dot}{extension}"

    def open(self, link: str, now: datetime) -> OpenedLink:
        """What the link says. Raises Forbidden (FILE_LINK_INVALID, FILE_LINK_EXPIRED)."""
        sealed = _decoded(link.removeprefix(_PREFIX).partition(".")[0])
        key = self._keys.get(sealed[:_KEY_ID_BYTES])
        nonce, secret = sealed[_KEY_ID_BYTES:][:_NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
        if key is None or len(nonce) < _NONCE_BYTES:
            raise _invalid()
        try:
            said = key.cipher.decrypt(nonce, secret, None)
        except InvalidTag:
            raise _invalid() from None
        expire_time = datetime.fromtimestamp(int.from_bytes(said[:_TIME_BYTES], "big"), UTC)
        if expire_time <= now:
            raise Forbidden(reasons.ERROR_REASON_FILE_LINK_EXPIRED, "下载链接已过期")
        return OpenedLink(said[_TIME_BYTES:].decode(), expire_time)


class _Key:
    """A cipher, and what tells its links from those of another."""

    def __init__(self, secret: str) -> None:
        # The secret may serve another purpose too, and its length is the operator's choice.
        key = hashlib.sha256(b"voxreel file links\0" + secret.encode()).digest()
        self.id = hashlib.sha256(b"id\0" + key).digest()[:_KEY_ID_BYTES]
        self.cipher = AESGCM(key)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _invalid() -> Forbidden:
    return Forbidden(reasons.ERROR_REASON_FILE_LINK_INVALID, "下载链接无效")
