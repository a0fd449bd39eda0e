"""Subjects and the streams they belong to."""

from __future__ import annotations

import pytest

from kit.events.streams import (
    DEAD_LETTERS,
    EVENTS,
    dead_letter_subject,
    stream_of,
    task_subject,
    work_stream,
    work_subject,
)


def test_every_subject_has_its_stream() -> None:
    assert stream_of(task_subject("speech", "succeeded")) == EVENTS.name
    assert stream_of(work_subject("video", "chroma_key")) == work_stream("video").name == "WORK_VIDEO"
    assert stream_of(dead_letter_subject("billing--settlement")) == DEAD_LETTERS.name


def test_subjects_are_spelt_in_lower_case() -> None:
    assert work_subject("video", "chroma_key") == "work.video.chroma_key"
    assert dead_letter_subject("billing--settlement") == "dlq.billing.settlement"


@pytest.mark.parametrize("subject", ["", "evt", "work.", "other.x", "evt."])
def test_a_subject_outside_of_the_scheme_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="belongs to no stream"):
        stream_of(subject)
