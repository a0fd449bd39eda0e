"""Settings of billing."""

from __future__ import annotations

import pytest

from kit.config import load
from services.billing.config import BillingConfig


def test_the_ledger_survives_the_loss_of_power_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXREEL_BILLING_SERVICE_TOKEN", "0123456789abcdef")
    assert load(BillingConfig).db.synchronous == "FULL"
    monkeypatch.setenv("VOXREEL_BILLING_DB__URL", "sqlite:////var/lib/voxreel/billing.db")
    config = load(BillingConfig)
    assert config.db.synchronous == "FULL"
    assert config.db.url.get_secret_value().endswith("billing.db")
