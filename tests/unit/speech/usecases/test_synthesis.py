"""The input of a synthesis: defaults, rules, what a task keeps."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import DomainError, Invalid
from services.speech.domain.synthesis import MAX_TEXT_CHARACTERS, Synthesis, check_voice, checked
from services.speech.engines.base import AudioFormat

_SYNTHESES = st.builds(
    Synthesis,
    text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=50),
    voice=st.sampled_from(["zhichu", "zhiwei"]),
    audio_format=st.sampled_from(AudioFormat),
    volume=st.integers(0, 100),
    speech_rate=st.floats(0.5, 2.0),
    pitch_rate=st.floats(0.5, 2.0),
)


def test_defaults() -> None:
    synthesis = checked(text="你好", voice=" zhichu ")
    assert synthesis == Synthesis("你好", "zhichu", AudioFormat.WAV, volume=50, speech_rate=1.0, pitch_rate=1.0)


def test_given_values_are_kept_at_their_ends() -> None:
    synthesis = checked(text="a", voice="v", audio_format="MP3", volume=0, speech_rate=2.0, pitch_rate=0.5)
    assert (synthesis.audio_format, synthesis.volume) == (AudioFormat.MP3, 0)
    assert (synthesis.speech_rate, synthesis.pitch_rate) == (2.0, 0.5)


@pytest.mark.parametrize("text", ["7", "a", "好", "——第3名", "好" * MAX_TEXT_CHARACTERS])
def test_texts_that_can_be_spoken(text: str) -> None:
    assert checked(text=text, voice="v").text == text


@pytest.mark.parametrize("text", ["？", "🙂🙂", "—— …", "\u200b", "Привет"])
def test_texts_that_cannot(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(text=text, voice="v")
    assert refused.value.reason_name in {"TEXT_NOT_SPEAKABLE", "FIELD_INVALID"}


def test_unknown_voices_are_named_and_cut() -> None:
    with pytest.raises(Invalid) as refused:
        check_voice("x" * 500, {"zhichu"})
    assert refused.value.metadata == {"voice": "x" * 64}
    check_voice("zhichu", {"zhichu"})


@given(_SYNTHESES)
def test_a_task_gives_back_what_it_was_given(synthesis: Synthesis) -> None:
    stored = json.loads(json.dumps(synthesis.to_input()))
    assert Synthesis.from_input(stored) == synthesis
    assert Synthesis.from_input(stored).digest() == synthesis.digest()


@given(_SYNTHESES, _SYNTHESES)
def test_digests_are_equal_exactly_for_equal_inputs(first: Synthesis, second: Synthesis) -> None:
    assert (first.digest() == second.digest()) == (first.to_input() == second.to_input())


@given(
    st.text(max_size=80),
    st.text(max_size=20),
    st.none() | st.text(max_size=8),
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | st.floats(),
)
def test_whatever_comes_is_checked_or_refused_in_words(
    text: str, voice: str, audio_format: str | None, volume: int | None, rate: float | None
) -> None:
    try:
        synthesis = checked(text=text, voice=voice, audio_format=audio_format, volume=volume, speech_rate=rate)
    except DomainError as error:
        assert error.message
    else:
        assert synthesis.request("task", synthesis.voice).content_id == "task"
