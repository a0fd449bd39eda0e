"""Which passwords may be set."""

from __future__ import annotations

from services.auth.domain.errors import field_invalid

PASSWORD_MIN_CHARACTERS = 8
PASSWORD_MAX_CHARACTERS = 128


def is_password_length(password: str) -> bool:
    """Whether a password of this length could have been set."""
    return PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS


def check_password(password: str, *, field: str = "password", label: str = "密码") -> None:
    """Raises Invalid, naming the field, unless the password may be set."""
    if not is_password_length(password):
        limits = f"{PASSWORD_MIN_CHARACTERS} 至 {PASSWORD_MAX_CHARACTERS}"
        raise field_invalid(field, f"{label}长度须为 {limits} 个字符")
