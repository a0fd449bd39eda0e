"""What the service offers and does, given what it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kit.db.database import Database
from kit.db.uow import Units
from kit.ids import IdSource
from kit.rpc.server import RpcServer
from kit.sources import SourceFiles
from kit.tasks.acceptance import TaskAcceptance
from kit.tasks.handlers import TaskHandler
from kit.tasks.model import TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from services.video.engines.registry import VideoEngines
from services.video.peers.files import VideoFiles
from services.video.rpc.engine_servicer import EngineServicer
from services.video.rpc.link_servicer import LinkServicer
from services.video.rpc.render_servicer import RenderServicer
from services.video.store.tables import TASKS
from services.video.store.uow import VideoUnit
from services.video.usecases.acceptance import CreateVideo
from services.video.usecases.links import Links
from services.video.usecases.preflight import Preflight, Prober
from services.video.usecases.sources import OrderedFiles, WebFiles
from services.video.usecases.work import KeyingHandler, RenderHandler, Workshop
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2_grpc
from voxreel.video.v1 import link_service_pb2_grpc, render_service_pb2_grpc


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the servicers and the handlers are made over."""

    database: Database
    units: Units[VideoUnit]
    notifier: TaskNotifier
    ids: IdSource
    acceptance: TaskAcceptance
    sources: SourceFiles
    web: WebFiles
    prober: Prober
    videos: VideoFiles
    engines: VideoEngines
    timeout_s: float

    @property
    def files(self) -> OrderedFiles:
        """Where the files of orders come from."""
        return OrderedFiles(self.sources, self.web)


def add_servicers(server: RpcServer, parts: Parts) -> None:
    """Everything the service answers."""
    preflight = Preflight(parts.sources, parts.files, parts.prober)
    created = CreateVideo(parts.acceptance, parts.sources, preflight, parts.engines, ids=parts.ids)
    tasks = TaskServicer(parts.database, TASKS, parts.notifier, units=parts.units)
    links = LinkServicer(Links(parts.engines.link_reader))
    server.add(render_service_pb2_grpc.add_RenderServiceServicer_to_server, RenderServicer(created))
    server.add(link_service_pb2_grpc.add_LinkServiceServicer_to_server, links)
    server.add(engine_service_pb2_grpc.add_EngineServiceServicer_to_server, EngineServicer(parts.engines))
    server.add(task_service_pb2_grpc.add_TaskServiceServicer_to_server, tasks, sets=tasks.sets())


def task_handlers(parts: Parts) -> Mapping[TaskKind, TaskHandler]:
    """Everything the service's worker does."""
    workshop = Workshop(parts.engines, parts.files, parts.videos, parts.timeout_s)
    return {TaskKind.VIDEO: RenderHandler(workshop), TaskKind.CHROMA_KEY: KeyingHandler(workshop)}
