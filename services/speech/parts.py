"""What the service offers and does, given what it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kit.clock import Clock
from kit.db.database import Database
from kit.db.uow import Units
from kit.engines import EngineSlot
from kit.ids import IdSource
from kit.rpc.server import RpcServer
from kit.sources import SourceFiles
from kit.tasks.acceptance import TaskAcceptance
from kit.tasks.attended import AttendedTasks
from kit.tasks.handlers import TaskHandler
from kit.tasks.model import TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from services.speech.config import RewritingSettings
from services.speech.engines.base import SpeechSynthesizer
from services.speech.engines.dubbing import Dubber
from services.speech.engines.jobs import JobEngines
from services.speech.engines.listening import Listener
from services.speech.engines.styles import StyleFolder
from services.speech.peers.files import AudioFiles
from services.speech.rpc.custom_voice_servicer import CustomVoiceServicer
from services.speech.rpc.dubbing_servicer import DubbingServicer
from services.speech.rpc.engine_servicer import EngineServicer
from services.speech.rpc.history_servicer import HistoryServicer
from services.speech.rpc.recognition_servicer import RecognitionServicer
from services.speech.rpc.synthesis_servicer import SynthesisServicer
from services.speech.rpc.template_servicer import TemplateServicer
from services.speech.rpc.text_servicer import TextServicer
from services.speech.rpc.voice_servicer import VoiceServicer
from services.speech.store.tables import TASKS
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.cloning import CloneHandler, CreateClone
from services.speech.usecases.create_synthesis import CreateSynthesis
from services.speech.usecases.custom_voices import CustomVoices
from services.speech.usecases.dubbing import CreateDubbing, DubbingHandler, SpeechHandler
from services.speech.usecases.emotion_references import EmotionReferences
from services.speech.usecases.engines import EngineDirectory, SynthesisEngine
from services.speech.usecases.history import DubbingHistory
from services.speech.usecases.live_rewriting import LiveRewrites
from services.speech.usecases.recognition import CreateRecognition, RecognitionHandler
from services.speech.usecases.rewriting import CreateRewrite, RewriteHandler
from services.speech.usecases.samples import Downloads, Samples
from services.speech.usecases.shared_files import SharedFiles
from services.speech.usecases.speakers import Speakers
from services.speech.usecases.speaking_voices import SpeakingVoices
from services.speech.usecases.style_packs import StylePacks
from services.speech.usecases.synthesize import SynthesisHandler
from services.speech.usecases.templates import TemplateCatalogue, TemplateFiles
from services.speech.usecases.voice_previews import VoicePreviews
from services.speech.usecases.voices import ClonedVoices
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.speech.v1 import (
    custom_voice_service_pb2_grpc,
    dubbing_service_pb2_grpc,
    history_service_pb2_grpc,
    recognition_service_pb2_grpc,
    synthesis_service_pb2_grpc,
    template_service_pb2_grpc,
    text_service_pb2_grpc,
    voice_service_pb2_grpc,
)
from voxreel.task.v1 import task_service_pb2_grpc


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the servicers and the handlers are made over."""

    database: Database
    units: Units[SpeechUnit]
    notifier: TaskNotifier
    clock: Clock
    ids: IdSource
    acceptance: TaskAcceptance
    audio: AudioFiles
    sources: SourceFiles
    synthesizer: SpeechSynthesizer
    engine: SynthesisEngine
    directory: EngineDirectory
    jobs: JobEngines
    dubber: EngineSlot[Dubber]
    listener: Listener
    web: Downloads
    styles: StyleFolder
    synthesis_timeout_s: float
    dubbing_timeout_s: float
    job_timeout_s: float
    attended: AttendedTasks
    rewriting: RewritingSettings


def add_servicers(server: RpcServer, parts: Parts) -> None:
    """Everything the service answers."""
    acceptance, sources, jobs, ids = parts.acceptance, parts.sources, parts.jobs, parts.ids
    syntheses = CreateSynthesis(acceptance, parts.engine, _speaking_voices(parts), ids=ids)
    clones = CreateClone(parts.units, acceptance, _samples(parts), jobs.cloner, ids=ids)
    previews = _previews(parts)
    voices = VoiceServicer(parts.engine, ClonedVoices(parts.units, parts.clock), clones, previews=previews)
    recognitions = CreateRecognition(acceptance, sources, jobs.recognizer, ids=ids)
    rewrites = CreateRewrite(acceptance, jobs.rewriter, ids=ids)
    live = LiveRewrites(rewrites, parts.attended, _rewrite_handler(parts), places=parts.rewriting.places)
    texts = TextServicer(live, jobs.rewriter)
    tasks = TaskServicer(parts.database, TASKS, parts.notifier, units=parts.units)
    server.add(synthesis_service_pb2_grpc.add_SynthesisServiceServicer_to_server, SynthesisServicer(syntheses))
    server.add(voice_service_pb2_grpc.add_VoiceServiceServicer_to_server, voices)
    server.add(recognition_service_pb2_grpc.add_RecognitionServiceServicer_to_server, RecognitionServicer(recognitions))
    server.add(text_service_pb2_grpc.add_TextServiceServicer_to_server, texts)
    server.add(engine_service_pb2_grpc.add_EngineServiceServicer_to_server, EngineServicer(parts.directory))
    server.add(task_service_pb2_grpc.add_TaskServiceServicer_to_server, tasks, sets=tasks.sets())
    _add_dubbing(server, parts, previews, clones)


def _add_dubbing(server: RpcServer, parts: Parts, previews: VoicePreviews, clones: CreateClone) -> None:
    """What only dubbing has."""
    # Pictures have a turn of their own: they need not wait for somebody to speak.
    files = TemplateFiles(previews, SharedFiles(parts.audio))
    templates = TemplateServicer(TemplateCatalogue(parts.units), files)
    voices = CustomVoices(
        parts.units, parts.sources, parts.audio, listener=parts.listener, clones=clones, clock=parts.clock
    )
    history = HistoryServicer(DubbingHistory(parts.units))
    server.add(template_service_pb2_grpc.add_TemplateServiceServicer_to_server, templates)
    server.add(custom_voice_service_pb2_grpc.add_CustomVoiceServiceServicer_to_server, CustomVoiceServicer(voices))
    server.add(history_service_pb2_grpc.add_HistoryServiceServicer_to_server, history)
    references = _references(parts)
    speakers = Speakers(parts.units, parts.engine, _packs(parts))
    create = CreateDubbing(parts.acceptance, parts.dubber, speakers=speakers, references=references, ids=parts.ids)
    dubbings = DubbingServicer(create, references)
    server.add(dubbing_service_pb2_grpc.add_DubbingServiceServicer_to_server, dubbings)


def _references(parts: Parts) -> EmotionReferences:
    return EmotionReferences(parts.units, parts.sources, parts.audio, listener=parts.listener, clock=parts.clock)


def task_handlers(parts: Parts) -> Mapping[TaskKind, TaskHandler]:
    """Everything the service's worker does."""
    jobs, sources, timeout_s = parts.jobs, parts.sources, parts.job_timeout_s
    return {
        TaskKind.TTS: SpeechHandler(_synthesis_handler(parts), _dubbing_handler(parts)),
        TaskKind.ASR: RecognitionHandler(jobs.recognizer, sources, timeout_s=timeout_s),
        TaskKind.VOICE_CLONE: CloneHandler(
            jobs.cloner, _samples(parts), _packs(parts), clock=parts.clock, timeout_s=timeout_s
        ),
        TaskKind.LLM: _rewrite_handler(parts),
    }


def _synthesis_handler(parts: Parts) -> SynthesisHandler:
    voices = _speaking_voices(parts)
    return SynthesisHandler(parts.synthesizer, parts.audio, voices, timeout_s=parts.synthesis_timeout_s)


def _packs(parts: Parts) -> StylePacks:
    return StylePacks(parts.audio, parts.sources, parts.styles)


def _samples(parts: Parts) -> Samples:
    return Samples(parts.sources, parts.web)


def _speaking_voices(parts: Parts) -> SpeakingVoices:
    return SpeakingVoices(parts.units, parts.engine, _packs(parts))


def _previews(parts: Parts) -> VoicePreviews:
    files, voices = SharedFiles(parts.audio), _speaking_voices(parts)
    return VoicePreviews(parts.synthesizer, parts.engine, files, voices=voices)


def _dubbing_handler(parts: Parts) -> DubbingHandler:
    return DubbingHandler(
        parts.dubber,
        parts.audio,
        parts.sources,
        speakers=Speakers(parts.units, parts.engine, _packs(parts)),
        references=_references(parts),
        samples=_previews(parts),
        clock=parts.clock,
        timeout_s=parts.dubbing_timeout_s,
    )


def _rewrite_handler(parts: Parts) -> RewriteHandler:
    return RewriteHandler(parts.jobs.rewriter, timeout_s=parts.rewriting.timeout_s)
