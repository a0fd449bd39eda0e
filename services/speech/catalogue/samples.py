"""The public files of a template: its sample and its avatar, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kit.digests import short_digest
from services.speech.catalogue.templates import templates
from services.speech.domain.templates import VoiceTemplate, template_not_found
from services.speech.engines.base import DEFAULT_VOLUME, SynthesisRequest


class TemplateFileKind(StrEnum):
    """The value is the extension."""

    SAMPLE = "wav"
    AVATAR = "png"


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A file that a template has. `bare_id` is its id without the extension."""

    template: VoiceTemplate
    kind: TemplateFileKind
    bare_id: str

    @property
    def file_id(self) -> str:
        """As URLs name it."""
        return f"{self.bare_id}.{self.kind}"


def sample_request(template: VoiceTemplate) -> SynthesisRequest:
    """What an engine is asked for the sample."""
    prosody = template.prosody
    return SynthesisRequest(
        text=template.sample_text,
        voice=template.voice,
        volume=round(DEFAULT_VOLUME * prosody.energy),
        speech_rate=prosody.rate,
        pitch_rate=prosody.pitch,
        content_id=sample_of(template).bare_id,
    )


def sample_of(template: VoiceTemplate) -> TemplateFile:
    """Its id changes with what is heard, so that nobody keeps hearing an old one."""
    prosody = template.prosody
    heard = {
        "text": template.sample_text,
        "voice": template.voice,
        "prosody": [prosody.rate, prosody.pitch, prosody.energy],
    }
    return _file(template, TemplateFileKind.SAMPLE, short_digest(heard))


def avatar_of(template: VoiceTemplate) -> TemplateFile:
    """Its id changes with what is seen."""
    seen = {"id": template.id, "gender": template.gender.value, "age_range": template.age_range.value}
    return _file(template, TemplateFileKind.AVATAR, short_digest(seen))


def find_file(file_id: str) -> TemplateFile:
    """The file of an id, with or without its extension. Raises NotFound (VOICE_TEMPLATE_NOT_FOUND)."""
    file = _files().get(file_id)
    if file is None:
        raise template_not_found()
    return file


def _file(template: VoiceTemplate, kind: TemplateFileKind, version: str) -> TemplateFile:
    bare_id = f"voice_template_{template.id}_{kind.name.lower()}_{version}"
    return TemplateFile(template, kind, bare_id)


@cache
def _files() -> Mapping[str, TemplateFile]:
    files = [make(template) for template in templates() for make in (sample_of, avatar_of)]
    return {name: file for file in files for name in (file.bare_id, file.file_id)}
