"""From the settings of the service to what its engines get to see, for the service and for commands."""

from __future__ import annotations

from pathlib import Path

from services.speech.config import RewritingSettings, SpeechConfig
from services.speech.engines.jobs import JobEngineSettings, RecognitionOptions
from services.speech.engines.openai_compatible.engine import OpenAiSettings
from services.speech.engines.rewriters import RewriterSettings


def job_engine_settings(config: SpeechConfig) -> JobEngineSettings:
    """Those of recognition, cloning and rewriting."""
    cache_dir, given = config.data_dir / "models", config.recognition
    return JobEngineSettings(
        cache_dir,
        _rewriter_settings(config.rewriting, cache_dir),
        recognition=RecognitionOptions(given.model_dir, given.processes, given.threads, given.max_duration_s),
    )


def _rewriter_settings(given: RewritingSettings, cache_dir: Path) -> RewriterSettings:
    openai = OpenAiSettings(
        base_url=given.openai_base_url,
        api_key=given.openai_api_key.get_secret_value(),
        model=given.openai_model,
        temperature=given.openai_temperature,
    )
    return RewriterSettings(choice=given.engine, cache_dir=cache_dir, openai=openai)
