"""`voxreel demo`: the main job, from a new user to an audio file, over the public REST API."""

from __future__ import annotations

import asyncio
import secrets
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import click

from cli.demo_client import DemoClient, DemoError
from cli.options import data_dir_option
from cli.stack.data_dir import DataDir
from cli.stack.state import read_state

_DEFAULT_URL = "http://127.0.0.1:8000"
_DEFAULT_TEXT = "您好，欢迎使用声影平台。今天是2026年1月15日，气温零下3.5摄氏度，祝您工作顺利。"
_CREDITS = 100
_VOICE = "zhichu"
_TASK_LIMIT_S = 300.0
_POLL_S = 0.3


@dataclass(frozen=True, slots=True)
class Job:
    """What the demo is to do, and as whom it grants the credits."""

    url: str
    text: str
    out: Path
    admin_account: str
    admin_password: str


@click.command("demo")
@click.option("--url", help=f"The running stack; found from the data directory, else {_DEFAULT_URL}.")
@data_dir_option
@click.option("--text", default=_DEFAULT_TEXT, help="What is to be spoken.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("demo.wav"),
    show_default=True,
    help="Where the audio is written.",
)
@click.option("--admin-account", envvar="VOXREEL_ADMIN_ACCOUNT", default="admin", show_default=True)
@click.option(
    "--admin-password",
    envvar="VOXREEL_ADMIN_PASSWORD",
    help="Of the administrator who grants the credits; found in the data directory of a stack on this machine.",
)
def command(
    url: str | None, data_dir: Path, text: str, out: Path, admin_account: str, admin_password: str | None
) -> None:
    """Run the main job against a running stack: register, get credits, synthesize, download."""
    folder = DataDir(data_dir.absolute())
    password = admin_password or folder.admin_password()
    if password is None:
        raise click.ClickException(
            "set VOXREEL_ADMIN_PASSWORD or --admin-password: an administrator grants the credits"
        )
    job = Job(url or _running_url(folder), text, out, admin_account, password)
    try:
        asyncio.run(_run(job))
    except DemoError as error:
        raise click.ClickException(str(error)) from None


def _running_url(folder: DataDir) -> str:
    state = read_state(folder.state_file)
    return state.url if state is not None else _DEFAULT_URL


async def _run(job: Job) -> None:
    async with DemoClient(job.url) as client:
        account, password = f"demo_{secrets.token_hex(6)}", secrets.token_urlsafe(16)
        user_id = await client.register(account, password)
        user = await client.log_in(account, password)
        _say("user", f"{account} (id {user_id})")
        admin = await client.log_in(job.admin_account, job.admin_password)
        await client.recharge(admin, user_id, _CREDITS)
        before = await client.credits(user)
        _say("credits", f"{before} granted")
        started = time.monotonic()
        task_id = await client.synthesize(user, job.text, voice=_VOICE)
        _say("task", task_id)
        file_id = await _finished(client, task_id)
        took_s = time.monotonic() - started
        size = await client.download(file_id, job.out)
        after = await client.credits(user)
    duration_s = await asyncio.to_thread(_wav_seconds, job.out)
    _say("audio", f"{duration_s:.2f} s of speech in {took_s:.2f} s, {size} bytes")
    _say("credits", f"{before} before, {after} after")
    _say("saved", str(job.out))


async def _finished(client: DemoClient, task_id: str) -> str:
    started = time.monotonic()
    while time.monotonic() - started < _TASK_LIMIT_S:
        file_id = await client.result(task_id)
        if file_id is not None:
            click.echo()
            return file_id
        click.echo(".", nl=False)
        await asyncio.sleep(_POLL_S)
    raise DemoError(f"task {task_id} has not finished within {_TASK_LIMIT_S:.0f} s")


def _wav_seconds(path: Path) -> float:
    try:
        with wave.open(str(path)) as audio:
            return float(audio.getnframes() / audio.getframerate())
    except (wave.Error, EOFError):
        raise DemoError("what was downloaded is no WAV file") from None


def _say(name: str, text: str) -> None:
    click.echo(f"{name:9}{text}")
