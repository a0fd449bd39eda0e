"""Pages of lists, as requests ask for them."""

from __future__ import annotations

from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons

_MAX_SIZE = 100


def check_page(size: int, skip: int) -> None:
    """Raises Invalid for a page that is too large, empty or before the list."""
    if not 1 <= size <= _MAX_SIZE or skip < 0:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"每页数量必须在 1 到 {_MAX_SIZE} 之间")
