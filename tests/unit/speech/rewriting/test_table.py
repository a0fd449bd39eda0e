"""Which engine rewrites: what an operator has set up, else what every machine has, or the one that is pinned."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.engines import NoSuchEngine, open_slot
from kit.errors import Unavailable
from services.speech.engines.jobs import TEXT_REWRITE
from services.speech.engines.openai_compatible.engine import OpenAiSettings
from services.speech.engines.rewriters import REWRITERS, RewriterSettings

SERVER = OpenAiSettings("http://127.0.0.1:9/v1", "", "quill")
NOTHING = OpenAiSettings()


@pytest.mark.parametrize(
    ("choice", "server", "engine"),
    [
        ("auto", NOTHING, "rules"),
        ("auto", SERVER, "openai_compatible"),
        ("rules", SERVER, "rules"),
        ("openai_compatible", SERVER, "openai_compatible"),
    ],
)
def test_the_choice(choice: str, server: OpenAiSettings, engine: str) -> None:
    slot = open_slot(TEXT_REWRITE, REWRITERS, RewriterSettings(Path("unused"), openai=server), choice=choice)
    assert slot.require().name == engine
    assert slot.require().models()[0].model_id == {"rules": "rules", "openai_compatible": "quill"}[engine]
    assert [fact.name for fact in slot.facts if fact.is_selected] == [engine]


def test_a_pinned_engine_that_lacks_something_is_not_replaced_by_another() -> None:
    slot = open_slot(TEXT_REWRITE, REWRITERS, RewriterSettings(Path("unused")), choice="openai_compatible")
    with pytest.raises(Unavailable):
        slot.require()
    [fact] = [fact for fact in slot.facts if fact.is_selected]
    assert "VOXREEL_SPEECH_REWRITING__OPENAI_BASE_URL" in fact.unavailable_reason


def test_a_name_that_is_no_engine() -> None:
    with pytest.raises(NoSuchEngine):
        open_slot(TEXT_REWRITE, REWRITERS, RewriterSettings(Path("unused")), choice="quill")
