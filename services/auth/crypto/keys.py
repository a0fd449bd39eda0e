"""The Ed25519 keys behind access tokens: one signs, it and its predecessors verify."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_PEM_BLOCK = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
_KEY_ID_CHARACTERS = 16


class KeyUnusable(Exception):
    """A configured key is not what it should be. The text never holds key material."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies, as it is published. PEM is SubjectPublicKeyInfo."""

    key_id: str
    pem: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The signing key, and every public key to publish, the signing one first."""

    signing_key: Ed25519PrivateKey
    public_keys: tuple[PublicKey, ...]

    @property
    def signing_key_id(self) -> str:
        return self.public_keys[0].key_id


def key_ring(signing_pem: str, previous_pems: str) -> KeyRing:
    """The ring of a private key and any number of public ones, all in PEM. Raises KeyUnusable."""
    try:
        signing_key = load_pem_private_key(signing_pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnusable("the signing key is not a private key in PEM without a password") from error
    if not isinstance(signing_key, Ed25519PrivateKey):
        raise KeyUnusable("the signing key is not an Ed25519 key")
    blocks = _PEM_BLOCK.findall(previous_pems)
    if previous_pems.strip() and not blocks:
        raise KeyUnusable("the previous keys are not public keys in PEM")
    previous = [_published(_load_public(block)) for block in blocks]
    return KeyRing(signing_key, (_published(signing_key.public_key()), *previous))


def read_or_create_key(path: Path) -> str:
    """The PEM private key in the file, which is made (0600) if it is not there.

    Of several processes that start at once, one makes the key and all read the same.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(path)
    return path.read_text(encoding="ascii")


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces the key another process has just made.
        os.link(scratch, path)
    except FileExistsError:
        return
    finally:
        scratch.unlink()


def _load_public(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise KeyUnusable("a previous key cannot be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable("a previous key is not an Ed25519 key")
    return key


def _published(key: Ed25519PublicKey) -> PublicKey:
    digest = hashlib.sha256(key.public_bytes_raw()).digest()
    key_id = base64.urlsafe_b64encode(digest).decode()[:_KEY_ID_CHARACTERS]
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(key_id, pem)
