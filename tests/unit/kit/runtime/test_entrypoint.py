from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kit import lifeline
from tests.unit.kit.runtime.sample_app import STUBBORN_VARIABLE

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[4]
TOKEN = "0123456789abcdef-token"


def environment(folder: Path, **others: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOXREEL_")}
    settings = {"DATA_DIR": str(folder), "SERVICE_TOKEN": TOKEN, "PORT": "0", "ADMIN_PORT": "0", "GRACE_S": "3"}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "gen")]),
        **{f"VOXREEL_SAMPLE_{name}": value for name, value in settings.items()},
        **others,
    }


@asynccontextmanager
async def process(variables: Mapping[str, str], *arguments: str) -> AsyncIterator[Process]:
    module = ["-m", "tests.unit.kit.runtime.sample_app", *arguments]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *module, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=variables, cwd=ROOT
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def log_until(child: Process, event: str) -> list[str]:
    assert child.stderr is not None
    lines: list[str] = []
    async with asyncio.timeout(20):
        while not lines or f'"event":"{event}"' not in lines[-1]:
            line = await child.stderr.readline()
            assert line, f"ended before {event}: {lines}"
            lines.append(line.decode())
    return lines


async def test_serves_until_sigterm_and_tells_its_settings_without_secrets(tmp_path: Path) -> None:
    async with process(environment(tmp_path), "serve") as child:
        log = await log_until(child, "health.changed")
        child.send_signal(signal.SIGTERM)
        _, rest = await asyncio.wait_for(child.communicate(), 10)
    assert child.returncode == 0
    events = [json.loads(line) for line in [*log, *rest.decode().splitlines()]]
    names = [event["event"] for event in events]
    assert names.index("app.started") < names.index("health.changed") < names.index("process.stopped")
    assert events[0]["settings"]["port"] == 0
    assert TOKEN not in "".join(log)
    assert (tmp_path / "sample.db").exists()


async def test_serve_is_the_default_and_ends_with_its_supervisor(tmp_path: Path) -> None:
    async with process(environment(tmp_path, **{lifeline.VARIABLE: "stdin"})) as child:
        await log_until(child, "health.changed")
        assert child.stdin is not None
        child.stdin.close()
        assert await asyncio.wait_for(child.wait(), 10) == 0


async def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    variables = environment(tmp_path, VOXREEL_SAMPLE_GRACE_S="60", **{STUBBORN_VARIABLE: "1"})
    async with process(variables) as child:
        await log_until(child, "health.changed")
        child.send_signal(signal.SIGINT)
        await log_until(child, "process.stopping")
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 10) == 128 + signal.SIGTERM


async def test_migrate_brings_the_schema_to_head(tmp_path: Path) -> None:
    async with process(environment(tmp_path), "migrate") as child:
        assert await asyncio.wait_for(child.wait(), 20) == 0
    assert (tmp_path / "sample.db").exists()


async def test_check_config_prints_the_settings_without_secrets(tmp_path: Path) -> None:
    async with process(environment(tmp_path), "check-config") as child:
        output, _ = await asyncio.wait_for(child.communicate(), 20)
    assert child.returncode == 0
    assert json.loads(output)["grace_s"] == 3.0
    assert TOKEN.encode() not in output


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("VOXREEL_SAMPLE_PROT", "1", "the closest is VOXREEL_SAMPLE_PORT"),
        ("VOXREEL_SAMPLE_PORT", "x", "VOXREEL_SAMPLE_PORT: "),
    ],
)
async def test_unusable_settings_are_told_and_end_with_2(tmp_path: Path, variable: str, value: str, told: str) -> None:
    async with process(environment(tmp_path, **{variable: value}), "serve") as child:
        _, errors = await asyncio.wait_for(child.communicate(), 20)
    assert child.returncode == 2
    assert told in errors.decode()
    assert b"Traceback" not in errors


async def test_a_taken_port_ends_with_1_and_no_traceback(tmp_path: Path) -> None:
    async with process(environment(tmp_path / "a")) as first:
        log = await log_until(first, "app.started")
        port = str(json.loads(log[-1])["admin_port"])
        async with process(environment(tmp_path / "b", VOXREEL_SAMPLE_ADMIN_PORT=port)) as second:
            _, errors = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 1
    assert b'"event":"process.failed"' in errors
    assert b"Traceback" not in errors
