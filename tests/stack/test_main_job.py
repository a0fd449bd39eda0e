"""The platform's main job on a whole stack: from a new user to speech one can hear."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from cli.stack.names import APPS
from tests.observability.exported import SERIES, documented, exported_by
from tests.ports import free_port
from tests.stack.client import TTS_PRICE, Client, client_of, paying_client
from tests.stack.harness import Stack, stack, voxreel

ASR_PRICE = 20

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]


async def check_main_job(running: Stack) -> None:
    async with paying_client(running, 100) as user:
        task_id = await user.synthesize("你好，欢迎使用配音服务。今天是2024年5月1日。", key="k-1")
        assert await user.synthesize("你好，欢迎使用配音服务。今天是2024年5月1日。", key="k-1") == task_id
        assert await user.credits() == 100 - TTS_PRICE
        assert await user.wait_ended([task_id]) == {task_id: "completed"}
        task = await user.task(task_id)
        file_id = task["result"]["file_id"]
        assert task["result"]["format"] == "wav"
        await user.wait_settled(available=100 - TTS_PRICE)

        async with client_of(running) as anybody:
            assert (await anybody.task(task_id))["result"]["file_id"] == file_id
        info = await user.call("GET", f"/api/tts/info/{file_id}")
        assert info.body["exists"] is True
        sound = await check_download(running, file_id, info.body["file_size"])
        await check_recognition(user, sound, len(task["result"]["sentences"]))


async def check_recognition(user: Client, sound: bytes, spoken_sentences: int) -> None:
    """What was spoken comes back as text, with times and as captions, for its price."""
    assert spoken_sentences == 2
    before = await user.credits()
    form = aiohttp.FormData()
    form.add_field("file", sound, filename="spoken.wav", content_type="audio/wav")
    reply = await user.call("POST", "/api/process", data=form)
    assert (reply.status, set(reply.body)) == (200, {"task_id", "status", "message"}), reply
    task_id = reply.body["task_id"]
    assert await user.wait_ended([task_id]) == {task_id: "completed"}
    heard = (await user.task(task_id))["result"]
    assert (heard["language"], heard["text"][:2]) == ("zh", "你好") and "服务" in heard["text"]
    assert all(0 <= each["begin_time"] < each["end_time"] <= heard["duration"] for each in heard["sentences"])
    assert all(sentence["words"] for sentence in heard["sentences"])
    captions = await user.text(f"/api/task/{task_id}?format=srt")
    assert captions.startswith("1\n00:00:00,") and heard["sentences"][0]["text"] in captions
    await user.wait_settled(available=before - ASR_PRICE)


async def check_download(running: Stack, file_id: str, size: int) -> bytes:
    url = f"{running.base_url}/api/files/download/{file_id}"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            assert response.content_type == "audio/wav"
            sound = await response.read()
            tag = response.headers["ETag"]
        assert len(sound) == size
        async with session.get(url, headers={"Range": "bytes=10-19"}) as part:
            assert part.status == 206
            assert await part.read() == sound[10:20]
        async with session.get(url, headers={"If-None-Match": tag}) as unchanged:
            assert unchanged.status == 304
    with wave.open(io.BytesIO(sound)) as recording:
        samples = np.frombuffer(recording.readframes(recording.getnframes()), np.int16) / 32768
        seconds = recording.getnframes() / recording.getframerate()
    assert 3 < seconds < 15
    assert 0.02 < float(np.sqrt(np.mean(samples**2))) < 0.5
    assert float(np.abs(samples).max()) <= 10 ** (-1 / 20) + 1e-3
    return sound


async def check_metrics(ports: Mapping[str, int]) -> None:
    """Every process exports what is documented of it, in series that have the documented labels."""
    found = await exported_by(ports)
    assert dict(found.apps) == documented()
    assert {series: frozenset(SERIES[series]) for series in found.labels} == {
        series: next(iter(labels)) for series, labels in found.labels.items() if len(labels) == 1
    }


@pytest.mark.parametrize("options", [(), ("--single-process",)], ids=["processes", "single-process"])
async def test_from_a_new_user_to_speech(tmp_path: Path, options: tuple[str, ...]) -> None:
    ports = {app: free_port() for app in APPS}
    admin_ports = {f"VOXREEL_{app.upper()}_ADMIN_PORT": str(port) for app, port in ports.items()}
    async with stack(tmp_path / "data", *options, **admin_ports) as running:
        await check_main_job(running)
        await check_metrics(ports)
        assert await running.stop() == 0


async def test_the_demo_leaves_a_recording_and_the_doctor_is_content(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with stack(data_dir) as running:
        out = tmp_path / "demo.wav"
        status, output = await voxreel(
            "demo", "--url", running.base_url, "--data-dir", str(data_dir), "--out", str(out)
        )
        assert status == 0, output
        assert "100 before, 90 after" in output
        with wave.open(str(out)) as recording:
            assert recording.getnframes() > recording.getframerate()
        status, output = await voxreel("doctor", "--data-dir", str(data_dir))
        assert status == 0, output
        assert "kokoro" in output and "whisper-base-int8 can be used, quality native, sha256 d01c3014881c9c6f" in output
        logs = "".join(path.read_text() for path in (data_dir / "logs").glob("*.log"))
        assert running.admin_password not in logs
        assert "eyJ" not in logs, "an access token was logged"
