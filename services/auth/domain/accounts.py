"""Account names: what may be one, and when two are the same."""

from __future__ import annotations

import re
from typing import NewType

from services.auth.domain.errors import field_invalid

AccountKey = NewType("AccountKey", str)

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{3,32}")


def is_account(text: str) -> bool:
    """Whether the text could be an account name at all."""
    return _ACCOUNT.fullmatch(text) is not None


def parse_account(text: str) -> str:
    """The account name as its owner spells it. Raises Invalid."""
    if not is_account(text):
        raise field_invalid("account", "账号须为 3 至 32 位字母、数字、下划线或连字符")
    return text


def account_key(account: str) -> AccountKey:
    """What two spellings of one account have in common."""
    return AccountKey(account.lower())
