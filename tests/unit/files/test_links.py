"""Links that end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import Forbidden, Invalid
from services.files.domain.links import MAX_LIFE, LinkSealer, check_life, is_link

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
FILE_ID = "audio_7_a_20260504_100000_0123456789abcdefghijklmnop.wav"


def test_a_link_opens_until_its_end_and_hides_the_id() -> None:
    sealer = LinkSealer("a key")
    link = sealer.seal(FILE_ID, END)
    assert is_link(link)
    assert not is_link(FILE_ID)
    assert link.endswith(".wav")
    assert "audio" not in link
    opened = sealer.open(link, END - timedelta(microseconds=1))
    assert (opened.file_id, opened.expire_time) == (FILE_ID, END)
    with pytest.raises(Forbidden) as refused:
        sealer.open(link, END)
    assert refused.value.reason_name == "FILE_LINK_EXPIRED"


def test_links_of_the_key_before_stay_good_for_one_change() -> None:
    link = LinkSealer("first").seal(FILE_ID, END)
    assert LinkSealer("second", "first").open(link, NOW).file_id == FILE_ID
    for sealer in (LinkSealer("second"), LinkSealer("third", "second")):
        with pytest.raises(Forbidden) as refused:
            sealer.open(link, NOW)
        assert refused.value.reason_name == "FILE_LINK_INVALID"


def test_nothing_of_a_link_can_be_changed() -> None:
    sealer = LinkSealer("a key")
    link = sealer.seal("t.wav", END)
    secret = link.removeprefix("signed-").removesuffix(".wav")
    for at, letter in enumerate(secret[:-1]):
        forged = f"signed-{secret[:at]}{'A' if letter != 'A' else 'B'}{secret[at + 1 :]}.wav"
        with pytest.raises(Forbidden):
            sealer.open(forged, NOW)


@pytest.mark.parametrize("text", ["signed-", "signed-.wav", "signed-AAAA", "signed-!!!!", "signed-" + "A" * 300])
def test_what_is_no_link_at_all(text: str) -> None:
    with pytest.raises(Forbidden):
        LinkSealer("a key").open(text, NOW)


@pytest.mark.parametrize("life", [timedelta(0), timedelta(seconds=-1), MAX_LIFE + timedelta(seconds=1)])
def test_lives_have_bounds(life: timedelta) -> None:
    with pytest.raises(Invalid):
        check_life(life)
