"""The edge as it runs, before fake servicers on real gRPC servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from grpc import aio
from pydantic import SecretStr

from edge.app import build
from edge.config import EdgeConfig, ProgressSettings, RateSettings
from kit.app import App
from kit.blobs.store import BlobStore
from kit.clock import SystemClock
from kit.config import Peers
from kit.observability.health import Status
from kit.observability.standard import RpcHealth
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIds
from tests.fakes.servicers_activities import FakeActivities
from tests.fakes.servicers_audit import FakeAudit
from tests.fakes.servicers_auth import FakeAuth
from tests.fakes.servicers_balances import FakeBalances
from tests.fakes.servicers_billing import FakeLedger
from tests.fakes.servicers_cards import FakeCards
from tests.fakes.servicers_dubbing import FakeCustomVoices, FakeHistory, FakeTemplates
from tests.fakes.servicers_files import FakeFiles
from tests.fakes.servicers_invites import FakeInvites
from tests.fakes.servicers_jobs import FakeRecognition, FakeTexts, FakeVideo
from tests.fakes.servicers_keys import FakeKeys
from tests.fakes.servicers_phones import FakePhones
from tests.fakes.servicers_pricing import FakePackages, FakePricing, FakeStatistics
from tests.fakes.servicers_speech import FakeSpeech
from tests.fakes.servicers_synthesis import FakeDubbings
from tests.fakes.servicers_tasks import FakeEngines, FakeTasks
from tests.fakes.servicers_user_admin import FakeUserAdmin
from tests.fakes.servicers_webhooks import FakeWebhooks
from tests.fakes.tokens import FakeTokens
from tests.polling import eventually
from voxreel.auth.v1 import (
    account_service_pb2_grpc,
    activity_service_pb2_grpc,
    audit_service_pb2_grpc,
    phone_service_pb2_grpc,
    user_admin_service_pb2_grpc,
    user_pb2,
    user_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from voxreel.billing.v1 import (
    balance_service_pb2_grpc,
    card_service_pb2_grpc,
    invite_service_pb2_grpc,
    ledger_service_pb2_grpc,
    package_service_pb2_grpc,
    pricing_service_pb2_grpc,
    statistics_service_pb2_grpc,
)
from voxreel.common.v1 import key_service_pb2_grpc
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.files.v1 import file_service_pb2_grpc
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
from voxreel.video.v1 import link_service_pb2_grpc, render_service_pb2_grpc

SERVICE_TOKEN = "service-token-of-the-tests"
Registration = tuple[Callable[[Any, aio.Server], None], Any]


@dataclass(slots=True)
class Platform:
    """What a test talks to and looks into."""

    clock: FakeClock
    tokens: FakeTokens
    auth: FakeAuth
    phones: FakePhones
    keys: FakeKeys
    user_admin: FakeUserAdmin
    activities: FakeActivities
    audit: FakeAudit
    webhooks: FakeWebhooks
    ledger: FakeLedger
    balances: FakeBalances
    cards: FakeCards
    invites: FakeInvites
    pricing: FakePricing
    packages: FakePackages
    statistics: FakeStatistics
    files: FakeFiles
    speech: FakeSpeech
    speech_engines: FakeEngines
    recognition: FakeRecognition
    texts: FakeTexts
    templates: FakeTemplates
    custom_voices: FakeCustomVoices
    history: FakeHistory
    dubbings: FakeDubbings
    video: FakeVideo
    video_tasks: FakeTasks
    video_engines: FakeEngines
    blobs: BlobStore
    app: App[EdgeConfig]
    servers: dict[str, RpcServer]
    healths: dict[str, RpcHealth]
    client: ClientSession
    user: user_pb2.User
    admin: user_pb2.User

    def bearer(self, user: user_pb2.User | None = None) -> dict[str, str]:
        """Headers of a logged-in user; `user` when none is named."""
        return {"Authorization": f"Bearer {self.auth.token_of(user or self.user)}"}


@asynccontextmanager
async def open_platform(
    folder: Path,
    *,
    trusted_proxies: int = 0,
    rates: RateSettings | None = None,
    progress: ProgressSettings | None = None,
    nats_url: str = "nats://127.0.0.1:1",
) -> AsyncIterator[Platform]:
    """Everything running and ready."""
    clock, ids = FakeClock(), FakeIds()
    # The edge judges tokens by the machine's clock.
    tokens = FakeTokens(SystemClock())
    auth, keys = FakeAuth(clock, tokens), FakeKeys(tokens)
    phones = FakePhones(auth)
    user = auth.add_user("testuser", "password123")
    admin = auth.add_user("admin", "admin-password", is_admin=True)
    accounts = {each.id: each.account for each in auth.users.values()}
    ledger, files, speech = FakeLedger(clock, accounts), FakeFiles(clock, ids), FakeSpeech(clock, ids)
    cards, invites = FakeCards(clock, ledger), FakeInvites(clock, ledger)
    user_admin, activities, audit = FakeUserAdmin(auth), FakeActivities(), FakeAudit()
    webhooks = FakeWebhooks(clock, ids)
    balances = FakeBalances(ledger)
    pricing, packages, statistics = FakePricing(clock), FakePackages(clock), FakeStatistics()
    speech_engines, video_engines, video_tasks = FakeEngines("speech_synthesis"), FakeEngines(), FakeTasks()
    recognition, texts = FakeRecognition(speech.tasks, clock, ids), FakeTexts(speech.tasks, clock, ids)
    templates, custom_voices, history = FakeTemplates(clock), FakeCustomVoices(clock), FakeHistory(clock)
    dubbings = FakeDubbings(speech.tasks, clock, ids, history=history, files=files)
    video = FakeVideo(video_tasks, clock, ids)
    services: dict[str, list[Registration]] = {
        "auth": [
            (account_service_pb2_grpc.add_AccountServiceServicer_to_server, auth),
            (phone_service_pb2_grpc.add_PhoneServiceServicer_to_server, phones),
            (user_service_pb2_grpc.add_UserServiceServicer_to_server, auth),
            (user_admin_service_pb2_grpc.add_UserAdminServiceServicer_to_server, user_admin),
            (activity_service_pb2_grpc.add_ActivityServiceServicer_to_server, activities),
            (audit_service_pb2_grpc.add_AuditServiceServicer_to_server, audit),
            (webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server, webhooks),
            (key_service_pb2_grpc.add_KeyServiceServicer_to_server, keys),
        ],
        "billing": [
            (ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server, ledger),
            (card_service_pb2_grpc.add_CardServiceServicer_to_server, cards),
            (invite_service_pb2_grpc.add_InviteServiceServicer_to_server, invites),
            (balance_service_pb2_grpc.add_BalanceServiceServicer_to_server, balances),
            (pricing_service_pb2_grpc.add_PricingServiceServicer_to_server, pricing),
            (package_service_pb2_grpc.add_PackageServiceServicer_to_server, packages),
            (statistics_service_pb2_grpc.add_StatisticsServiceServicer_to_server, statistics),
        ],
        "files": [(file_service_pb2_grpc.add_FileServiceServicer_to_server, files)],
        "speech": [
            (synthesis_service_pb2_grpc.add_SynthesisServiceServicer_to_server, speech),
            (voice_service_pb2_grpc.add_VoiceServiceServicer_to_server, speech),
            (recognition_service_pb2_grpc.add_RecognitionServiceServicer_to_server, recognition),
            (text_service_pb2_grpc.add_TextServiceServicer_to_server, texts),
            (template_service_pb2_grpc.add_TemplateServiceServicer_to_server, templates),
            (custom_voice_service_pb2_grpc.add_CustomVoiceServiceServicer_to_server, custom_voices),
            (history_service_pb2_grpc.add_HistoryServiceServicer_to_server, history),
            (dubbing_service_pb2_grpc.add_DubbingServiceServicer_to_server, dubbings),
            (task_service_pb2_grpc.add_TaskServiceServicer_to_server, speech.tasks),
            (engine_service_pb2_grpc.add_EngineServiceServicer_to_server, speech_engines),
        ],
        "video": [
            (render_service_pb2_grpc.add_RenderServiceServicer_to_server, video),
            (link_service_pb2_grpc.add_LinkServiceServicer_to_server, video),
            (task_service_pb2_grpc.add_TaskServiceServicer_to_server, video_tasks),
            (engine_service_pb2_grpc.add_EngineServiceServicer_to_server, video_engines),
        ],
    }
    async with AsyncExitStack() as stack:
        addresses: dict[str, str] = {}
        servers: dict[str, RpcServer] = {}
        healths: dict[str, RpcHealth] = {}
        for name, registrations in services.items():
            server = RpcServer(name, verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())
            servers[name] = server
            addresses[name], healths[name] = await _serve(stack, server, registrations)
        config = EdgeConfig(
            port=0,
            admin_port=0,
            data_dir=folder,
            nats_url=SecretStr(nats_url),
            service_token=SecretStr(SERVICE_TOKEN),
            peers=Peers(**addresses),
            trusted_proxies=trusted_proxies,
            rates=rates or RateSettings(),
            progress=progress or ProgressSettings(),
        )
        app = await stack.enter_async_context(App("edge", config))
        await build(app)
        await app.start()
        client = await stack.enter_async_context(ClientSession(f"http://127.0.0.1:{app.port}"))
        await eventually(lambda: app.health.is_ready)
        yield Platform(
            clock=clock,
            tokens=tokens,
            auth=auth,
            phones=phones,
            keys=keys,
            user_admin=user_admin,
            activities=activities,
            audit=audit,
            webhooks=webhooks,
            ledger=ledger,
            balances=balances,
            cards=cards,
            invites=invites,
            pricing=pricing,
            packages=packages,
            statistics=statistics,
            files=files,
            speech=speech,
            speech_engines=speech_engines,
            recognition=recognition,
            texts=texts,
            templates=templates,
            custom_voices=custom_voices,
            history=history,
            dubbings=dubbings,
            video=video,
            video_tasks=video_tasks,
            video_engines=video_engines,
            blobs=BlobStore.open(config.blobs_url),
            app=app,
            servers=servers,
            healths=healths,
            client=client,
            user=user,
            admin=admin,
        )


async def _serve(stack: AsyncExitStack, server: RpcServer, registrations: list[Registration]) -> tuple[str, RpcHealth]:
    for register, servicer in registrations:
        server.add(register, servicer)
    health = RpcHealth(server.service_names)
    server.add_open(health.register)
    port = await server.start("127.0.0.1:0")
    stack.push_async_callback(server.stop, 0.0)
    await health.report(Status.SERVING)
    return f"127.0.0.1:{port}", health
