"""The table of dubbing engines. Adding an engine is adding a row; the first that can work is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kit.engines import Capability, EngineEntry, EngineState
from services.speech.engines.base import Quality, SpeechSynthesizer
from services.speech.engines.dubbing import Dubber
from services.speech.engines.indextts import settings as indextts
from services.speech.engines.indextts.dubber import IndexTtsDubber
from services.speech.engines.prosody import dubber as prosody
from services.speech.engines.registry import SYNTHESIZERS, SynthesizerSettings

DUBBING = Capability("dubbing", "配音", planned_engine=prosody.ENGINE_NAME)


@dataclass(frozen=True, slots=True)
class DubberSettings:
    """What the engines are made of. `synthesizer` is the selected text-to-speech engine, `synthesis` its settings."""

    indextts: indextts.IndexTtsSettings
    synthesizer: SpeechSynthesizer
    synthesis: SynthesizerSettings


def _examine_indextts(settings: DubberSettings) -> EngineState:
    return EngineState(model=indextts.MODEL_NAME, quality=Quality.NATIVE.value, problems=settings.indextts.problems)


def _examine_prosody(settings: DubberSettings) -> EngineState:
    entry = SYNTHESIZERS.get(settings.synthesizer.name)
    if entry is None:
        return EngineState(quality=Quality.APPROXIMATE.value)
    found = entry.examine(settings.synthesis)
    return EngineState(found.model, found.model_sha256, Quality.APPROXIMATE.value, found.problems)


DUBBERS: Mapping[str, EngineEntry[Dubber, DubberSettings]] = MappingProxyType(
    {
        indextts.ENGINE_NAME: EngineEntry(lambda settings: IndexTtsDubber(settings.indextts), _examine_indextts),
        prosody.ENGINE_NAME: EngineEntry(
            lambda settings: prosody.ProsodyDubber(settings.synthesizer), _examine_prosody
        ),
    }
)
