"""A folder that lives as long as one attempt at a task."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def scratch_folder() -> AsyncIterator[Path]:
    """An empty folder of this process alone; removed at the end, whatever happens."""
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="voxreel-")
    try:
        yield Path(folder.name)
    finally:
        # Not awaited: a cancelled attempt must leave nothing behind either, and it holds few files.
        folder.cleanup()
