"""The tables of video's engines. Adding an engine is adding a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kit.clock import SystemClock
from kit.engines import Capability, EngineEntry, EngineFact, EngineSlot, EngineState, open_slot
from kit.net.fetcher import Fetcher
from services.video.engines.base import ChromaKeyer, LinkReader, LipSyncer
from services.video.links.reader import NAME as WEB_PAGES
from services.video.links.reader import WebPageReader

LIP_SYNC = Capability("lip_sync", "视频生成", planned_engine="mesh_warp")
CHROMA_KEY = Capability("chroma_key", "绿幕背景替换", planned_engine="yuv_tables")
LINK_PARSE = Capability("link_parse", "视频解析", planned_engine=WEB_PAGES)


@dataclass(frozen=True, slots=True)
class VideoEngineSettings:
    """What an operator can choose about these engines. `model_cache_dir` receives large model files.

    `is_web_allowed`: whether pages of other sites may be asked for what lies behind links.
    """

    model_cache_dir: Path
    is_web_allowed: bool = True


def _open_web_pages(_settings: VideoEngineSettings) -> LinkReader:
    return WebPageReader(Fetcher(), SystemClock())


def _examine_web_pages(settings: VideoEngineSettings) -> EngineState:
    return EngineState(problems=() if settings.is_web_allowed else ("已由配置关闭",))


LIP_SYNCERS: Mapping[str, EngineEntry[LipSyncer, VideoEngineSettings]] = MappingProxyType({})
CHROMA_KEYERS: Mapping[str, EngineEntry[ChromaKeyer, VideoEngineSettings]] = MappingProxyType({})
LINK_READERS: Mapping[str, EngineEntry[LinkReader, VideoEngineSettings]] = MappingProxyType(
    {WEB_PAGES: EngineEntry(_open_web_pages, _examine_web_pages)}
)


@dataclass(frozen=True, slots=True)
class VideoEngines:
    """The slots of these capabilities."""

    lip_syncer: EngineSlot[LipSyncer]
    chroma_keyer: EngineSlot[ChromaKeyer]
    link_reader: EngineSlot[LinkReader]

    @property
    def facts(self) -> tuple[EngineFact, ...]:
        """What is known of their engines."""
        return (*self.lip_syncer.facts, *self.chroma_keyer.facts, *self.link_reader.facts)

    async def step(self) -> None:
        """Looks again at what the engines need."""
        await asyncio.gather(self.lip_syncer.step(), self.chroma_keyer.step(), self.link_reader.step())


def open_engines(settings: VideoEngineSettings) -> VideoEngines:
    """Slots over the tables above. Touches the disk; call it off the event loop."""
    return VideoEngines(
        open_slot(LIP_SYNC, LIP_SYNCERS, settings),
        open_slot(CHROMA_KEY, CHROMA_KEYERS, settings),
        open_slot(LINK_PARSE, LINK_READERS, settings),
    )
