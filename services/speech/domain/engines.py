"""What the service tells about its engines."""

from __future__ import annotations

from dataclasses import dataclass

from services.speech.engines.base import Quality


@dataclass(frozen=True, slots=True)
class EngineFact:
    """One way to do a capability. `unavailable_reason` is for operators and empty when the engine can be used."""

    name: str
    capability: str
    unavailable_reason: str
    is_selected: bool
    model: str = ""
    model_sha256: str = ""
    quality: Quality | None = None

    @property
    def is_available(self) -> bool:
        return not self.unavailable_reason


_NOT_INCLUDED = "当前版本未包含该引擎"

NOT_INCLUDED: tuple[EngineFact, ...] = tuple(
    EngineFact(name, capability, _NOT_INCLUDED, is_selected=False)
    for name, capability in (
        ("whisper", "speech_recognition"),
        ("style_clone", "voice_clone"),
        ("rules", "text_rewrite"),
    )
)
"""Capabilities of the contract that this version has no engine for."""
