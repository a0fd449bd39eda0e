"""How a text is to be rewritten, and the choices that are left to chance: the same for the same seed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from services.speech.engines.base import RewriteMode, RewriteRequest

T = TypeVar("T")
_SHORT_SHARE = 0.8
_TOLERANCE = 0.1
# A wish that is denied ("不要太正式") is no wish.
_NOT = r"(?<!不)(?<!别)(?<!不要)(?<!不太)(?<!别太)(?<!不要太)(?<!不用太)"


class Register(StrEnum):
    """The tone of a text."""

    NEUTRAL = "neutral"
    FORMAL = "formal"
    LIVELY = "lively"
    SHORT = "short"


class Length(StrEnum):
    """Which of several wordings is to be preferred."""

    SHORTER = "shorter"
    ANY = "any"
    LONGER = "longer"


_WISHES: tuple[tuple[Register, re.Pattern[str]], ...] = (
    (
        Register.SHORT,
        re.compile(_NOT + r"(?:简洁|精简|简短|简练|精炼|缩短|压缩|概括|短一些|短一点|concise|shorter|brief)", re.I),
    ),
    (Register.FORMAL, re.compile(_NOT + r"(?:正式|书面|官方|严肃|严谨|商务|公文|专业|formal|professional)", re.I)),
    (Register.LIVELY, re.compile(_NOT + r"(?:活泼|轻松|口语|生动|幽默|有趣|俏皮|亲切|热情|lively|casual|fun)", re.I)),
)


@dataclass(frozen=True, slots=True)
class Style:
    """What is asked of the rules. `ratio`: wanted length over given length."""

    register: Register
    ratio: float

    @property
    def length(self) -> Length:
        if abs(self.ratio - 1.0) <= _TOLERANCE:
            return Length.ANY
        return Length.LONGER if self.ratio > 1.0 else Length.SHORTER


def style_of(request: RewriteRequest) -> Style:
    """The style that a request asks for, as far as the rules can tell."""
    register = _register_of(request)
    ratio = request.length_ratio * _SHORT_SHARE if register is Register.SHORT else request.length_ratio
    return Style(register, ratio)


def is_understood(request: RewriteRequest) -> bool:
    """Whether the instruction, if there is one, says something that the rules know."""
    return request.mode is RewriteMode.AUTO or _register_of(request) is not Register.NEUTRAL


def _register_of(request: RewriteRequest) -> Register:
    if request.mode is RewriteMode.AUTO:
        return Register.NEUTRAL
    return next((register for register, wish in _WISHES if wish.search(request.instruction)), Register.NEUTRAL)


class Chooser:
    """Chooses by a seed: one text has one answer to the same question."""

    def __init__(self, seed: str) -> None:
        self._key = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def pick(self, question: str, options: Sequence[T]) -> T:
        """One of the options, of which there is at least one."""
        digest = hashlib.blake2b(question.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8).digest()
        return options[int.from_bytes(digest, "big") % len(options)]
