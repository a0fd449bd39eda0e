"""The catalogue keeps what it promises: enough voices, each of its own, none that no engine can speak."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import av
import pytest

from services.speech.catalogue.avatars import SIZE, draw_avatar
from services.speech.catalogue.samples import avatar_of, find_file, sample_of, sample_request
from services.speech.catalogue.templates import tags, templates
from services.speech.domain.templates import AgeRange, VoiceTemplate
from services.speech.engines.base import Gender
from services.speech.engines.kokoro.catalog import voices

VOICES = {voice.voice_id: voice for voice in voices()}


def _pitch_hz(template: VoiceTemplate) -> float:
    pitch_hz = VOICES[template.voice].pitch_hz
    assert pitch_hz is not None
    return pitch_hz * template.prosody.pitch


def test_there_are_enough_of_every_kind() -> None:
    assert len(templates()) >= 12
    assert {(each.gender, each.age_range) for each in templates()} == {
        (gender, age) for gender in Gender for age in AgeRange
    }
    assert len({each.category for each in templates()}) >= 5
    assert len({each.style for each in templates()}) == len(templates())


@pytest.mark.parametrize("of", [lambda each: each.id, lambda each: each.name, lambda each: each.sample_text])
def test_nothing_is_there_twice(of: Callable[[VoiceTemplate], object]) -> None:
    assert max(Counter(map(of, templates())).values()) == 1


def test_no_two_sound_alike() -> None:
    for one, other in combinations(templates(), 2):
        semitones = abs(12 * math.log2(_pitch_hz(one) / _pitch_hz(other)))
        tempo = max(one.prosody.rate / other.prosody.rate, other.prosody.rate / one.prosody.rate)
        assert one.voice != other.voice or semitones >= 2 or tempo >= 1.12, (one.name, other.name)


def test_genders_and_ages_can_be_heard() -> None:
    for template in templates():
        pitch_hz = _pitch_hz(template)
        match template.gender, template.age_range:
            case _, AgeRange.CHILD:
                assert pitch_hz > 330, template.name
            case Gender.FEMALE, _:
                assert pitch_hz > 165, template.name
            case Gender.MALE, AgeRange.YOUTH:
                assert 140 < pitch_hz < 330, template.name
            case Gender.MALE, _:
                assert pitch_hz < 165, template.name


def test_each_can_be_spoken_and_found() -> None:
    known = {tag.name for tag in tags()}
    assert len(known) == len(tags())
    for template in templates():
        assert template.voice in VOICES
        assert VOICES[template.voice].gender is template.gender
        assert template.tags
        assert set(template.tags) <= known
        request = sample_request(template)
        assert 2000 < template.sample_duration_ms < 6000
        assert request.content_id == sample_of(template).bare_id
    assert known == {name for template in templates() for name in template.tags}


def test_files_are_found_by_their_ids_with_and_without_extension() -> None:
    for template in templates():
        for file in (sample_of(template), avatar_of(template)):
            assert find_file(file.file_id) == find_file(file.bare_id) == file


def test_each_has_a_picture_of_its_own() -> None:
    pictures = {draw_avatar(template) for template in templates()}
    assert len(pictures) == len(templates())
    assert draw_avatar(templates()[0]) in pictures
    codec = av.CodecContext.create("png", "r")
    (frame,) = codec.decode(av.Packet(next(iter(pictures))))
    assert isinstance(frame, av.VideoFrame)
    assert (frame.width, frame.height) == (SIZE, SIZE)
