"""The stored file that a request means, by its id or by one of the platform's URLs."""

from __future__ import annotations

from edge.own_urls import file_id_of
from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons


def stored_file(url: str, base_url: str) -> str:
    """The id in one of our own URLs. Raises Invalid (FIELD_INVALID) for any other URL."""
    file_id = file_id_of(url, base_url)
    if file_id is None:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "暂不支持外部链接，请先将文件上传到本平台")
    return file_id
