"""Every service that verifies tokens refuses the void ones, as its process runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kit.errors import DomainError
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.billing import app as billing_app
from services.billing.config import BillingConfig
from services.files import app as files_app
from services.files.config import FilesConfig
from services.speech import app as speech_app
from services.speech.config import SpeechConfig
from services.video import app as video_app
from services.video.config import VideoConfig
from tests.nats import NatsServer
from tests.polling import eventually
from tests.rpc.identity.revoking import USER_ID, publish, revocation
from tests.rpc.serving import serving
from voxreel.billing.v1 import ledger_service_pb2, ledger_service_pb2_grpc
from voxreel.files.v1 import file_service_pb2, file_service_pb2_grpc
from voxreel.speech.v1 import synthesis_service_pb2, synthesis_service_pb2_grpc

Ask = Callable[[Peer], Awaitable[object]]


async def _ask_billing(peer: Peer) -> object:
    stub = peer.stub(ledger_service_pb2_grpc.LedgerServiceStub)
    return await stub.GetBalance(ledger_service_pb2.GetBalanceRequest())


async def _ask_files(peer: Peer) -> object:
    stub = peer.stub(file_service_pb2_grpc.FileServiceStub)
    return await stub.GetFile(file_service_pb2.GetFileRequest(file_id="none"))


async def _ask_speech(peer: Peer) -> object:
    stub = peer.stub(synthesis_service_pb2_grpc.SynthesisServiceStub)
    return await stub.CreateSynthesis(synthesis_service_pb2.CreateSynthesisRequest())


async def _refusal(ask: Ask, peer: Peer, access_token: str) -> str:
    bound = bind_call(CallContext(access_token=access_token))
    try:
        await ask(peer)
    except DomainError as error:
        return error.reason_name
    finally:
        unbind_call(bound)
    return ""


@pytest.mark.parametrize(
    ("config_class", "build", "ask", "answer"),
    [
        (BillingConfig, billing_app.build, _ask_billing, ""),
        (FilesConfig, files_app.build, _ask_files, "FILE_NOT_FOUND"),
        (SpeechConfig, speech_app.build, _ask_speech, "FIELD_INVALID"),
    ],
    ids=["billing", "files", "speech"],
)
async def test_a_revoked_token_is_refused(
    nats: NatsServer, tmp_path: Path, config_class: Any, build: Any, ask: Ask, answer: str
) -> None:
    # A worker of speech would load the model.
    settings = {"nats_url": nats.url, "is_worker_on": False}
    async with serving(config_class, build, tmp_path, **settings) as (app, tokens):
        void, kept = tokens.issue(USER_ID, token_id="void"), tokens.issue(USER_ID, token_id="kept")
        others = tokens.issue(USER_ID + 1)
        async with Peer(f"127.0.0.1:{app.port}", caller="test") as peer:
            assert await _refusal(ask, peer, void) == answer
            await publish(nats, revocation(kept_token_id="kept"))

            async def is_refused() -> bool:
                return await _refusal(ask, peer, void) == "TOKEN_EXPIRED"

            await eventually(is_refused)
            assert await _refusal(ask, peer, kept) == answer
            assert await _refusal(ask, peer, others) == answer


async def test_video_follows_revocations_before_its_first_method_for_users(nats: NatsServer, tmp_path: Path) -> None:
    async with serving(VideoConfig, video_app.build, tmp_path, nats_url=nats.url) as (app, _tokens):

        async def is_following() -> bool:
            await app.health.step()
            return not app.health.results["revocations"].problem

        await eventually(is_following)
