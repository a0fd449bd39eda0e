"""Where the bytes of a download are. What lets voices be heard and seen is made when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from edge.clients import Clients
from kit.errors import Invalid, NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import template_service_pb2 as templates
from voxreel.speech.v1 import voice_service_pb2 as voices

STORAGE: Mapping[str, files.StorageType.ValueType] = MappingProxyType(
    {
        "persistent": files.STORAGE_TYPE_PERSISTENT,
        "cache": files.STORAGE_TYPE_CACHE,
        "temp": files.STORAGE_TYPE_TEMP,
    }
)

# The contract counts these among the temporary files, where they would not last long enough.
_OF_TEMPLATES = "voice_template_"
_NAMED_BY_PURPOSE = ("tts_audio_", "voice_preview_", _OF_TEMPLATES)
_PREVIEW = re.compile(r"voice_preview_(?P<voice>[A-Za-z0-9_]{1,128})(?P<version>-[a-z0-9]{1,32})?(?:\.wav)?")


async def open_download(file_id: str, storage_type: str | None, clients: Clients) -> files.OpenDownloadResponse:
    """The file of an id or a link, only in the storage when given. Raises NotFound, and what a bad link raises."""
    if names_newest(file_id):
        file_id = await _prepare_preview(file_id, clients)
    request = files.OpenDownloadRequest(file_id=file_id)
    if storage_type is not None and not file_id.startswith(_NAMED_BY_PURPOSE):
        request.storage_type = STORAGE[storage_type]
    try:
        return await clients.files.OpenDownload(request)
    except NotFound:
        if file_id.startswith(_OF_TEMPLATES):
            await _prepare_template_file(file_id, clients)
        elif _PREVIEW.fullmatch(file_id):
            await _prepare_preview(file_id, clients)
        else:
            raise
    return await clients.files.OpenDownload(request)


def names_newest(file_id: str) -> bool:
    """Whether it means a voice as it sounds now, so that another file may be behind it later."""
    preview = _PREVIEW.fullmatch(file_id)
    return preview is not None and preview["version"] is None


async def _prepare_preview(file_id: str, clients: Clients) -> str:
    """The id of the file, with its version. Raises NotFound."""
    voice = file_id.removeprefix("voice_preview_").removesuffix(".wav")
    try:
        response = await clients.voices.PrepareVoicePreview(voices.PrepareVoicePreviewRequest(voice=voice))
        return response.file_id
    except Invalid as error:
        if error.reason != reasons.ERROR_REASON_VOICE_UNKNOWN:
            raise
        raise _file_not_found(file_id) from None


async def _prepare_template_file(file_id: str, clients: Clients) -> None:
    try:
        await clients.templates.PrepareTemplateFile(templates.PrepareTemplateFileRequest(file_id=file_id))
    except NotFound:
        raise _file_not_found(file_id) from None


def _file_not_found(file_id: str) -> NotFound:
    return NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {file_id[:200]}")
