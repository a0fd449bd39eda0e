"""Bounds of what the ledger takes."""

from __future__ import annotations

from services.billing.domain.errors import field_invalid

# JSON readers keep integers exactly only below this (RFC 8259, section 6).
CREDITS_LIMIT = 2**53
DESCRIPTION_MAX_CHARACTERS = 200
REQUEST_ID_MAX_CHARACTERS = 128
PAGE_LIMIT = 100
VALIDITY_DAYS_LIMIT = 3650


def check_request_id(request_id: str) -> None:
    """Raises Invalid."""
    if not 1 <= len(request_id) <= REQUEST_ID_MAX_CHARACTERS:
        raise field_invalid("request_id", f"请求标识须为 1 至 {REQUEST_ID_MAX_CHARACTERS} 个字符")
    if "\0" in request_id:
        raise field_invalid("request_id", "请求标识不能包含空字符")


def check_page(*, page_size: int, skip: int) -> None:
    """Raises Invalid."""
    if not 1 <= page_size <= PAGE_LIMIT:
        raise field_invalid("page_size", f"每页数量须在 1 至 {PAGE_LIMIT} 之间")
    if skip < 0:
        raise field_invalid("skip", "跳过的数量不能为负数")


def check_description(description: str) -> None:
    """Raises Invalid."""
    if len(description) > DESCRIPTION_MAX_CHARACTERS:
        raise field_invalid("description", f"描述不能超过 {DESCRIPTION_MAX_CHARACTERS} 个字符")
    if "\0" in description:
        # PostgreSQL has no such character in texts.
        raise field_invalid("description", "描述不能包含空字符")


def check_text(field: str, text: str) -> None:
    """Raises Invalid."""
    if "\0" in text:
        # PostgreSQL has no such character in texts.
        raise field_invalid(field, "内容不能包含空字符")
