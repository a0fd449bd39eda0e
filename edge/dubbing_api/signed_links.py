"""Links to files that end by themselves."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from edge.shared import Shared
from kit.errors import NotFound
from kit.rpc.times import duration_of
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files


async def signed_url(file_id: str, life: timedelta, shared: Shared) -> str:
    """Where a file of the caller can be fetched until then. Raises NotFound (FILE_NOT_FOUND) when it is gone."""
    request = files.SignDownloadsRequest(file_ids=[file_id], life=duration_of(life))
    response = await shared.clients.files.SignDownloads(request)
    if not response.downloads:
        raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "音频文件不存在")
    return f"{shared.public_base_url}/api/files/download/{quote(response.downloads[0].link)}"
