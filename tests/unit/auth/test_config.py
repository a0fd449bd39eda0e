"""Settings of auth."""

from __future__ import annotations

import pytest

from kit.config import ConfigError, load
from services.auth.config import AuthConfig

TOKEN = "0123456789abcdef"


def test_the_first_administrator_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_AUTH_SERVICE_TOKEN", TOKEN)
    monkeypatch.setenv("VOXREEL_AUTH_FIRST_ADMIN__ACCOUNT", "root")
    monkeypatch.setenv("VOXREEL_AUTH_FIRST_ADMIN__PASSWORD", "password123")
    first_admin = load(AuthConfig).first_admin
    assert (first_admin.account, first_admin.password.get_secret_value()) == ("root", "password123")


def test_there_is_no_default_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_AUTH_SERVICE_TOKEN", TOKEN)
    assert load(AuthConfig).first_admin.account == ""


@pytest.mark.parametrize("half", ["ACCOUNT", "PASSWORD"])
def test_half_a_first_administrator_is_refused(monkeypatch: pytest.MonkeyPatch, half: str) -> None:
    monkeypatch.setenv("VOXREEL_AUTH_SERVICE_TOKEN", TOKEN)
    monkeypatch.setenv(f"VOXREEL_AUTH_FIRST_ADMIN__{half}", "password123")
    with pytest.raises(ConfigError, match="both an account and a password"):
        load(AuthConfig)
