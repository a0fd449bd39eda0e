"""The services the edge calls, by what they offer."""

from __future__ import annotations

from dataclasses import dataclass

from kit.rpc.client import Peer
from voxreel.auth.v1 import (
    account_service_pb2_grpc,
    activity_service_pb2_grpc,
    audit_service_pb2_grpc,
    phone_service_pb2_grpc,
    user_admin_service_pb2_grpc,
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


@dataclass(frozen=True, slots=True)
class EdgePeers:
    """One peer per service."""

    auth: Peer
    billing: Peer
    files: Peer
    speech: Peer
    video: Peer

    def by_name(self) -> dict[str, Peer]:
        """In the order in which they are shown."""
        return {
            "auth": self.auth,
            "billing": self.billing,
            "files": self.files,
            "speech": self.speech,
            "video": self.video,
        }


@dataclass(frozen=True, slots=True)
class Clients:
    """Generated stubs. Their calls carry the request's id, deadline and user by themselves."""

    accounts: account_service_pb2_grpc.AccountServiceAsyncStub
    phones: phone_service_pb2_grpc.PhoneServiceAsyncStub
    users: user_service_pb2_grpc.UserServiceAsyncStub
    user_admin: user_admin_service_pb2_grpc.UserAdminServiceAsyncStub
    activities: activity_service_pb2_grpc.ActivityServiceAsyncStub
    audit: audit_service_pb2_grpc.AuditServiceAsyncStub
    webhooks: webhook_service_pb2_grpc.WebhookServiceAsyncStub
    ledger: ledger_service_pb2_grpc.LedgerServiceAsyncStub
    cards: card_service_pb2_grpc.CardServiceAsyncStub
    invites: invite_service_pb2_grpc.InviteServiceAsyncStub
    pricing: pricing_service_pb2_grpc.PricingServiceAsyncStub
    packages: package_service_pb2_grpc.PackageServiceAsyncStub
    statistics: statistics_service_pb2_grpc.StatisticsServiceAsyncStub
    balances: balance_service_pb2_grpc.BalanceServiceAsyncStub
    files: file_service_pb2_grpc.FileServiceAsyncStub
    synthesis: synthesis_service_pb2_grpc.SynthesisServiceAsyncStub
    voices: voice_service_pb2_grpc.VoiceServiceAsyncStub
    templates: template_service_pb2_grpc.TemplateServiceAsyncStub
    custom_voices: custom_voice_service_pb2_grpc.CustomVoiceServiceAsyncStub
    history: history_service_pb2_grpc.HistoryServiceAsyncStub
    recognition: recognition_service_pb2_grpc.RecognitionServiceAsyncStub
    texts: text_service_pb2_grpc.TextServiceAsyncStub
    dubbings: dubbing_service_pb2_grpc.DubbingServiceAsyncStub
    renders: render_service_pb2_grpc.RenderServiceAsyncStub
    links: link_service_pb2_grpc.LinkServiceAsyncStub
    speech_tasks: task_service_pb2_grpc.TaskServiceAsyncStub
    video_tasks: task_service_pb2_grpc.TaskServiceAsyncStub
    speech_engines: engine_service_pb2_grpc.EngineServiceAsyncStub
    video_engines: engine_service_pb2_grpc.EngineServiceAsyncStub


def make_clients(peers: EdgePeers) -> Clients:
    """Stubs over the peers' channels."""
    return Clients(
        accounts=peers.auth.stub(account_service_pb2_grpc.AccountServiceStub),
        phones=peers.auth.stub(phone_service_pb2_grpc.PhoneServiceStub),
        users=peers.auth.stub(user_service_pb2_grpc.UserServiceStub),
        user_admin=peers.auth.stub(user_admin_service_pb2_grpc.UserAdminServiceStub),
        activities=peers.auth.stub(activity_service_pb2_grpc.ActivityServiceStub),
        audit=peers.auth.stub(audit_service_pb2_grpc.AuditServiceStub),
        webhooks=peers.auth.stub(webhook_service_pb2_grpc.WebhookServiceStub),
        ledger=peers.billing.stub(ledger_service_pb2_grpc.LedgerServiceStub),
        cards=peers.billing.stub(card_service_pb2_grpc.CardServiceStub),
        invites=peers.billing.stub(invite_service_pb2_grpc.InviteServiceStub),
        pricing=peers.billing.stub(pricing_service_pb2_grpc.PricingServiceStub),
        packages=peers.billing.stub(package_service_pb2_grpc.PackageServiceStub),
        statistics=peers.billing.stub(statistics_service_pb2_grpc.StatisticsServiceStub),
        balances=peers.billing.stub(balance_service_pb2_grpc.BalanceServiceStub),
        files=peers.files.stub(file_service_pb2_grpc.FileServiceStub),
        synthesis=peers.speech.stub(synthesis_service_pb2_grpc.SynthesisServiceStub),
        voices=peers.speech.stub(voice_service_pb2_grpc.VoiceServiceStub),
        templates=peers.speech.stub(template_service_pb2_grpc.TemplateServiceStub),
        custom_voices=peers.speech.stub(custom_voice_service_pb2_grpc.CustomVoiceServiceStub),
        history=peers.speech.stub(history_service_pb2_grpc.HistoryServiceStub),
        recognition=peers.speech.stub(recognition_service_pb2_grpc.RecognitionServiceStub),
        texts=peers.speech.stub(text_service_pb2_grpc.TextServiceStub),
        dubbings=peers.speech.stub(dubbing_service_pb2_grpc.DubbingServiceStub),
        renders=peers.video.stub(render_service_pb2_grpc.RenderServiceStub),
        links=peers.video.stub(link_service_pb2_grpc.LinkServiceStub),
        speech_tasks=peers.speech.stub(task_service_pb2_grpc.TaskServiceStub),
        video_tasks=peers.video.stub(task_service_pb2_grpc.TaskServiceStub),
        speech_engines=peers.speech.stub(engine_service_pb2_grpc.EngineServiceStub),
        video_engines=peers.video.stub(engine_service_pb2_grpc.EngineServiceStub),
    )
