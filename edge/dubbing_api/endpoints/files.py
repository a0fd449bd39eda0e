"""Files that users show of themselves."""

from __future__ import annotations

from typing import Any

from edge.dubbing_api.handlers import files
from edge.dubbing_api.models.files import AvatarOut
from edge.endpoint import Access, Dialect, NoInput, StreamingEndpoint, Success
from voxreel.common.v1 import error_reason_pb2 as reasons

TAG = "配音 · 文件"
_NO_PICTURE = "不支持的文件类型，仅支持: .jpg, .jpeg, .png, .gif, .webp"

ENDPOINTS: tuple[StreamingEndpoint[Any], ...] = (
    StreamingEndpoint(
        method="POST",
        path="/api/files/avatar",
        access=Access.USER,
        input=NoInput,
        handler=files.upload_avatar,
        output=AvatarOut,
        tag=TAG,
        multipart_field=files.AVATAR_FIELD,
        dialect=Dialect.DUBBING,
        success=Success(201, "头像上传成功"),
        words={
            reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED: _NO_PICTURE,
            reasons.ERROR_REASON_FILE_CONTENT_MISMATCH: _NO_PICTURE,
            reasons.ERROR_REASON_FILE_TOO_LARGE: "文件大小超过限制（最大 5MB）",
            # Another upload of the same user replaced it before it was linked to.
            reasons.ERROR_REASON_FILE_NOT_FOUND: "头像已被更换",
        },
    ),
)
