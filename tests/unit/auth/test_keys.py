"""Signing keys, and tokens that the kit's verifier accepts."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kit.errors import Unauthenticated
from kit.ids import RandomIds
from kit.rpc.tokens import TokenVerifier
from services.auth.crypto.keys import KeyRing, KeyUnusable, key_ring, read_or_create_key
from services.auth.crypto.tokens import JwtIssuer
from services.auth.domain.users import User, UserStatus
from tests.fakes.clock import FakeClock

LIFETIME = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 5, 4, 10, 0, 0, 123457, tzinfo=UTC))


def user_at(time: datetime) -> User:
    return User(
        id=7,
        uuid="u",
        account="Alice",
        is_admin=True,
        status=UserStatus.ACTIVE,
        create_time=time,
        update_time=time,
        last_login_time=None,
        revocation=None,
    )


def verifier_of(keys: KeyRing, clock: FakeClock) -> TokenVerifier:
    verifier = TokenVerifier(clock)
    verifier.set_keys({key.key_id: key.pem for key in keys.public_keys})
    return verifier


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "auth" / "signing_key.pem"
    pem = read_or_create_key(path)
    assert read_or_create_key(path) == pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["signing_key.pem"]


def test_processes_that_start_together_read_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "auth" / "signing_key.pem"
    barrier, read = Barrier(8), []

    def start() -> None:
        barrier.wait()
        read.append(read_or_create_key(path))

    threads = [Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 8
    assert len(set(read)) == 1


def test_a_token_says_who_and_when_to_the_microsecond(tmp_path: Path, clock: FakeClock) -> None:
    keys = key_ring(read_or_create_key(tmp_path / "key.pem"), "")
    issued_at = clock.now()
    token = JwtIssuer(keys, RandomIds()).issue(user_at(issued_at), issued_at=issued_at, expires_at=issued_at + LIFETIME)
    principal = verifier_of(keys, clock).verify(token)
    assert (principal.user_id, principal.account, principal.is_admin) == (7, "Alice", True)
    assert principal.issued_at == issued_at


def test_a_token_of_the_same_second_as_a_revocation_is_on_the_right_side_of_it(
    tmp_path: Path, clock: FakeClock
) -> None:
    keys = key_ring(read_or_create_key(tmp_path / "key.pem"), "")
    issuer, verifier = JwtIssuer(keys, RandomIds()), verifier_of(keys, clock)

    def issue() -> str:
        now = clock.now()
        return issuer.issue(user_at(now), issued_at=now, expires_at=now + LIFETIME)

    before = issue()
    clock.advance(0.0001)
    verifier.revoke(7, not_before=clock.now(), kept_token_id="")
    after = issue()
    assert verifier.verify(after).user_id == 7
    with pytest.raises(Unauthenticated):
        verifier.verify(before)


def test_a_token_ends_with_its_lifetime(tmp_path: Path, clock: FakeClock) -> None:
    keys = key_ring(read_or_create_key(tmp_path / "key.pem"), "")
    now = clock.now()
    token = JwtIssuer(keys, RandomIds()).issue(user_at(now), issued_at=now, expires_at=now + LIFETIME)
    verifier = verifier_of(keys, clock)
    clock.advance(LIFETIME.total_seconds() + 1)
    with pytest.raises(Unauthenticated) as refusal:
        verifier.verify(token)
    assert refusal.value.reason_name == "TOKEN_EXPIRED"


def test_tokens_of_a_previous_key_stay_valid(tmp_path: Path, clock: FakeClock) -> None:
    old = key_ring(read_or_create_key(tmp_path / "old.pem"), "")
    older = key_ring(read_or_create_key(tmp_path / "older.pem"), "")
    previous = old.public_keys[0].pem + older.public_keys[0].pem
    new = key_ring(read_or_create_key(tmp_path / "new.pem"), previous)
    assert len({key.key_id for key in new.public_keys}) == 3
    now = clock.now()
    token = JwtIssuer(old, RandomIds()).issue(user_at(now), issued_at=now, expires_at=now + LIFETIME)
    assert verifier_of(new, clock).verify(token).user_id == 7


def test_unusable_keys_are_refused_without_showing_them(tmp_path: Path) -> None:
    wrong_kind = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    right = read_or_create_key(tmp_path / "key.pem")
    for signing, previous in (("secret-text", ""), (wrong_kind.decode(), ""), (right, "secret-text")):
        with pytest.raises(KeyUnusable) as refusal:
            key_ring(signing, previous)
        assert "secret-text" not in str(refusal.value)
