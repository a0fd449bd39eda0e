"""What a client asks to be written anew, checked before anything is recorded or held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.digests import input_digest
from kit.errors import Invalid
from services.speech.engines.base import RewriteMode, RewriteRequest
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_TEXT_CHARACTERS = 5000
MAX_INSTRUCTION_CHARACTERS = 1000
MIN_RATIO = 0.1
MAX_RATIO = 3.0


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The input of a rewrite task. `length_ratio` 0.1..3.0."""

    text: str
    mode: RewriteMode
    custom_instruction: str
    length_ratio: float

    @classmethod
    def from_input(cls, stored: Mapping[str, Any]) -> Rewrite:
        """From what `to_input` made of it."""
        return cls(
            text=str(stored["text"]),
            mode=RewriteMode(stored["mode"]),
            custom_instruction=str(stored["custom_instruction"]),
            length_ratio=float(stored["length_ratio"]),
        )

    def to_input(self) -> dict[str, Any]:
        """As the task keeps it and shows it to its owner."""
        return {
            "text": self.text,
            "mode": self.mode.value,
            "custom_instruction": self.custom_instruction,
            "length_ratio": self.length_ratio,
        }

    def digest(self) -> str:
        """SHA-256 in hex of the whole input: two requests with the same digest ask for the same thing."""
        return input_digest(self.to_input())

    def request(self) -> RewriteRequest:
        """What an engine is asked."""
        return RewriteRequest(self.text, self.mode, self.custom_instruction, self.length_ratio)


def checked_rewrite(text: str, mode: RewriteMode, *, custom_instruction: str, length_ratio: float | None) -> Rewrite:
    """The rewrite with its defaults filled in. Raises Invalid with a message for each rule."""
    if not text.strip():
        raise _field_invalid("文本不能为空")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise _field_invalid(f"文本最多 {MAX_TEXT_CHARACTERS} 个字符，当前 {len(text)} 个")
    if mode is RewriteMode.CUSTOM and not custom_instruction.strip():
        raise _field_invalid("自定义模式需要填写 custom_instruction（改写要求）")
    if len(custom_instruction) > MAX_INSTRUCTION_CHARACTERS:
        raise _field_invalid(f"custom_instruction（改写要求）最多 {MAX_INSTRUCTION_CHARACTERS} 个字符")
    ratio = 1.0 if length_ratio is None else length_ratio
    # Also refuses NaN, which compares false with everything.
    if not MIN_RATIO <= ratio <= MAX_RATIO:
        raise _field_invalid(f"length_ratio（长度比例）必须在 {MIN_RATIO} 到 {MAX_RATIO} 之间")
    return Rewrite(text, mode, custom_instruction, ratio)


def _field_invalid(message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
