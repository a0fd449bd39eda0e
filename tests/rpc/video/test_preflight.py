"""What is refused before a render is recorded or its price is held, and sources behind URLs."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kit.errors import DomainError, Invalid, TooLarge
from kit.net.errors import FetchBroken, FetchError, FetchRefused, FetchTimeout, FetchTooLarge
from services.video.store.tables import TASKS
from tests.rpc.video.conftest import World
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks
from voxreel.video.v1 import render_service_pb2 as renders

FACE_URL = "https://films.example/face?id=1"
VOICE_URL = "https://films.example/voice.wav"


async def _refused(world: World, request: renders.CreateRenderRequest, kind: type[DomainError] = Invalid) -> str:
    with world.user(), pytest.raises(kind) as refused:
        await world.renders.CreateRender(request)
    count = await world.database.read(lambda c: c.execute(select(func.count()).select_from(TASKS)).scalar_one())
    assert (world.ledger.requests, count) == ([], 0)
    return refused.value.message


@pytest.mark.parametrize(
    ("video", "audio", "image", "message"),
    [
        (b"short", b"voice", b"who", "视频时长为 1.0 秒，须在 2 至 120 秒之间"),
        (b"slow", b"voice", b"who", "视频帧率为 12 帧/秒，须在 15 至 60 帧/秒之间"),
        (b"vast", b"voice", b"who", "视频分辨率为 30000×640，最高支持 4096×2304"),
        (b"blind", b"voice", b"who", "视频文件没有画面"),
        (b"film", b"voice", b"who", "视频文件的内容与格式不符，请使用 mp4、avi、mov 文件"),
        (b"text", b"voice", b"who", "视频文件已损坏或不是支持的媒体文件"),
        (b"face", b"long", b"who", "音频时长为 121.0 秒，须在 2 至 120 秒之间"),
        (b"face", b"mute", b"who", "音频文件没有声音"),
        (b"face", b"song", b"who", "音频文件的内容与格式不符，请使用 wav、mp3、aac 文件"),
        (b"face", b"text", b"who", "音频文件已损坏或不是支持的媒体文件"),
        (b"face", b"voice", b"face", "参考图片文件的内容与格式不符，请使用 jpeg、jpg、png、bmp、webp 文件"),
        (b"face", b"voice", b"text", "参考图片文件已损坏或不是支持的媒体文件"),
    ],
)
async def test_each_limit_has_its_own_words(
    world: World, video: bytes, audio: bytes, image: bytes, message: str
) -> None:
    request = renders.CreateRenderRequest(
        request_id="r-1",
        video_file_id=world.files.put("v.mp4", video),
        audio_file_id=world.files.put("a.wav", audio),
        ref_image_file_id=world.files.put("i.png", image),
    )
    assert await _refused(world, request) == message


async def test_sources_behind_urls_are_checked_and_rendered(world: World) -> None:
    world.web.files = {FACE_URL: b"face", VOICE_URL: b"voice", "https://films.example/who": b"who"}
    request = renders.CreateRenderRequest(
        request_id="r-1", video_url=FACE_URL, audio_url=VOICE_URL, ref_image_url="https://films.example/who"
    )
    with world.user():
        task = (await world.renders.CreateRender(request)).task
    await world.work()
    done = (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task.id))).task
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED
    assert world.files.stored[task.id][1] == b"face+voice+who"


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (FetchRefused("not public"), Invalid, "视频链接不可用，请使用公网可访问的 http 或 https 链接"),
        (FetchTooLarge("more"), TooLarge, "视频过大，上限为 300 MB"),
        (FetchTimeout("late"), Invalid, "视频链接下载超时，请先将文件上传到本平台"),
        (FetchBroken("refused", status=404), Invalid, "视频链接无法下载（HTTP 404）"),
        (FetchBroken("no connection"), Invalid, "视频链接无法下载"),
    ],
)
async def test_urls_that_lead_nowhere(world: World, error: FetchError, kind: type[DomainError], message: str) -> None:
    world.web.errors[FACE_URL] = error
    request = renders.CreateRenderRequest(
        request_id="r-1", video_url=FACE_URL, audio_file_id=world.files.put("voice.wav", b"voice")
    )
    assert await _refused(world, request, kind) == message


async def test_what_a_url_hides_is_checked_too(world: World) -> None:
    world.web.files = {FACE_URL: b"text"}
    request = renders.CreateRenderRequest(
        request_id="r-1", video_url=FACE_URL, audio_file_id=world.files.put("voice.wav", b"voice")
    )
    assert await _refused(world, request) == "视频文件已损坏或不是支持的媒体文件"
