"""Alembic's entry into the billing schema."""

from kit.db.migrate import run_migrations
from services.billing.store.tables import BillingTable

run_migrations(BillingTable.metadata)
