"""A real S3-compatible server for tests (nanio): verifies signatures, keeps buckets as folders."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from kit.blobs.settings import S3Settings
from tests.polling import eventually
from tests.ports import free_port, is_listening

BUCKET = "voxreel"
_KEY_ID = "test-access-key"
_SECRET = "test-secret-access-key"


class S3Server:
    """Use as a context manager. The bucket `BUCKET` is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "s3"
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def settings(self) -> S3Settings:
        """How to reach it with the right key."""
        return S3Settings(
            endpoint=f"http://127.0.0.1:{self._port}", access_key_id=_KEY_ID, secret_access_key=SecretStr(_SECRET)
        )

    def objects(self) -> list[str]:
        """What lies in the bucket, and the parts of uploads that are not complete."""
        found = [path for path in self._folder.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(self._folder)) for path in found if ".nanio-meta" not in path.parts)

    async def __aenter__(self) -> S3Server:
        (self._folder / BUCKET).mkdir(parents=True)
        arguments = ["serve", "--host", "127.0.0.1", "--port", str(self._port), "--data-dir", str(self._folder)]
        self._process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("nanio"),
            *arguments,
            env={**os.environ, "NANIO_ACCESS_KEY": _KEY_ID, "NANIO_SECRET_KEY": _SECRET},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await eventually(lambda: is_listening(self._port))
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
