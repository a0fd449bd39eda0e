"""The restore drill: a stack at work is copied, and another one goes on from the copy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.stack.client import TTS_PRICE, Client, client_of, paying_client
from tests.stack.harness import stack, voxreel

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]

CREDITS = 1000


async def test_a_copy_made_at_work_goes_on_where_it_was(tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    async with stack(tmp_path / "data") as running, paying_client(running, CREDITS) as user:
        first = await user.synthesize("备份之前。", key="before")
        assert await user.wait_ended([first]) == {first: "completed"}
        await user.wait_settled(available=CREDITS - TTS_PRICE)
        file_id = (await user.task(first))["result"]["file_id"]
        sound = await user.download(file_id)
        stop = asyncio.Event()
        busy = asyncio.create_task(keep_asking(user, stop))
        status, output = await voxreel("backup", "--data-dir", str(running.data_dir), "--to", str(archive))
        stop.set()
        await busy
        assert status == 0, output
        token, password = user.token, running.admin_password

    assert archive.stat().st_mode & 0o077 == 0
    status, output = await voxreel("restore", str(archive), "--data-dir", str(tmp_path / "restored"))
    assert status == 0, output
    async with stack(tmp_path / "restored") as again, client_of(again) as user:
        assert again.admin_password == password
        user.token = token
        assert await user.download(file_id) == sound
        tasks = (await user.call("GET", "/api/tasks/", params={"page_size": 100})).body
        ended = await user.wait_ended([task["id"] for task in tasks["tasks"]])
        assert set(ended.values()) == {"completed"}, "what was accepted before the copy was made is done after it"
        await user.wait_settled(available=CREDITS - TTS_PRICE * len(ended))
    status, output = await voxreel("ledger", "verify", "--data-dir", str(tmp_path / "restored"))
    assert status == 0, output


async def keep_asking(user: Client, stop: asyncio.Event) -> None:
    """Accepted tasks, one after the other, at most eight."""
    for number in range(8):
        if stop.is_set():
            return
        await user.synthesize("备份的时候。", key=f"during-{number}")


async def test_a_folder_in_use_is_not_written_over(tmp_path: Path) -> None:
    kept = tmp_path / "data" / "kept"
    kept.parent.mkdir()
    kept.touch()
    archive = tmp_path / "backup.tar"
    archive.touch()
    status, output = await voxreel("restore", str(archive), "--data-dir", str(kept.parent))
    assert status == 1
    assert "not empty" in output
    assert kept.exists()
