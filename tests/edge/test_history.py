"""The history of the dubbing document."""

from __future__ import annotations

from typing import Any

import pytest

from kit.errors import Unavailable
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import history_service_pb2 as messages

MISSING = {"code": 404, "message": "Audio history not found or access denied", "data": None}
AUDIO = "tts_audio_1.mp3"


@pytest.fixture
def piece(platform: Platform) -> messages.Dubbing:
    """A piece of the user, with its audio."""
    platform.files.put(files.File(id=AUDIO, user_id=platform.user.id, file_type="audio"), "blob")
    found = messages.Dubbing(
        id=1001,
        text="今天天气真好",
        voice_template_id=1,
        emotion_control=messages.EMOTION_CONTROL_SAME_AS_REFERENCE,
        file_id=AUDIO,
        size_bytes=2048000,
        duration_ms=15_500,
        credits_used=10,
    )
    platform.history.put(platform.user.id, found)
    return found


async def _call(platform: Platform, method: str, path: str, *, by_admin: bool = False) -> tuple[int, Any]:
    headers = platform.bearer(platform.admin if by_admin else None)
    async with platform.client.request(method, path, headers=headers) as response:
        return response.status, await response.json()


async def test_a_page_of_the_history(platform: Platform, piece: messages.Dubbing) -> None:
    status, reply = await _call(platform, "GET", "/api/history?page=1&size=20")
    assert status == 200
    same_shape(reply, "GET", "/api/history")
    data = reply["data"]
    assert (data["total"], data["page"], data["size"], data["total_pages"]) == (1, 1, 20, 1)
    (item,) = data["items"]
    assert (item["emotion_control_type"], item["duration"]) == ("same_as_reference", 15.5)
    _, past = await _call(platform, "GET", "/api/history?page=2")
    assert (past["data"]["items"], past["data"]["total"]) == ([], 1)
    status, _ = await _call(platform, "GET", "/api/history?size=101")
    assert status == 400


@pytest.mark.parametrize(
    ("control", "name"),
    [
        (messages.EMOTION_CONTROL_EMOTION_REFERENCE, "emotion_reference"),
        (messages.EMOTION_CONTROL_VECTOR, "vector_control"),
        (messages.EMOTION_CONTROL_TEXT, "text_control"),
    ],
)
async def test_one_piece(
    platform: Platform, piece: messages.Dubbing, control: messages.EmotionControl.ValueType, name: str
) -> None:
    piece.emotion_control = control
    piece.custom_voice_id = 100
    status, reply = await _call(platform, "GET", "/api/history/1001")
    assert status == 200
    same_shape(reply, "GET", "/api/history/{history_id}", nullable=("voice_template_id",))
    data = reply["data"]
    assert (data["voice_template_id"], data["custom_voice_id"], data["emotion_control_type"]) == (None, 100, name)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "1001"), ("DELETE", "1001"), ("GET", "1001/download-url"), ("GET", "5")]
)
async def test_another_users_piece_is_none(platform: Platform, piece: messages.Dubbing, method: str, path: str) -> None:
    assert await _call(platform, method, f"/api/history/{path}", by_admin=True) == (404, MISSING)
    assert AUDIO in platform.files.stored


async def test_a_deleted_piece_takes_its_audio_along(platform: Platform, piece: messages.Dubbing) -> None:
    status, reply = await _call(platform, "DELETE", "/api/history/1001")
    assert status == 200
    same_shape(reply, "DELETE", "/api/history/{history_id}")
    assert (reply["message"], reply["data"], platform.files.stored) == ("删除成功", None, {})
    assert await _call(platform, "DELETE", "/api/history/1001") == (404, MISSING)


async def test_what_was_half_deleted_can_be_deleted_again(platform: Platform, piece: messages.Dubbing) -> None:
    refusals = platform.history.refusals.by_method
    refusals["DeleteDubbing"] = Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "")
    assert (await _call(platform, "DELETE", "/api/history/1001"))[0] == 500
    refusals.clear()
    # The audio is gone already, the piece is not.
    assert await _call(platform, "GET", "/api/history/1001/download-url") == (404, MISSING)
    assert (await _call(platform, "DELETE", "/api/history/1001"))[0] == 200


@pytest.mark.parametrize(("query", "life_s"), [("", 3600), ("?expires=86400", 86_400), ("?expires=1", 1)])
async def test_links_last_as_long_as_is_asked(
    platform: Platform, piece: messages.Dubbing, query: str, life_s: int
) -> None:
    status, reply = await _call(platform, "GET", f"/api/history/1001/download-url{query}")
    assert status == 200
    same_shape(reply, "GET", "/api/history/{history_id}/download-url")
    assert reply["data"] == {"download_url": f"/api/files/download/signed-{AUDIO}", "expires_in": life_s}
    (life,) = platform.files.lives
    assert life == life_s


@pytest.mark.parametrize("expires", ["0", "86401", "x"])
async def test_links_of_no_life_or_too_long_a_one(platform: Platform, piece: messages.Dubbing, expires: str) -> None:
    status, reply = await _call(platform, "GET", f"/api/history/1001/download-url?expires={expires}")
    assert (status, reply["data"]) == (400, None)
    assert platform.files.lives == []
