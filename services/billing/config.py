"""Settings of billing."""

from __future__ import annotations

from pydantic import Field

from kit.config import ServiceConfig, service_settings
from kit.db.settings import DatabaseSettings


class BillingConfig(ServiceConfig):
    """Settings of billing, `VOXREEL_BILLING_…`."""

    model_config = service_settings("billing")

    # Money that was answered for must survive the loss of power.
    db: DatabaseSettings = Field(
        default=DatabaseSettings(synchronous="FULL"), description="The service's own database."
    )
    invite_credits: int = Field(
        default=1000, ge=1, description="What an invite code that is made from now on is worth."
    )
