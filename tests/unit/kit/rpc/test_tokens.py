"""Verification of access tokens: what is let in, for how long, and what a revocation takes away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.clock import SystemClock
from kit.errors import Unauthenticated
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import FakeTokens


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tokens(clock: FakeClock) -> FakeTokens:
    return FakeTokens(clock)


def refused(tokens: FakeTokens, token: str) -> str:
    with pytest.raises(Unauthenticated) as raised:
        tokens.verifier.verify(token)
    return raised.value.reason_name


def test_a_token_names_its_user(tokens: FakeTokens, clock: FakeClock) -> None:
    principal = tokens.verifier.verify(tokens.issue(42, account="bob", is_admin=True, token_id="j"))
    assert (principal.user_id, principal.account, principal.is_admin, principal.token_id) == (42, "bob", True, "j")
    assert principal.issued_at == clock.now()


def test_a_remembered_token_still_expires(tokens: FakeTokens, clock: FakeClock) -> None:
    token = tokens.issue(lifetime_s=60)
    tokens.verifier.verify(token)
    clock.advance(59.9)
    tokens.verifier.verify(token)
    clock.advance(0.2)
    assert refused(tokens, token) == "TOKEN_EXPIRED"


def test_a_token_of_another_kind_is_refused(tokens: FakeTokens) -> None:
    assert refused(tokens, tokens.issue(token_type="refresh")) == "TOKEN_INVALID"


def test_a_token_signed_with_another_key_of_the_same_name_is_refused(tokens: FakeTokens, clock: FakeClock) -> None:
    assert refused(tokens, FakeTokens(clock).issue()) == "TOKEN_INVALID"


def test_an_unknown_key_is_asked_for(tokens: FakeTokens) -> None:
    assert refused(tokens, tokens.issue(key_id="newer")) == "TOKEN_INVALID"
    assert tokens.verifier.misses_key.is_set()


def test_keys_that_are_gone_take_their_tokens_with_them(tokens: FakeTokens, clock: FakeClock) -> None:
    token = tokens.issue()
    tokens.verifier.verify(token)
    tokens.verifier.set_keys({})
    assert refused(tokens, token) == "TOKEN_INVALID"


def test_a_revocation_voids_what_was_issued_before_except_one(tokens: FakeTokens, clock: FakeClock) -> None:
    old, kept = tokens.issue(token_id="old"), tokens.issue(token_id="kept")
    other_user = tokens.issue(8, token_id="other")
    for token in (old, kept, other_user):
        tokens.verifier.verify(token)
    clock.advance(1)
    tokens.verifier.revoke(7, not_before=clock.now(), kept_token_id="kept")
    assert refused(tokens, old) == "TOKEN_EXPIRED"
    assert tokens.verifier.verify(kept).token_id == "kept"
    assert tokens.verifier.verify(other_user).user_id == 8
    assert tokens.verifier.verify(tokens.issue(token_id="new")).token_id == "new"


def test_an_older_revocation_changes_nothing(tokens: FakeTokens, clock: FakeClock) -> None:
    before = clock.now()
    clock.advance(10)
    tokens.verifier.revoke(7, not_before=clock.now(), kept_token_id="")
    tokens.verifier.revoke(7, not_before=before - timedelta(seconds=5), kept_token_id="a")
    clock.advance(-1)
    assert refused(tokens, tokens.issue(token_id="a")) == "TOKEN_EXPIRED"


_TOKENS = FakeTokens(SystemClock())
_TOKEN = _TOKENS.issue()


@given(st.text(max_size=200))
def test_rubbish_is_refused_and_never_crashes(rubbish: str) -> None:
    assert refused(_TOKENS, rubbish) == "TOKEN_INVALID"


@given(st.data())
def test_a_token_with_any_byte_changed_is_refused(data: st.DataObject) -> None:
    token = _TOKEN
    position = data.draw(st.integers(0, len(token) - 1))
    replacement = data.draw(st.sampled_from("ABCxyz019-_."))
    changed = token[:position] + replacement + token[position + 1 :]
    try:
        principal = _TOKENS.verifier.verify(changed)
    except Unauthenticated:
        return
    # Base64 has spare bits in its last character: the same bytes may be written in two ways.
    assert principal.user_id == 7
    assert changed == token or position == len(token) - 1
