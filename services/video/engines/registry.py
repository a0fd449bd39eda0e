"""The tables of video's engines. Adding an engine is adding a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from kit.clock import SystemClock
from kit.dashscope.clients import ENGINE_NAME as DASHSCOPE
from kit.engines import AUTO, Capability, EngineEntry, EngineFact, EngineSlot, EngineState, open_slot
from kit.net.fetcher import Fetcher
from services.video.engines.base import ChromaKeyer, LinkReader, LipSyncer, Quality
from services.video.engines.dashscope.engine import DashScopeLipSyncer
from services.video.engines.dashscope.orders import NoOrders, Orders
from services.video.engines.dashscope.settings import MODEL_NAME as VIDEO_RETALK
from services.video.engines.dashscope.settings import DashScopeSettings
from services.video.engines.mesh_warp.engine import MeshWarp
from services.video.engines.mesh_warp.settings import ENGINE_NAME as MESH_WARP
from services.video.engines.mesh_warp.settings import MODEL_NAME as FACE_MESH
from services.video.engines.mesh_warp.settings import MeshWarpFactory
from services.video.engines.yuv_tables import settings as yuv_tables
from services.video.engines.yuv_tables.engine import YuvTables
from services.video.links.reader import NAME as WEB_PAGES
from services.video.links.reader import WebPageReader

LIP_SYNC = Capability("lip_sync", "视频生成", planned_engine=MESH_WARP)
CHROMA_KEY = Capability("chroma_key", "绿幕背景替换", planned_engine=yuv_tables.ENGINE_NAME)
LINK_PARSE = Capability("link_parse", "视频解析", planned_engine=WEB_PAGES)


@dataclass(frozen=True, slots=True)
class VideoEngineSettings:
    """What an operator can choose about these engines. `model_cache_dir` receives large model files; `producer`
    names the service in the AI-content label of videos.

    `is_web_allowed`: whether pages of other sites may be asked for what lies behind links. `lip_sync_choice` is the
    name of an engine or `auto`; `orders` keeps those at a provider.
    """

    model_cache_dir: Path
    max_workers: int = 1
    producer: str = "Voxreel"
    is_web_allowed: bool = True
    lip_sync_choice: str = AUTO
    dashscope: DashScopeSettings = field(default_factory=DashScopeSettings)
    orders: Orders = field(default_factory=NoOrders, repr=False)


def _open_web_pages(_settings: VideoEngineSettings) -> LinkReader:
    return WebPageReader(Fetcher(), SystemClock())


def _examine_web_pages(settings: VideoEngineSettings) -> EngineState:
    return EngineState(problems=() if settings.is_web_allowed else ("已由配置关闭",))


def _open_dashscope(settings: VideoEngineSettings) -> LipSyncer:
    return DashScopeLipSyncer(
        settings.dashscope, settings.orders, web=Fetcher(), clock=SystemClock(), producer=settings.producer
    )


def _examine_dashscope(settings: VideoEngineSettings) -> EngineState:
    return EngineState(model=VIDEO_RETALK, quality=Quality.NATIVE.value, problems=settings.dashscope.problems())


def _open_mesh_warp(settings: VideoEngineSettings) -> LipSyncer:
    factory = MeshWarpFactory(settings.model_cache_dir)
    return MeshWarp(factory, producer=settings.producer, max_workers=settings.max_workers)


def _examine_mesh_warp(settings: VideoEngineSettings) -> EngineState:
    factory = MeshWarpFactory(settings.model_cache_dir)
    return EngineState(FACE_MESH, factory.model_sha256(), Quality.APPROXIMATE.value, factory.problems())


def _open_yuv_tables(settings: VideoEngineSettings) -> ChromaKeyer:
    return YuvTables(producer=settings.producer, max_workers=settings.max_workers)


def _examine_yuv_tables(_settings: VideoEngineSettings) -> EngineState:
    return EngineState(yuv_tables.MODEL_NAME, "", Quality.NATIVE.value, yuv_tables.problems())


# In the order in which `auto` tries them: what an operator has set up comes before what every machine has.
LIP_SYNCERS: Mapping[str, EngineEntry[LipSyncer, VideoEngineSettings]] = MappingProxyType(
    {
        DASHSCOPE: EngineEntry(_open_dashscope, _examine_dashscope),
        MESH_WARP: EngineEntry(_open_mesh_warp, _examine_mesh_warp),
    }
)
CHROMA_KEYERS: Mapping[str, EngineEntry[ChromaKeyer, VideoEngineSettings]] = MappingProxyType(
    {yuv_tables.ENGINE_NAME: EngineEntry(_open_yuv_tables, _examine_yuv_tables)}
)
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
    """Slots over the tables above. Touches the disk; call it off the event loop. Raises NoSuchEngine."""
    return VideoEngines(
        open_slot(LIP_SYNC, LIP_SYNCERS, settings, choice=settings.lip_sync_choice),
        open_slot(CHROMA_KEY, CHROMA_KEYERS, settings),
        open_slot(LINK_PARSE, LINK_READERS, settings),
    )
