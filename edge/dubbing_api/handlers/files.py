"""Files that users show of themselves."""

from __future__ import annotations

from aiohttp import web

from edge.aggregates.links import signed_link
from edge.dubbing_api.models.files import AvatarOut
from edge.dubbing_api.render_voices import public_url
from edge.endpoint import Call, NoInput
from edge.transfer.upload import UploadTarget, receive_file
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files

AVATAR_FIELD = "avatar_file"
_FILE_TYPE = "avatars"
_LIFE_S = 3650 * 86_400


async def upload_avatar(_given: NoInput, call: Call, request: web.Request) -> AvatarOut:
    """Stores the picture in place of the one before it, whose links end."""
    clients = call.shared.clients
    found = await clients.files.ListOwnFiles(files.ListOwnFilesRequest(file_type=_FILE_TYPE, page_size=1))
    target = UploadTarget(files.STORAGE_TYPE_PERSISTENT, _FILE_TYPE)
    file = await receive_file(request, target, files=clients.files, blobs=call.shared.blobs, field=AVATAR_FIELD)
    link = await signed_link(file.id, _LIFE_S, clients)
    if link is None:
        # Another avatar has just taken its place.
        raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "文件不存在")
    return {
        "avatar_url": public_url(link, call.shared.public_base_url),
        "file_size": file.size_bytes,
        "is_duplicate": any(former.sha256 == file.sha256 for former in found.files),
    }
