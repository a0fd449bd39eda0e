"""From the settings of the service to what its engines get to see, for the service and for commands."""

from __future__ import annotations

from pathlib import Path

from services.speech.config import DashScopeAccountSettings, RewritingSettings, SpeechConfig
from services.speech.engines.dashscope.settings import DashScopeSettings, Limits
from services.speech.engines.dashscope.turns import Limit, Turns
from services.speech.engines.jobs import JobEngineSettings, RecognitionOptions
from services.speech.engines.openai_compatible.engine import OpenAiSettings
from services.speech.engines.rewriters import RewriterSettings
from services.speech.engines.style_clone.settings import StyleCloneOptions


def dashscope_settings(given: DashScopeAccountSettings, turns: Turns) -> DashScopeSettings:
    """Those of every engine of DashScope."""
    most = given.most_running
    return DashScopeSettings(
        api_key=given.api_key.get_secret_value(),
        http_url=given.http_url.rstrip("/"),
        websocket_url=given.websocket_url,
        clone_model=given.clone_model,
        recognition_model=given.recognition_model,
        rewrite_model=given.rewrite_model,
        rewrite_temperature=given.rewrite_temperature,
        silence_s=given.silence_s,
        poll_s=given.poll_s,
        hearing_speed=given.hearing_speed,
        max_jobs=given.max_jobs,
        limits=Limits(
            cosyvoice=Limit("cosyvoice", given.cosyvoice_per_s, most),
            sambert=Limit("sambert", given.sambert_per_s, most),
            enrollment=Limit("voice-enrollment", given.enrollment_per_s, most),
            gummy=Limit("gummy", given.recognition_per_s, most),
            qwen=Limit("qwen", given.rewrite_per_s, most),
        ),
        turns=turns,
    )


def job_engine_settings(config: SpeechConfig, dashscope: DashScopeSettings) -> JobEngineSettings:
    """Those of recognition, cloning and rewriting."""
    cache_dir, given, cloning = config.data_dir / "models", config.recognition, config.cloning
    return JobEngineSettings(
        cache_dir,
        _rewriter_settings(config.rewriting, cache_dir, dashscope),
        recognition=RecognitionOptions(
            given.model_dir, given.processes, given.threads, given.max_duration_s, given.engine
        ),
        cloning_choice=config.cloning.engine,
        dashscope=dashscope,
        model_dir=config.synthesis.model_dir,
        cloning=StyleCloneOptions(
            processes=cloning.processes,
            threads=cloning.threads,
            evaluations=cloning.evaluations,
            max_search_s=cloning.max_search_s,
            seed=cloning.seed,
        ),
    )


def _rewriter_settings(given: RewritingSettings, cache_dir: Path, dashscope: DashScopeSettings) -> RewriterSettings:
    openai = OpenAiSettings(
        base_url=given.openai_base_url,
        api_key=given.openai_api_key.get_secret_value(),
        model=given.openai_model,
        temperature=given.openai_temperature,
    )
    return RewriterSettings(choice=given.engine, cache_dir=cache_dir, openai=openai, dashscope=dashscope)
