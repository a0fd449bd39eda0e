"""File names and ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from kit.ids import RandomIds
from services.files.domain.names import clean_name, extension_of, persistent_id, split_id, stem_of, temp_id

_TIME = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("video.mp4", "video.mp4"),
        ("C:\\Users\\me\\video.mp4", "video.mp4"),
        ("../../etc/passwd", "passwd"),
        ("我的 视频.mp4", "我的 视频.mp4"),
        ("a\r\nb\u202e.mp4", "ab.mp4"),
        (".hidden", "hidden"),
    ],
)
def test_names_lose_folders_and_control_characters(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@pytest.mark.parametrize("given_name", ["", "   ", "/", "..", "\x00"])
def test_nothing_left_is_refused(given_name: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_name(given_name)
    assert refused.value.reason_name == "FIELD_INVALID"


def test_a_long_name_keeps_its_extension() -> None:
    kept = clean_name("长" * 400 + ".mp4")
    assert len(kept) == 255
    assert kept.endswith("长.mp4")


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.MP4", "mp4"),
        ("a.tar.gz", "gz"),
        ("a", ""),
        (".mp4", ""),
        ("a.", ""),
        ("a.视频", ""),
        ("a.verylongextension", ""),
    ],
)
def test_extensions(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("my video (1).mp4", "my_video_1"),
        ("我的视频.mp4", "file"),
        ("x" * 90 + ".mp4", "x" * 40),
        ("视频a.b.mp4", "a_b"),
    ],
)
def test_stems_are_plain_ascii(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_a_persistent_id_reads_as_the_contract_shows() -> None:
    secret = RandomIds().random()
    bare = persistent_id("digital_humans", 1, "video.mp4", time=_TIME, secret=secret)
    assert bare == f"digital_humans_1_video_20260304_050607_{secret}"


def test_a_temp_id_reads_as_the_contract_shows() -> None:
    bare = temp_id("temp_audio.wav", secret=RandomIds().random())
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-temp_audio", bare)


def test_temp_ids_use_all_bits() -> None:
    versions = {temp_id("a", secret=RandomIds().random())[14] for _ in range(200)}
    assert len(versions) > 8


@given(st.text(min_size=1, max_size=300))
def test_every_id_survives_a_url_and_is_taken_apart_again(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except Invalid:
        return
    extension = extension_of(cleaned)
    bare = persistent_id("bgm", 7, cleaned, time=_TIME, secret="s" * 26)
    file_id = f"{bare}.{extension}" if extension else bare
    assert quote(file_id) == file_id
    assert len(bare) <= 200
    assert split_id(file_id) == (bare, extension)
    assert split_id(bare) == (bare, "")


@pytest.mark.parametrize("file_id", ["", "a/b", "../a", "a b", "a.b.c", "a.", "é", "a" * 201])
def test_what_no_id_looks_like(file_id: str) -> None:
    assert split_id(file_id) is None
