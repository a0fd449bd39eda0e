"""Settings of auth."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from kit.config import ServiceConfig, service_settings
from services.auth.domain.counts import Limit
from services.auth.domain.login_limits import LoginLimits
from services.auth.domain.phone_limits import PhoneLimits


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


class SmsSettings(BaseModel):
    """How codes come to phones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Literal["outbox", "aliyun"] = Field(
        default="outbox",
        description="`aliyun` is Alibaba Cloud SMS; `outbox` sends nothing and appends to `outbox/sms.jsonl` in "
        "the data directory.",
    )
    access_key_id: str = Field(default="", description="AccessKey ID of a RAM user that may call SendSms.")
    access_key_secret: SecretStr = Field(default=SecretStr(""), description="Its secret.")
    sign_name: str = Field(default="", description="The approved signature of the messages.")
    template_code: str = Field(default="", description="The approved template, `SMS_…`.")
    template_variable: str = Field(default="code", min_length=1, description="The template's variable for the code.")
    endpoint: str = Field(
        default="https://dysmsapi.aliyuncs.com",
        pattern=r"^https?://[^\s/?#]+$",
        description="Where the API of Alibaba Cloud SMS is.",
    )
    codes_per_address: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="Codes that one address may ask for in an hour.",
    )
    wrong_codes_per_address: int = Field(
        default=60, ge=1, le=1_000_000, description="Wrong codes that one address may try in an hour."
    )

    @model_validator(mode="after")
    def _complete(self) -> SmsSettings:
        needed = (self.access_key_id, self.access_key_secret.get_secret_value(), self.sign_name, self.template_code)
        if self.provider == "aliyun" and not all(needed):
            raise ValueError("aliyun needs access_key_id, access_key_secret, sign_name and template_code")
        return self

    def limits(self) -> PhoneLimits:
        """As the domain reads them."""
        hour = timedelta(hours=1)
        return PhoneLimits(
            codes=Limit(self.codes_per_address, hour), wrong_codes=Limit(self.wrong_codes_per_address, hour)
        )


class WebhookSettings(BaseModel):
    """How users are told of their tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_sending: bool = Field(
        default=True, description="Messages to webhooks are sent; off, they wait until it is on again."
    )
    is_local_allowed: bool = Field(
        default=False,
        description="Webhooks may also be on this machine, over http and on any port. For development only.",
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
    sms: SmsSettings = Field(default=SmsSettings(), description="Codes for phones.")
    webhooks: WebhookSettings = Field(default=WebhookSettings(), description="Webhooks of users.")
    activity_days: int = Field(
        default=90, ge=31, le=3650, description="Days for which activities are kept; lists go back 30."
    )
