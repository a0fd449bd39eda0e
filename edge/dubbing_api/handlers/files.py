"""Files that users show of themselves."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from edge.dubbing_api.models.files import AvatarOut
from edge.dubbing_api.signed_links import signed_url
from edge.endpoint import Call, NoInput
from edge.transfer.upload import UploadTarget, receive_file
from voxreel.files.v1 import file_service_pb2 as files

AVATAR_FIELD = "avatar_file"
_FILE_TYPE = "avatars"
_LIFE = timedelta(days=3650)


async def upload_avatar(_given: NoInput, call: Call, request: web.Request) -> AvatarOut:
    """Stores the picture in place of the one before it, whose links end."""
    clients = call.shared.clients
    found = await clients.files.ListOwnFiles(files.ListOwnFilesRequest(file_type=_FILE_TYPE, page_size=1))
    target = UploadTarget(files.STORAGE_TYPE_PERSISTENT, _FILE_TYPE)
    file = await receive_file(request, target, files=clients.files, blobs=call.shared.blobs, field=AVATAR_FIELD)
    return {
        "avatar_url": await signed_url(file.id, _LIFE, call.shared),
        "file_size": file.size_bytes,
        "is_duplicate": any(former.sha256 == file.sha256 for former in found.files),
    }
