"""Which uploads are taken."""

from __future__ import annotations

import pytest

from kit.errors import Invalid
from services.files.domain.limits import (
    MEBIBYTE,
    UPLOAD_RULES,
    check_extension,
    check_id_prefix,
    produced_rule,
    too_large,
    user_rule,
)
from services.files.domain.model import StorageType


@pytest.mark.parametrize(
    ("file_type", "names", "limit_mib"),
    [
        ("digital_humans", ["a.mp4", "a.AVI", "a.mov", "a.mkv"], 500),
        ("backgrounds", ["a.jpg", "a.jpeg", "a.png", "a.bmp", "a.webp"], 10),
        ("bgm", ["a.mp3", "a.wav", "a.aac", "a.flac"], 50),
    ],
)
def test_documented_formats_and_limits(file_type: str, names: list[str], limit_mib: int) -> None:
    rule = user_rule(StorageType.PERSISTENT, file_type)
    assert rule.limit_bytes == limit_mib * MEBIBYTE
    for name in names:
        check_extension(rule, name)


@pytest.mark.parametrize(("file_type", "name"), [("digital_humans", "a.txt"), ("bgm", "a.mp4"), ("backgrounds", "a")])
def test_other_formats_are_refused(file_type: str, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_extension(UPLOAD_RULES[file_type], name)
    assert refused.value.reason_name == "FILE_TYPE_UNSUPPORTED"
    assert refused.value.metadata["allowed"] == ",".join(UPLOAD_RULES[file_type].extensions)


@pytest.mark.parametrize("file_type", ["", "audio", "videos", "voice_samples", "other"])
def test_users_upload_only_their_types(file_type: str) -> None:
    with pytest.raises(Invalid) as refused:
        user_rule(StorageType.PERSISTENT, file_type)
    assert refused.value.reason_name == "FIELD_INVALID"


def test_users_do_not_write_the_cache() -> None:
    with pytest.raises(Invalid):
        user_rule(StorageType.CACHE, "bgm")


def test_temp_takes_any_format_up_to_50_mib() -> None:
    rule = user_rule(StorageType.TEMP, "")
    assert rule.limit_bytes == 50 * MEBIBYTE
    check_extension(rule, "anything.xyz")


def test_services_store_what_they_make_only() -> None:
    assert "wav" in produced_rule(StorageType.PERSISTENT, "audio").extensions
    assert produced_rule(StorageType.CACHE, "voice_avatars").extensions == ("png",)
    sample = produced_rule(StorageType.PERSISTENT, "voice_samples")
    check_extension(sample, "recording")
    assert sample.limit_bytes == 10 * MEBIBYTE
    with pytest.raises(Invalid):
        produced_rule(StorageType.PERSISTENT, "bgm")


@pytest.mark.parametrize("prefix", ["", "Tts", "a-b", "1a", "a" * 40, "a/b"])
def test_bad_id_prefixes(prefix: str) -> None:
    with pytest.raises(Invalid):
        check_id_prefix(prefix)


def test_the_limit_is_named() -> None:
    error = too_large(10 * MEBIBYTE)
    assert error.metadata == {"limit_bytes": str(10 * MEBIBYTE)}
    assert "10 MB" in error.message
