"""The table of engines that write texts anew. Adding an engine is adding a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from kit.dashscope.clients import ENGINE_NAME as DASHSCOPE
from kit.engines import AUTO, EngineEntry, EngineState
from services.speech.engines.base import Quality, TextRewriter
from services.speech.engines.dashscope.rewriter import DashScopeRewriter
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.openai_compatible import engine as openai_compatible
from services.speech.engines.rules import engine as rules


@dataclass(frozen=True, slots=True)
class RewriterSettings:
    """Everything an operator can choose about rewriting; each engine takes what concerns it.

    `choice` is the name of an engine or `auto`; `cache_dir` receives parsed dictionaries.
    """

    cache_dir: Path
    choice: str = AUTO
    dashscope: DashScopeSettings = field(default_factory=DashScopeSettings)
    openai: openai_compatible.OpenAiSettings = field(default_factory=openai_compatible.OpenAiSettings)


def _open_rules(settings: RewriterSettings) -> TextRewriter:
    return rules.RulesRewriter(settings.cache_dir)


def _examine_rules(_settings: RewriterSettings) -> EngineState:
    return EngineState(model=rules.MODEL.model_id, quality=Quality.APPROXIMATE, problems=rules.problems())


def _open_openai(settings: RewriterSettings) -> TextRewriter:
    return openai_compatible.OpenAiRewriter(settings.openai)


def _examine_openai(settings: RewriterSettings) -> EngineState:
    openai = settings.openai
    return EngineState(model=openai.model, quality=Quality.NATIVE, problems=openai.problems())


def _open_dashscope(settings: RewriterSettings) -> TextRewriter:
    return DashScopeRewriter(settings.dashscope)


def _examine_dashscope(settings: RewriterSettings) -> EngineState:
    dashscope = settings.dashscope
    return EngineState(model=dashscope.rewrite_model, quality=Quality.NATIVE, problems=dashscope.problems())


REWRITERS: Mapping[str, EngineEntry[TextRewriter, RewriterSettings]] = MappingProxyType(
    {
        DASHSCOPE: EngineEntry(_open_dashscope, _examine_dashscope),
        openai_compatible.NAME: EngineEntry(_open_openai, _examine_openai),
        rules.NAME: EngineEntry(_open_rules, _examine_rules),
    }
)
"""In the order in which `auto` tries them: what an operator has set up comes before what every machine has."""
