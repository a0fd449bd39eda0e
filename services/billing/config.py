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
