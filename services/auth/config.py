"""Settings of auth."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from kit.config import ServiceConfig, service_settings
from services.auth.domain.login_limits import Limit, LoginLimits


class FirstAdmin(BaseModel):
    """The administrator that exists from the first start on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str = Field(default="", description="Account of the first administrator; empty means none is made.")
    password: SecretStr = Field(
        default=SecretStr(""), description="Their password. Used once: an account that exists keeps its own."
    )

    @model_validator(mode="after")
    def _both_or_neither(self) -> FirstAdmin:
        if bool(self.account) != bool(self.password.get_secret_value()):
            raise ValueError("the first administrator needs both an account and a password")
        return self


class LoginSettings(BaseModel):
    """How many wrong passwords are let through."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wrong_per_account_and_address: int = Field(
        default=5, ge=1, le=1000, description="Wrong passwords of one account from one address in a window."
    )
    wrong_per_address: int = Field(
        default=50,
        ge=1,
        le=1_000_000,
        description="Wrong passwords from one address in a window, but for accounts that have logged in from there.",
    )
    window_minutes: int = Field(default=15, ge=1, le=1440, description="Length of the window of the two.")
    wrong_per_account: int = Field(
        default=50,
        ge=1,
        le=1_000_000,
        description="Wrong passwords of one account in its window, from addresses it has never logged in from.",
    )
    account_window_minutes: int = Field(default=60, ge=1, le=1440, description="Length of that window.")

    def limits(self) -> LoginLimits:
        """As the domain reads them."""
        window = timedelta(minutes=self.window_minutes)
        return LoginLimits(
            account_and_address=Limit(self.wrong_per_account_and_address, window),
            address=Limit(self.wrong_per_address, window),
            account=Limit(self.wrong_per_account, timedelta(minutes=self.account_window_minutes)),
        )


class AuthConfig(ServiceConfig):
    """Settings of auth, `VOXREEL_AUTH_…`."""

    model_config = service_settings("auth")

    first_admin: FirstAdmin = Field(default=FirstAdmin(), description="The first administrator.")
    signing_key: SecretStr = Field(
        default=SecretStr(""),
        description="Ed25519 private key in PEM that signs access tokens; empty means one that is made at the "
        "first start and kept in the data directory. Replicas need the same.",
    )
    previous_keys: str = Field(
        default="",
        description="Public keys in PEM, one after the other, that were signing keys and still verify tokens.",
    )
    hash_queue: int = Field(
        default=64, ge=1, le=10_000, description="Passwords being hashed or waiting for it; more are refused."
    )
    login: LoginSettings = Field(default=LoginSettings(), description="Limits of logins.")
    activity_days: int = Field(
        default=90, ge=31, le=3650, description="Days for which activities are kept; lists go back 30."
    )
