"""One of each object that an endpoint can name, in the hands of one user of a running stack."""

from __future__ import annotations

import io
import json
import uuid
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from sqlalchemy import Connection, MetaData, Table, create_engine

from tests.stack.client import Client
from tests.stack.harness import Stack

_SILENCE_FRAMES = 16_000
_PACKAGE = "recharge_30"
# Still being spoken when somebody tries to cancel it.
_LONG_TEXT = "这是一段很长的文字，用来占住合成任务。" * 250


@dataclass(frozen=True, slots=True)
class Possessions:
    """Ids by the name of what they are."""

    by_name: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.by_name[name]


async def acquire(stack: Stack, owner: Client, admin: Client) -> Possessions:
    """Everything the owner, who has credits, can have; cards and packages are the platform's."""
    file_id = await _upload(owner, "file_type=bgm")
    for material in ("works", "digital-human", "background", "bgm"):
        await _ok(owner, "POST", f"/api/user/materials/{material}/add", json={"file_id": file_id})
    await _ok(owner, "POST", "/api/user/materials/voice/add", json={"file_id": "zhichu"})
    model_task = await owner.synthesize("你好", key="model")
    await _ok(owner, "PUT", f"/api/tasks/{model_task}", json={"status": "FAILED"})
    cards = {"package_key": _PACKAGE, "quantity": 1}
    await _ok(admin, "POST", "/api/cards/admin/generate", json=cards)
    listed = await _ok(admin, "GET", "/api/cards/admin/list")
    return Possessions(
        {
            "user": str(owner.user_id),
            "file": file_id,
            "file url": f"/api/files/download/{file_id}",
            "temp file": await _upload(owner, "storage_type=temp"),
            "expendable file": await _upload(owner, "storage_type=temp"),
            "noted voice": "zhichu",
            "voice": _plant_voice(stack, owner, model_task),
            "template": "1",
            "custom voice": await _upload_voice(owner),
            "dubbing": _plant_dubbing(stack, owner, model_task, await _upload(owner, "storage_type=temp")),
            "task": await owner.synthesize(_LONG_TEXT, key="own"),
            "video task": _plant_video_task(stack, model_task),
            "card": str(listed["cards"][0]["id"]),
            "package": _PACKAGE,
            "feature": "tts",
            "webhook": (await _ok(owner, "POST", "/api/webhooks", json={"url": "https://hook.example/"}))["id"],
        }
    )


async def _ok(client: Client, method: str, path: str, **options: Any) -> Any:
    reply = await client.call(method, path, **options)
    assert reply.status == 200, (path, reply)
    return reply.body


async def _upload(client: Client, query: str) -> str:
    form = aiohttp.FormData()
    form.add_field("file", _silence(), filename="a.wav")
    file_id: str = (await _ok(client, "POST", f"/api/files/upload?{query}", data=form))["file_id"]
    return file_id


async def _upload_voice(client: Client) -> str:
    form = aiohttp.FormData()
    form.add_field("name", "我的音色")
    form.add_field("audio_file", _silence(), filename="a.wav", content_type="audio/wav")
    reply = await client.call("POST", "/api/voices/custom", data=form)
    assert reply.status == 201, reply
    return str(reply.body["data"]["id"])


def _silence() -> bytes:
    recorded = io.BytesIO()
    with wave.open(recorded, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(2 * _SILENCE_FRAMES))
    return recorded.getvalue()


# No engine of this version makes these, so they are written where their service keeps them.


def _plant_voice(stack: Stack, owner: Client, model_task: str) -> str:
    moment = _row_of(stack, model_task)["create_time"]
    row = {
        "id": "voice_of_the_owner",
        "user_id": owner.user_id,
        "account": "owner",
        "prefix": "own",
        "engine": "none",
        "target_model": "none",
        "engine_voice": "{}",
        "sample_file_id": "sample.wav",
        "is_public": False,
        "create_time": moment,
        "update_time": moment,
    }
    _insert(stack, "speech", "voices", row)
    return str(row["id"])


def _plant_dubbing(stack: Stack, owner: Client, model_task: str, file_id: str) -> str:
    row = {
        "id": 1001,
        "task_id": model_task,
        "user_id": owner.user_id,
        "text": "你好",
        "template_id": 1,
        "emotion_control": "same_as_reference",
        "file_id": file_id,
        "size_bytes": 1,
        "duration_ms": 1,
        "credits_used": 2,
        "create_time": _row_of(stack, model_task)["create_time"],
    }
    _insert(stack, "speech", "dubbings", row)
    return str(row["id"])


def _plant_video_task(stack: Stack, model_task: str) -> str:
    """A task of video that has ended as the given one of speech has."""
    task_id = str(uuid.uuid4())
    source = {"file_id": "gone.mp4"}
    order = {"video": source, "audio": source, "ref_image": source, "is_video_extended": False}
    row = {**_row_of(stack, model_task), "id": task_id, "kind": "VIDEO", "hold_id": "", "input": json.dumps(order)}
    _insert(stack, "video", "tasks", row)
    return task_id


def _row_of(stack: Stack, task_id: str) -> dict[str, Any]:
    with _table(stack, "speech", "tasks") as (tasks, connection):
        return dict(connection.execute(tasks.select().where(tasks.c.id == task_id)).mappings().one())


def _insert(stack: Stack, service: str, table: str, row: Mapping[str, Any]) -> None:
    with _table(stack, service, table) as (target, connection):
        connection.execute(target.insert().values(row))


@contextmanager
def _table(stack: Stack, service: str, name: str) -> Iterator[tuple[Table, Connection]]:
    engine = create_engine(f"sqlite:///{stack.data_dir / service}.db")
    try:
        with engine.begin() as connection:
            yield Table(name, MetaData(), autoload_with=connection), connection
    finally:
        engine.dispose()
