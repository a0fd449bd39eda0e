"""Ids: shapes, randomness and order."""

from __future__ import annotations

import re
import uuid

from kit.ids import RandomIds


def test_random_ids_have_the_prefix_and_enough_bits() -> None:
    ids = {RandomIds().random("tts_") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"tts_[0-9a-z]{26}", made) for made in ids)


def test_uuids_are_version_4() -> None:
    assert uuid.UUID(RandomIds().uuid()).version == 4


def test_ordered_ids_are_version_7_and_sort_by_time() -> None:
    source = RandomIds()
    made = [source.ordered() for _ in range(2000)]
    assert all(uuid.UUID(one).version == 7 and uuid.UUID(one).variant == uuid.RFC_4122 for one in made)
    milliseconds = [uuid.UUID(one).int >> 80 for one in made]
    assert milliseconds == sorted(milliseconds)
    assert len(set(made)) == len(made)
