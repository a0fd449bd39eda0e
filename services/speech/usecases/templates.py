"""The public catalogue of voices: lists, single voices, and their files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from kit.db.uow import Units
from services.speech.catalogue.samples import TemplateFileKind, find_file
from services.speech.catalogue.templates import find_template, tags, templates
from services.speech.domain.templates import (
    TemplateFilter,
    TemplateOrder,
    VoiceTag,
    VoiceTemplate,
    in_order,
    uses_of_tag,
)
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.shared_files import SharedFiles
from services.speech.usecases.voice_previews import VoicePreviews


@dataclass(frozen=True, slots=True)
class UsedTag:
    """A tag, and how often its voices were used."""

    tag: VoiceTag
    use_count: int


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """A template, and how often it was used."""

    template: VoiceTemplate
    use_count: int


class TemplateCatalogue:
    """The catalogue with its counts."""

    def __init__(self, units: Units[SpeechUnit]) -> None:
        self._units = units

    async def tags(self, category: str | None) -> list[UsedTag]:
        """All tags in their order, or those of a category."""
        uses = await self._uses()
        found = [tag for tag in tags() if category in (None, tag.category)]
        return [UsedTag(tag, uses_of_tag(tag, templates(), uses=uses)) for tag in found]

    async def page(
        self, wanted: TemplateFilter, order: TemplateOrder, *, size: int, skip: int
    ) -> tuple[Sequence[UsedTemplate], int]:
        """Templates of a filter, in order, and how many there are in all."""
        uses = await self._uses()
        found = in_order(filter(wanted.takes, templates()), order, uses=uses)
        return [UsedTemplate(each, uses.get(each.id, 0)) for each in found[skip : skip + size]], len(found)

    async def get(self, template_id: int) -> UsedTemplate:
        """Raises NotFound (VOICE_TEMPLATE_NOT_FOUND)."""
        template = find_template(template_id)
        return UsedTemplate(template, (await self._uses()).get(template_id, 0))

    async def _uses(self) -> dict[int, int]:
        return await self._units.read(lambda unit: unit.template_uses.all())


class TemplateFiles:
    """Makes the files of templates when somebody first asks."""

    def __init__(self, previews: VoicePreviews, pictures: SharedFiles) -> None:
        self._previews = previews
        self._pictures = pictures

    async def prepare(self, file_id: str) -> str:
        """The id of the file with its extension; the file is there when this returns.

        Raises NotFound (VOICE_TEMPLATE_NOT_FOUND) when no template has such a file, and as `VoicePreviews.prepare`.
        """
        file = find_file(file_id)
        if file.kind is TemplateFileKind.SAMPLE:
            return await self._previews.prepare_sample(file)
        draw = partial(asyncio.to_thread, _draw, file.template)
        return await self._pictures.prepare(file.bare_id, file.kind.value, draw)


def _draw(template: VoiceTemplate) -> bytes:
    # NumPy is loaded only where avatars are missing.
    from services.speech.catalogue.avatars import draw_avatar

    return draw_avatar(template)
