"""Links to files that end by themselves."""

from __future__ import annotations

from datetime import timedelta

from edge.clients import Clients
from kit.rpc.times import duration_of
from voxreel.files.v1 import file_service_pb2 as files


async def signed_link(file_id: str, life_s: int, clients: Clients) -> str | None:
    """What stands in URLs in place of the caller's file for so many seconds; None when there is no such file."""
    request = files.SignDownloadsRequest(file_ids=[file_id], life=duration_of(timedelta(seconds=life_s)))
    downloads = (await clients.files.SignDownloads(request)).downloads
    return downloads[0].link if downloads else None
