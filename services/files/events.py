"""The events this service sends."""

from __future__ import annotations

from kit.events.envelope import EventSource, OutboundEvent
from services.files.domain.model import StoredFile
from voxreel.files.v1.events_pb2 import FileStored

FILE_STORED = "evt.files.file.stored"


def file_stored(source: EventSource, file: StoredFile) -> OutboundEvent:
    """The file is complete and can be read."""
    payload = FileStored(file_id=file.id, user_id=file.user_id, file_type=file.file_type, size_bytes=file.size_bytes)
    return source.event(FILE_STORED, payload, user_id=file.user_id)
