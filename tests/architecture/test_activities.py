"""Every event is either told to users as an activity or known not to be."""

from __future__ import annotations

import re
from pathlib import Path

from services.auth.workers import activity_types
from services.auth.workers.activity_sources import NOT_SHOWN, SOURCES, fields_of

ROOT = Path(__file__).resolve().parents[2]
# The subject and the type of an event, as the table in docs/events.md has them.
_ROW = re.compile(r"^\| `evt\.[^`]+` \| `(voxreel\.[\w.]+)` \|", re.MULTILINE)


def test_every_documented_event_is_an_activity_or_listed_as_none() -> None:
    documented = set(_ROW.findall((ROOT / "docs" / "events.md").read_text()))
    assert len(documented) > 20
    not_shown = {message.DESCRIPTOR.full_name for message in NOT_SHOWN}
    assert SOURCES.keys() | not_shown == documented
    assert not SOURCES.keys() & not_shown


def test_types_are_told_apart() -> None:
    values = [kind.value for kind in activity_types.ALL]
    assert len(values) == len(set(values))
    assert all(kind.label and kind.icon for kind in activity_types.ALL)


def test_each_source_can_be_told_and_kept() -> None:
    for source in SOURCES.values():
        event = source.message()
        assert source.describe(event, fields_of(event), account="alice", label="标签")
        assert {"user_id", "operator_user_id"} & set(event.DESCRIPTOR.fields_by_name)
        assert set(source.details) <= set(event.DESCRIPTOR.fields_by_name)
