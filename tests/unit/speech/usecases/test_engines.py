"""Which engine is selected, whether it may be used, and what happens when its model cannot be loaded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.engines import EngineSlot, open_slot
from kit.errors import Unavailable
from services.speech.engines.dubbers import DUBBING
from services.speech.engines.dubbing import Dubber
from services.speech.engines.errors import EngineTimedOut, EngineUnavailable, UnknownEngine
from services.speech.engines.jobs import JobEngineSettings, open_job_engines
from services.speech.engines.kokoro.catalog import voices
from services.speech.engines.registry import SynthesizerSettings
from services.speech.engines.rewriters import RewriterSettings
from services.speech.usecases.engines import CAPABILITY, EngineDirectory, SynthesisEngine, select_engine
from services.speech.usecases.warm_up import Warmable, WarmUp

JOBS = open_job_engines(JobEngineSettings(Path("unused"), RewriterSettings(Path("unused"))))
DUBBER: EngineSlot[Dubber] = open_slot(DUBBING, {}, None)


@dataclass
class FakeModel:
    """Loads at once, or fails with what it is given; with `is_slow` never ends."""

    error: Exception | None = None
    is_slow: bool = False

    async def warm_up(self, *, timeout_s: float) -> None:
        if self.is_slow:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


@pytest.fixture
def settings_without_models(tmp_path: Path) -> SynthesizerSettings:
    return SynthesizerSettings(model_cache_dir=tmp_path / "cache", models_dir=tmp_path / "none")


@pytest.fixture
def engine() -> SynthesisEngine:
    return SynthesisEngine("kokoro", voices())


def test_auto_falls_back_to_an_engine_that_cannot_work(settings_without_models: SynthesizerSettings) -> None:
    assert select_engine("auto", settings_without_models) == "kokoro"


def test_a_pinned_engine_must_exist(settings_without_models: SynthesizerSettings) -> None:
    assert select_engine("kokoro", settings_without_models) == "kokoro"
    with pytest.raises(UnknownEngine):
        select_engine("festival", settings_without_models)


async def test_missing_models_make_the_engine_unusable(
    settings_without_models: SynthesizerSettings, engine: SynthesisEngine
) -> None:
    directory = EngineDirectory(settings_without_models, engine, JOBS, dubber=DUBBER)
    engine.check_usable()
    await directory.step()
    fact = next(fact for fact in directory.facts if fact.capability == CAPABILITY and fact.is_selected)
    assert not fact.is_available
    assert fact.name == "kokoro"
    with pytest.raises(Unavailable) as refused:
        engine.check_usable()
    assert refused.value.reason_name == "ENGINE_UNAVAILABLE"


async def test_a_model_that_cannot_be_loaded_stops_new_tasks(tmp_path: Path, engine: SynthesisEngine) -> None:
    directory = EngineDirectory(SynthesizerSettings(model_cache_dir=tmp_path), engine, JOBS, dubber=DUBBER)
    await WarmUp(FakeModel(EngineUnavailable("kokoro", "model is corrupt")), directory).step()
    assert "model is corrupt" in engine.problem
    await directory.step()
    assert "model is corrupt" in engine.problem


async def test_a_slow_start_is_no_reason_to_refuse_tasks(tmp_path: Path, engine: SynthesisEngine) -> None:
    directory = EngineDirectory(SynthesizerSettings(model_cache_dir=tmp_path), engine, JOBS, dubber=DUBBER)
    await WarmUp(FakeModel(EngineTimedOut("kokoro", "120 s")), directory).step()
    engine.check_usable()


async def test_warming_ends_when_the_service_stops(tmp_path: Path, engine: SynthesisEngine) -> None:
    directory = EngineDirectory(SynthesizerSettings(model_cache_dir=tmp_path), engine, JOBS, dubber=DUBBER)
    model, stop = FakeModel(is_slow=True), asyncio.Event()
    running = asyncio.create_task(WarmUp(model, directory).run(stop))
    stop.set()
    await asyncio.wait_for(running, 5)
    assert isinstance(model, Warmable)
