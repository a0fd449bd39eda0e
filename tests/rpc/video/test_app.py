"""The video service as its process runs it: truthful about its engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from kit.errors import Invalid, NotFound
from kit.observability.health import Status
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.video.app import build
from services.video.config import DashScopeAccountSettings, LipSyncSettings, RenderSettings, VideoConfig
from tests.rpc.serving import serving
from voxreel.engine.v1 import engine_service_pb2, engine_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2, task_service_pb2_grpc
from voxreel.video.v1 import render_service_pb2, render_service_pb2_grpc


async def test_it_answers_what_it_can_while_the_broker_is_away(tmp_path: Path) -> None:
    async with serving(VideoConfig, build, tmp_path) as (app, _tokens):
        assert app.health.status is Status.DEGRADED
        async with Peer(f"127.0.0.1:{app.port}", caller="test") as peer:
            await _check_limits(peer)
            await _check_engines(peer)
            tasks = peer.stub(task_service_pb2_grpc.TaskServiceStub)
            with pytest.raises(NotFound) as missing:
                await tasks.GetTask(task_service_pb2.GetTaskRequest(task_id="none"))
            assert missing.value.reason_name == "TASK_NOT_FOUND"


async def _check_limits(peer: Peer) -> None:
    renders = peer.stub(render_service_pb2_grpc.RenderServiceStub)
    limits = await renders.GetRenderLimits(render_service_pb2.GetRenderLimitsRequest())
    assert list(limits.video.formats) == ["mp4", "avi", "mov"]
    assert (limits.video.min_duration.seconds, limits.video.max_duration.seconds) == (2, 120)
    assert (limits.video.min_frames_per_second, limits.video.max_frames_per_second) == (15, 60)
    assert limits.audio.max_size_bytes == 30 * 1024 * 1024
    assert limits.audio.max_duration.seconds == 120
    assert not limits.reference_image.HasField("max_duration")


async def _check_engines(peer: Peer) -> None:
    engines = peer.stub(engine_service_pb2_grpc.EngineServiceStub)
    listed = (await engines.ListEngines(engine_service_pb2.ListEnginesRequest())).engines
    assert {engine.capability for engine in listed} == {"lip_sync", "chroma_key", "link_parse"}
    [cloud, lips] = [engine for engine in listed if engine.capability == "lip_sync"]
    assert (cloud.name, cloud.is_available, cloud.is_selected) == ("dashscope", False, False)
    assert (lips.name, lips.is_available, lips.is_selected) == ("mesh_warp", True, True)
    assert lips.quality == engine_service_pb2.QUALITY_APPROXIMATE
    assert lips.model_sha256.startswith("c603fa61")
    [keyer] = [engine for engine in listed if engine.capability == "chroma_key"]
    assert (keyer.name, keyer.is_available, keyer.quality) == ("yuv_tables", True, engine_service_pb2.QUALITY_NATIVE)
    usable = {engine.name for engine in listed if engine.is_available}
    assert (
        usable == {engine.name for engine in listed if engine.is_selected} == {"mesh_warp", "yuv_tables", "web_pages"}
    )
    assert all(engine.is_available or engine.unavailable_reason for engine in listed)


@pytest.mark.parametrize(("choice", "selected"), [("auto", "dashscope"), ("mesh_warp", "mesh_warp")])
async def test_a_key_selects_the_provider_unless_an_engine_is_named(tmp_path: Path, choice: str, selected: str) -> None:
    account = DashScopeAccountSettings(api_key=SecretStr("sk-of-an-account"))
    settings = {"dashscope": account, "lip_sync": LipSyncSettings(engine=choice)}
    async with (
        serving(VideoConfig, build, tmp_path, **settings) as (app, _tokens),
        Peer(f"127.0.0.1:{app.port}", caller="test") as peer,
    ):
        engines = peer.stub(engine_service_pb2_grpc.EngineServiceStub)
        listed = (await engines.ListEngines(engine_service_pb2.ListEnginesRequest())).engines
    lips = {engine.name: engine for engine in listed if engine.capability == "lip_sync"}
    assert [name for name, engine in lips.items() if engine.is_selected] == [selected]
    cloud = lips["dashscope"]
    assert (cloud.is_available, cloud.model, cloud.quality) == (
        True,
        "videoretalk",
        engine_service_pb2.QUALITY_NATIVE,
    )


async def test_an_installation_without_a_way_out_fetches_nothing(tmp_path: Path) -> None:
    closed = RenderSettings(is_web_on=False)
    async with (
        serving(VideoConfig, build, tmp_path, render=closed) as (app, tokens),
        Peer(f"127.0.0.1:{app.port}", caller="test") as peer,
    ):
        renders = peer.stub(render_service_pb2_grpc.RenderServiceStub)
        request = render_service_pb2.CreateRenderRequest(
            request_id="r-1", video_url="https://films.example/face.mp4", audio_url="https://films.example/voice.wav"
        )
        bound = bind_call(CallContext(access_token=tokens.issue(7, token_id="t-7")))
        with pytest.raises(Invalid, match="未开启外部链接下载"):
            await renders.CreateRender(request)
        unbind_call(bound)
