"""What administrators look for among everybody's things."""

from __future__ import annotations

from edge.aggregates.accounts import accounts_of
from edge.endpoint import Call
from edge.platform_api import render_files
from edge.platform_api.models.files import FileSearchIn, FileSearchOut
from voxreel.files.v1 import file_service_pb2 as files


async def search_files(given: FileSearchIn, call: Call) -> FileSearchOut:
    """Persistent files by a part of their names."""
    clients, times = call.shared.clients, call.shared.times
    wanted = files.FileFilter(
        keyword=given.keyword or None,
        file_type=given.file_type or None,
        user_id=given.user_id,
        min_size_bytes=given.size_min,
        max_size_bytes=given.size_max,
    )
    response = await clients.files.ListFiles(
        files.ListFilesRequest(filter=wanted, page_size=given.page_size, skip=given.skip)
    )
    accounts = await accounts_of((listed.file.user_id for listed in response.files), clients)
    return {
        "files": [render_files.found_file(listed, accounts, times) for listed in response.files],
        **given.search_facts(response.total_size),
    }
