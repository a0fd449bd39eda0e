"""Voices of the public catalogue: what they are, and which of them a client asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kit.errors import NotFound
from services.speech.domain.speakers import Prosody
from services.speech.engines.base import Gender
from voxreel.common.v1 import error_reason_pb2 as reasons


class AgeRange(StrEnum):
    CHILD = "child"
    YOUTH = "youth"
    MIDDLE = "middle"
    OLD = "old"


class TemplateOrder(StrEnum):
    """`use_count` and `created_at` from the greatest down; ties and `sort_order` by place in the catalogue."""

    SORT_ORDER = "sort_order"
    USE_COUNT = "use_count"
    CREATED_AT = "created_at"


@dataclass(frozen=True, slots=True)
class VoiceTag:
    """A word that voices are found by. Texts are Chinese; a smaller `sort_order` stands first."""

    id: int
    name: str
    category: str
    description: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class VoiceTemplate:
    """A voice everybody may use: a preset voice, and how it speaks.

    `sample_text` is what the sample says, `sample_duration_ms` how long that takes with the offline engine.
    """

    id: int
    name: str
    description: str
    gender: Gender
    age_range: AgeRange
    category: str
    style: str
    tags: tuple[str, ...]
    voice: str
    prosody: Prosody
    sample_text: str
    sample_duration_ms: int
    sort_order: int
    create_time: datetime


@dataclass(frozen=True, slots=True)
class TemplateFilter:
    """Which templates. What is None or empty excludes nothing; `tags` must all be there.

    `keyword` is a part of the name or the description, in either case.
    """

    gender: Gender | None = None
    age_range: AgeRange | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    keyword: str = ""

    def takes(self, template: VoiceTemplate) -> bool:
        return (
            self.gender in (None, template.gender)
            and self.age_range in (None, template.age_range)
            and self.category in (None, template.category)
            and set(self.tags) <= set(template.tags)
            and self._is_mentioned(template)
        )

    def _is_mentioned(self, template: VoiceTemplate) -> bool:
        keyword = self.keyword.strip().casefold()
        return any(keyword in text.casefold() for text in (template.name, template.description))


def in_order(
    templates: Iterable[VoiceTemplate], order: TemplateOrder, *, uses: Mapping[int, int]
) -> Sequence[VoiceTemplate]:
    """The templates as a list shows them; `uses` by id, missing ones count 0."""
    placed = sorted(templates, key=lambda template: (template.sort_order, template.id))
    # Sorting is stable: templates that are equal keep their place in the catalogue.
    match order:
        case TemplateOrder.SORT_ORDER:
            return placed
        case TemplateOrder.USE_COUNT:
            return sorted(placed, key=lambda template: -uses.get(template.id, 0))
        case TemplateOrder.CREATED_AT:
            return sorted(placed, key=lambda template: template.create_time, reverse=True)


def uses_of_tag(tag: VoiceTag, templates: Iterable[VoiceTemplate], *, uses: Mapping[int, int]) -> int:
    """How often the voices with this tag were used."""
    return sum(uses.get(template.id, 0) for template in templates if tag.name in template.tags)


def template_not_found() -> NotFound:
    """There is no such voice in the catalogue."""
    return NotFound(reasons.ERROR_REASON_VOICE_TEMPLATE_NOT_FOUND, "Voice template not found")
