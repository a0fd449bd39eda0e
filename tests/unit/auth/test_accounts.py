"""What may be an account and a password, and what the refusal says."""

from __future__ import annotations

import pytest

from kit.errors import Invalid
from services.auth.domain.accounts import account_key, is_account, parse_account
from services.auth.domain.passwords import check_password


@pytest.mark.parametrize("text", ["abc", "a-b_C9", "13800138000", "x" * 32])
def test_an_account_is_kept_as_it_is_spelt(text: str) -> None:
    assert is_account(text)
    assert parse_account(text) == text


@pytest.mark.parametrize("text", ["", "ab", "x" * 33, "a b", "名字名字", "ab\n", "abc\n", "a.b.c", "ａｂｃ"])
def test_anything_else_is_refused_by_name_of_the_field(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_account(text)
    assert refusal.value.reason_name == "FIELD_INVALID"
    assert refusal.value.metadata["field"] == "account"
    assert "3 至 32" in refusal.value.message


def test_two_spellings_are_one_account() -> None:
    assert account_key("Alice_1") == account_key("aLICE_1")


@pytest.mark.parametrize("length", [8, 128])
def test_a_password_may_be_as_short_or_long_as_this(length: int) -> None:
    check_password("密" * length)


@pytest.mark.parametrize("length", [0, 7, 129])
def test_a_password_may_not_be_shorter_or_longer(length: int) -> None:
    with pytest.raises(Invalid) as refusal:
        check_password("x" * length, field="new_password", label="新密码")
    assert refusal.value.metadata["field"] == "new_password"
    assert refusal.value.message == "新密码长度须为 8 至 128 个字符"
