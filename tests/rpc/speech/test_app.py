"""The speech service as its process runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.errors import DomainError
from kit.observability.health import Status
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.speech.app import build
from services.speech.config import SpeechConfig
from tests.rpc.serving import serving
from voxreel.engine.v1 import engine_service_pb2, engine_service_pb2_grpc
from voxreel.speech.v1 import (
    synthesis_service_pb2,
    synthesis_service_pb2_grpc,
    voice_service_pb2,
    voice_service_pb2_grpc,
)


async def test_it_answers_what_it_can_while_the_others_are_away(tmp_path: Path) -> None:
    # A worker would load the model.
    async with serving(SpeechConfig, build, tmp_path, is_worker_on=False) as (app, tokens):
        assert app.health.status is Status.DEGRADED
        async with Peer(f"127.0.0.1:{app.port}", caller="test") as peer:
            voices = peer.stub(voice_service_pb2_grpc.VoiceServiceStub)
            listed = await voices.ListPresetVoices(voice_service_pb2.ListPresetVoicesRequest())
            assert {"zhichu", "zhixia", "zhiwei", "zhijie"} <= {voice.name for voice in listed.voices}
            engines = peer.stub(engine_service_pb2_grpc.EngineServiceStub)
            facts = (await engines.ListEngines(engine_service_pb2.ListEnginesRequest())).engines
            selected = {fact.capability: fact.name for fact in facts if fact.is_selected}
            assert selected == {
                "speech_synthesis": "kokoro",
                "dubbing": "prosody",
                "speech_recognition": "whisper",
                "text_rewrite": "rules",
                "voice_clone": "style_clone",
            }
            (server,) = [fact for fact in facts if fact.name == "indextts"]
            assert "no IndexTTS server is configured" in server.unavailable_reason
            others = [fact for fact in facts if fact.capability not in ("speech_synthesis", "dubbing")]
            assert [fact.name for fact in others if fact.is_available] == ["whisper", "style_clone", "rules"]
            assert all(fact.unavailable_reason for fact in others if not fact.is_available)
            await _check_refusal(peer, tokens.issue(7))


async def _check_refusal(peer: Peer, access_token: str) -> None:
    syntheses = peer.stub(synthesis_service_pb2_grpc.SynthesisServiceStub)
    request = synthesis_service_pb2.CreateSynthesisRequest(request_id="r-1", text="你好", voice="zhichu")
    bound = bind_call(CallContext(access_token=access_token))
    try:
        with pytest.raises(DomainError) as refused:
            await syntheses.CreateSynthesis(request, timeout=1)
    finally:
        unbind_call(bound)
    assert refused.value.reason_name in {"SERVICE_UNAVAILABLE", "DEADLINE_EXCEEDED", "ENGINE_UNAVAILABLE"}
