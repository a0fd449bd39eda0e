"""With a key DashScope does everything it can; without one it is not even loaded."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import kit.dashscope
import services.speech.engines.dashscope as speech
import services.video.engines.dashscope as video
from kit.models import DEFAULT_MODELS_DIR
from services.speech.config import DashScopeAccountSettings
from services.speech.engine_settings import dashscope_settings
from services.speech.engines.dashscope.settings import DashScopeSettings, Limits
from services.speech.engines.dashscope.turns import NoTurn, NoTurns
from services.speech.engines.jobs import JobEngineSettings, RecognitionOptions, open_job_engines
from services.speech.engines.registry import SynthesizerSettings
from services.speech.engines.rewriters import RewriterSettings
from services.speech.usecases.engines import select_engine

KEY = "sk-of-an-account"


def _jobs(cache: Path, dashscope: DashScopeSettings, *, choice: str = "auto") -> list[str]:
    rewriting = RewriterSettings(cache, dashscope=dashscope)
    options = RecognitionOptions(choice=choice)
    settings = JobEngineSettings(cache, rewriting, DEFAULT_MODELS_DIR, recognition=options, dashscope=dashscope)
    jobs = open_job_engines(settings)
    facts = [fact for fact in jobs.facts if fact.is_selected and fact.is_available]
    named = {fact.capability: fact.name for fact in facts}
    return [named.get(key, "") for key in ("speech_recognition", "voice_clone", "text_rewrite")]


async def test_a_key_selects_it_for_everything(tmp_path: Path) -> None:
    dashscope = DashScopeSettings(api_key=KEY)
    assert select_engine("auto", SynthesizerSettings(tmp_path, dashscope=dashscope)) == "dashscope"
    assert _jobs(tmp_path, dashscope) == ["dashscope"] * 3


async def test_without_a_key_this_machine_does_what_it_can(tmp_path: Path) -> None:
    assert select_engine("auto", SynthesizerSettings(tmp_path)) == "kokoro"
    assert _jobs(tmp_path, DashScopeSettings())[0] == "whisper"


async def test_a_pinned_engine_stands_above_the_key(tmp_path: Path) -> None:
    dashscope = DashScopeSettings(api_key=KEY)
    assert select_engine("kokoro", SynthesizerSettings(tmp_path, dashscope=dashscope)) == "kokoro"
    assert _jobs(tmp_path, dashscope, choice="whisper")[0] == "whisper"


def test_the_settings_of_the_service_reach_the_engines() -> None:
    given = DashScopeAccountSettings.model_validate(
        {"api_key": KEY, "cosyvoice_per_s": 7, "most_running": 2, "http_url": "http://h/api/"}
    )
    found = dashscope_settings(given, NoTurns())
    assert (found.api_key, found.http_url, found.limits.cosyvoice.interval_us) == (KEY, "http://h/api", 150_000)
    assert found.limits.gummy.most_running == 2
    assert replace(found, limits=Limits()).problems() == ()
    assert KEY not in f"{given!r} {given} {found!r}"


async def test_settings_that_are_only_looked_at_submit_nothing() -> None:
    with pytest.raises(NoTurn):
        async with DashScopeSettings().turns.turn(Limits().qwen, within_s=1):
            pass


def test_the_sdk_is_imported_only_where_it_is_used() -> None:
    heavy = {"dashscope", "httpx", "websocket"}
    folders = (speech.__path__[0], video.__path__[0], kit.dashscope.__path__[0])
    for path in (path for folder in folders for path in Path(folder).glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & {name.split(".")[0] for name in names}, path
