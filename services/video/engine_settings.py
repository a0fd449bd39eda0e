"""From the settings of the service to what its engines get to see."""

from __future__ import annotations

from services.video.config import DashScopeAccountSettings, VideoConfig
from services.video.engines.dashscope.orders import Orders
from services.video.engines.dashscope.settings import DashScopeSettings
from services.video.engines.registry import VideoEngineSettings


def engine_settings(config: VideoConfig, orders: Orders) -> VideoEngineSettings:
    """Those of all engines; `orders` keeps those at a provider."""
    return VideoEngineSettings(
        model_cache_dir=config.data_dir / "models",
        max_workers=config.render.concurrency,
        producer=config.render.producer,
        is_web_allowed=config.links.is_on,
        lip_sync_choice=config.lip_sync.engine,
        dashscope=dashscope_settings(config.dashscope),
        orders=orders,
    )


def dashscope_settings(given: DashScopeAccountSettings) -> DashScopeSettings:
    """Those of DashScope's engine."""
    return DashScopeSettings(
        api_key=given.api_key.get_secret_value(),
        http_url=given.http_url.rstrip("/"),
        silence_s=given.silence_s,
        transfer_s=given.transfer_s,
        poll_s=given.poll_s,
        max_poll_s=given.max_poll_s,
    )
