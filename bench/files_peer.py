"""The peer of `bench.files`: what aiohttp's own documentation shows for uploads, and its static files for downloads.

    python -m bench.files_peer FOLDER

Prints its port. Nobody logs in, nothing is hashed, looked at or recorded.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import BodyPartReader, web

FOLDER = web.AppKey("folder", Path)
_CHUNK_BYTES = 256 * 1024


async def upload(request: web.Request) -> web.Response:
    """Writes the form's file as its chunks come."""
    reader = await request.multipart()
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    size = 0
    with (request.app[FOLDER] / "upload.bin").open("wb") as file:
        while chunk := await part.read_chunk(_CHUNK_BYTES):
            size += len(chunk)
            file.write(chunk)
    return web.json_response({"size": size})


async def serve(folder: Path) -> None:
    application = web.Application(client_max_size=0)
    application[FOLDER] = folder
    application.router.add_post("/upload", upload)
    application.router.add_static("/static", folder)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
