"""Rules of webhooks, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import Invalid
from services.auth.crypto.webhooks import new_secret, signed_headers
from services.auth.domain.webhooks import MAX_ATTEMPTS, RETRY_PAUSES, AddressRules, Secrets, check_url, events_of

PUBLIC, LOCAL = AddressRules(is_local_allowed=False), AddressRules(is_local_allowed=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://example.com:8443/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://user:password@example.com/",
        "ftp://example.com/",
        "https://example.com/" + "a" * 2048,
        "nonsense",
        "",
    ],
)
def test_addresses_that_are_not_public_https_are_refused(url: str) -> None:
    with pytest.raises(Invalid, match="WEBHOOK_URL_REFUSED"):
        check_url(url, PUBLIC)


def test_addresses_are_kept_in_one_spelling() -> None:
    assert check_url("https://EXAMPLE.com:443/Hook?x=1", PUBLIC) == "https://example.com/Hook?x=1"
    assert check_url("https://例子.测试/钩", PUBLIC).startswith("https://xn--")


def test_the_operator_may_allow_this_machine_but_no_other_inside() -> None:
    assert check_url("http://127.0.0.1:9000/hook", LOCAL) == "http://127.0.0.1:9000/hook"
    for address in ("10.0.0.1", "169.254.169.254", "192.168.1.1"):
        with pytest.raises(Invalid):
            check_url(f"http://{address}/", LOCAL)


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    # The example of the Standard Webhooks libraries.
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp_s=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_long_and_differ() -> None:
    secrets = {new_secret() for _ in range(10)}
    assert len(secrets) == 10
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)


def test_a_second_rotation_ends_the_oldest_secret() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rotated = Secrets("a").rotated("b", now).rotated("c", now)
    assert rotated.valid(now) == ("c", "b")
    assert rotated.valid(now + timedelta(hours=24)) == ("c",)


def test_ten_attempts_take_three_days_and_a_little() -> None:
    assert MAX_ATTEMPTS == 10
    assert timedelta(days=3) < sum(RETRY_PAUSES, timedelta()) < timedelta(days=4)


def test_unknown_events_are_refused_and_none_means_all() -> None:
    assert sorted(events_of([])) == ["task.cancelled", "task.failed", "task.succeeded"]
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        events_of(["task.succeeded", "task.started"])
