"""Speech recognition."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, NoInput, RateClass, StreamingEndpoint
from edge.platform_api.handlers import recognition
from edge.platform_api.models.recognition import RecognitionOut
from edge.transfer.upload import FILE_FIELD

TAG = "语音识别"

ENDPOINTS: tuple[StreamingEndpoint[Any], ...] = (
    StreamingEndpoint(
        method="POST",
        path="/api/process",
        access=Access.USER,
        input=NoInput,
        handler=recognition.recognize,
        output=RecognitionOut,
        tag=TAG,
        rate=RateClass.TASK,
        multipart_field=FILE_FIELD,
        multipart_alternative=recognition.FILE_ID_FIELD,
        is_keyed=True,
    ),
)
