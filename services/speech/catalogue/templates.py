"""The voices and tags of the catalogue, read from the one data file that defines them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from services.speech.domain.speakers import Prosody
from services.speech.domain.templates import AgeRange, VoiceTag, VoiceTemplate, template_not_found
from services.speech.engines.base import Gender


@cache
def templates() -> tuple[VoiceTemplate, ...]:
    """All voices, in the order of the file."""
    return tuple(_template_of(place, entry) for place, entry in enumerate(_document()["template"], start=1))


@cache
def tags() -> tuple[VoiceTag, ...]:
    """All tags, in the order of the file."""
    return tuple(VoiceTag(**entry, sort_order=place) for place, entry in enumerate(_document()["tag"], start=1))


def find_template(template_id: int) -> VoiceTemplate:
    """Raises NotFound (VOICE_TEMPLATE_NOT_FOUND)."""
    for template in templates():
        if template.id == template_id:
            return template
    raise template_not_found()


def _template_of(place: int, entry: Mapping[str, Any]) -> VoiceTemplate:
    return VoiceTemplate(
        id=entry["id"],
        name=entry["name"],
        description=entry["description"],
        gender=Gender(entry["gender"]),
        age_range=AgeRange(entry["age_range"]),
        category=entry["category"],
        style=entry["style"],
        tags=tuple(entry["tags"]),
        voice=entry["voice"],
        prosody=Prosody(**entry.get("prosody", {})),
        sample_text=entry["sample_text"],
        sample_duration_ms=entry["sample_duration_ms"],
        sort_order=place,
        create_time=datetime.combine(entry["added"], datetime.min.time(), UTC),
    )


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("templates.toml").read_text(encoding="utf-8"))
