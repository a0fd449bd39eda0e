"""IndexTTS2 on a stand-in of an operator's server: what it is sent, what comes of its answers."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import av
import pytest
from aiohttp import web

from kit.content_label import METADATA_KEY
from kit.engines import EngineBroken, InputRefused
from services.speech.domain.speakers import Prosody, Speaker
from services.speech.emotion.delivery import Delivery
from services.speech.engines.base import AudioFormat, Quality
from services.speech.engines.dubbing import DubbingRequest, ReferenceEmotion, SpeakerEmotion, VectorEmotion
from services.speech.engines.indextts.dubber import IndexTtsDubber
from services.speech.engines.indextts.settings import IndexTtsSettings
from tests.rpc.speech.fakes import SAMPLE_RATE, tone_wav

VECTOR = (0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass
class FakeIndexTts:
    """Speaks a second of tone. Reads the recordings at the paths it is given, as the real one does."""

    folder: Path
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    recordings: list[bytes] = field(default_factory=list)
    status: int = 200
    answer: bytes = b""
    is_stuck: bool = False
    at_once: int = 0
    most_at_once: int = 0

    async def speak(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            given = await request.json()
            self.requests.append(given)
            for name in ("spk_audio_path", "emo_ref_path"):
                if given.get(name):
                    path = self.folder / Path(given[name]).relative_to("/models/shared")
                    self.recordings.append(await asyncio.to_thread(path.read_bytes))
            if self.is_stuck:
                await asyncio.Event().wait()
            return web.Response(status=self.status, body=self.answer or tone_wav(SAMPLE_RATE), content_type="audio/wav")
        finally:
            self.at_once -= 1


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FakeIndexTts]:
    fake = FakeIndexTts(tmp_path / "shared")
    fake.folder.mkdir()
    app = web.Application()
    app.router.add_post("/tts_url", fake.speak)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield fake
    await runner.cleanup()


@pytest.fixture
async def dubber(server: FakeIndexTts) -> AsyncIterator[IndexTtsDubber]:
    opened = IndexTtsDubber(IndexTtsSettings(server.url, server.folder, "/models/shared", "Tester"))
    yield opened
    await opened.aclose()


@pytest.fixture
def request_(tmp_path: Path) -> DubbingRequest:
    sample = tmp_path / "sample.wav"
    sample.write_bytes(b"the speaker")
    return DubbingRequest(
        text="今天天气真好",
        speaker=Speaker("zhichu", Prosody(), Quality.NATIVE, "voice_sample_1.wav"),
        emotion=SpeakerEmotion(),
        speed=2.0,
        volume_scale=0.5,
        max_tokens=77,
        content_id="tts_1",
        speaker_sample=sample,
    )


async def test_speed_loudness_and_label_are_ours(dubber: IndexTtsDubber, request_: DubbingRequest) -> None:
    audio = await dubber.dub(request_, timeout_s=30)
    assert (audio.audio_format, audio.quality, audio.engine) == (AudioFormat.MP3, Quality.NATIVE, "indextts")
    assert audio.duration_ms == 500
    with av.open(io.BytesIO(audio.data)) as container:
        assert container.duration is not None and container.duration / 1e6 == pytest.approx(0.5, abs=0.1)
        label = json.loads(container.metadata[METADATA_KEY])
    assert (label["ContentProducer"], label["ProduceID"]) == ("Tester", "tts_1")


@pytest.mark.parametrize(
    ("emotion", "sent"),
    [
        (SpeakerEmotion(), {"emo_control_method": 0, "emo_weight": 1.0}),
        (VectorEmotion(VECTOR, 0.5), {"emo_control_method": 2, "emo_vec": list(VECTOR), "emo_weight": 1.0}),
        (VectorEmotion(VECTOR, 0.5, "愤怒"), {"emo_control_method": 3, "emo_text": "愤怒", "emo_weight": 0.5}),
    ],
)
async def test_what_the_server_is_sent(
    server: FakeIndexTts, dubber: IndexTtsDubber, request_: DubbingRequest, *, emotion: Any, sent: dict[str, Any]
) -> None:
    server.status = 400
    with pytest.raises(InputRefused):
        await dubber.dub(replace(request_, emotion=emotion), timeout_s=30)
    (given,) = server.requests
    assert given.pop("spk_audio_path").startswith("/models/shared/")
    assert given == {"text": "今天天气真好", "emo_random": False, "max_text_tokens_per_sentence": 77, **sent}
    assert server.recordings == [b"the speaker"]
    assert not list(server.folder.iterdir())


async def test_recordings_are_lent_while_they_are_needed(
    server: FakeIndexTts, dubber: IndexTtsDubber, request_: DubbingRequest, *, tmp_path: Path
) -> None:
    server.status = 400
    shown = tmp_path / "emotion.mp3"
    shown.write_bytes(b"the emotion")
    emotion = ReferenceEmotion(Delivery(200, 9, -20, 4), 0.7, shown)
    with pytest.raises(InputRefused):
        await dubber.dub(replace(request_, emotion=emotion), timeout_s=30)
    (given,) = server.requests
    assert (given["emo_control_method"], given["emo_weight"]) == (1, 0.7)
    assert given["emo_ref_path"].endswith(".mp3")
    assert server.recordings == [b"the speaker", b"the emotion"]
    assert not list(server.folder.iterdir())


async def test_one_request_at_a_time(server: FakeIndexTts, dubber: IndexTtsDubber, request_: DubbingRequest) -> None:
    server.status = 500
    outcomes = await asyncio.gather(*(dubber.dub(request_, timeout_s=30) for _ in range(4)), return_exceptions=True)
    assert all(isinstance(outcome, EngineBroken) for outcome in outcomes)
    assert (len(server.requests), server.most_at_once) == (4, 1)


async def test_a_server_that_hangs_is_left(
    server: FakeIndexTts, dubber: IndexTtsDubber, request_: DubbingRequest
) -> None:
    server.is_stuck = True
    with pytest.raises(EngineBroken, match="within"):
        await dubber.dub(request_, timeout_s=0.2)
    assert not list(server.folder.iterdir())


async def test_what_is_no_speech_is_told(
    server: FakeIndexTts, dubber: IndexTtsDubber, request_: DubbingRequest
) -> None:
    server.answer = b'{"status": "error"}'
    with pytest.raises(EngineBroken, match="no WAV"):
        await dubber.dub(request_, timeout_s=30)


async def test_a_server_that_is_away(request_: DubbingRequest, tmp_path: Path) -> None:
    dubber = IndexTtsDubber(IndexTtsSettings("http://127.0.0.1:1", tmp_path))
    with pytest.raises(EngineBroken, match="cannot be used"):
        await dubber.dub(request_, timeout_s=5)
    await dubber.aclose()


async def test_a_voice_without_a_sample_is_refused(dubber: IndexTtsDubber, request_: DubbingRequest) -> None:
    with pytest.raises(InputRefused):
        await dubber.dub(replace(request_, speaker_sample=None), timeout_s=5)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (IndexTtsSettings(), "no IndexTTS server is configured"),
        (IndexTtsSettings("http://x"), "shared_dir is not set"),
        (IndexTtsSettings("http://x", Path("/nowhere/at/all")), "does not exist"),
    ],
)
def test_what_is_missing_is_told(settings: IndexTtsSettings, problem: str) -> None:
    assert problem in settings.problems[0]
