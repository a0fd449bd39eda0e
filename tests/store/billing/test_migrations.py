"""The migrations of billing make exactly the schema the code expects, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from kit.db.migrate import is_at_head, upgrade
from services.billing.domain.ledger import Recharge, recharge_movement
from services.billing.store.ledger import LedgerRepository
from services.billing.store.prices import PriceRepository
from services.billing.store.tables import BillingTable
from tests.store.migrated import SERVICES, migrated_database, schema_differences

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
MIGRATIONS = SERVICES / "billing" / "migrations"


async def test_the_migrated_schema_is_the_one_of_the_tables(database_url: str) -> None:
    async with migrated_database(database_url, "billing") as database:
        differences = await database.read(lambda connection: schema_differences(connection, BillingTable.metadata))
    assert differences == []


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    assert await asyncio.to_thread(is_at_head, database_url, MIGRATIONS)


async def test_prices_are_seeded_in_the_order_of_the_contract(database_url: str) -> None:
    async with migrated_database(database_url, "billing") as database:
        prices = await database.read(lambda connection: PriceRepository(connection).list_all())
    assert [(price.key, price.display_name, price.credits) for price in prices] == [
        ("tts", "语音合成", 10),
        ("voice_clone", "音色克隆", 50),
        ("video_generate", "视频生成", 100),
        ("chroma_key", "绿幕背景替换", 80),
        ("asr_recognize", "语音识别", 20),
        ("llm_rewrite", "文本仿写", 15),
    ]


@pytest.mark.parametrize("change", ["UPDATE entries SET credits = 0", "DELETE FROM entries"])
async def test_entries_refuse_to_be_changed(database_url: str, change: str) -> None:
    def add_entry(connection: Connection) -> None:
        ledger = LedgerRepository(connection)
        recharge = Recharge("r-1", operator_user_id=1, user_id=7, credits=5, description="")
        ledger.apply(recharge_movement(ledger.lock(7), recharge), NOW)

    async with migrated_database(database_url, "billing") as database:
        await database.write(add_entry)
        with pytest.raises(DBAPIError, match="append-only"):
            await database.write(lambda connection: connection.execute(text(change)))
        kept = await database.read(lambda connection: LedgerRepository(connection).find_entry(1))
    assert kept is not None
    assert kept.credits == 5
