"""The migrations of billing make exactly the schema the code expects, on both engines."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from kit.db.migrate import is_at_head, upgrade
from services.billing.store.prices import PriceRepository
from services.billing.store.tables import BillingTable
from tests.databases import open_database
from tests.store.billing.conftest import Billing
from tests.store.migrated import SERVICES, migrated_database, schema_differences

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


async def test_packages_are_seeded_as_the_contract_lists_them(database_url: str) -> None:
    async with migrated_database(database_url, "billing") as database:
        found = await database.read(
            lambda connection: connection.execute(
                text("SELECT key, display_name, credits, price_fen FROM credit_packages ORDER BY position")
            ).all()
        )
    assert [tuple(row) for row in found] == [
        ("recharge_1", "1元充值", 100, 100),
        ("recharge_6", "6元充值", 600, 600),
        ("recharge_30", "30元充值", 3100, 3000),
        ("recharge_68", "68元充值", 7200, 6800),
        ("recharge_128", "128元充值", 14000, 12800),
        ("recharge_328", "328元充值", 36800, 32800),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE transactions SET description = 'other'",
        "DELETE FROM transactions",
        "UPDATE postings SET credits = credits * 2",
        "DELETE FROM postings",
    ],
)
async def test_the_journal_refuses_to_be_changed(billing: Billing, change: str) -> None:
    await billing.recharge(5)
    with pytest.raises(DBAPIError, match="append-only"):
        await billing.database.write(lambda connection: connection.execute(text(change)))
    (entry,) = await billing.entries()
    assert (entry.credits, entry.description) == (5, "充值")


@pytest.mark.parametrize(
    "change",
    [
        "INSERT OR REPLACE INTO transactions SELECT * FROM transactions",
        "INSERT OR REPLACE INTO postings SELECT * FROM postings",
    ],
)
async def test_replacing_and_truncating_are_changes_too(billing: Billing, change: str) -> None:
    await billing.recharge(5)
    if billing.database.dialect_name == "postgresql":
        change = f"TRUNCATE {change.split()[4]} CASCADE"
    with pytest.raises(DBAPIError, match="append-only"):
        await billing.database.write(lambda connection: connection.execute(text(change)))
    assert len(await billing.entries()) == 1


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("UPDATE chain_head SET transaction_id = 0", "does not name the newest"),
        ("UPDATE chain_head SET transaction_id = 2", "does not name the newest"),
        ("INSERT INTO transactions {appended}; UPDATE chain_head SET transaction_id = 2", "do not sum to zero"),
        (
            "INSERT INTO transactions {appended}; INSERT INTO postings VALUES (2, 'grants', -5, NULL), "
            "(2, 'user:1', 4, 9); UPDATE chain_head SET transaction_id = 2",
            "do not sum to zero",
        ),
        (
            "INSERT INTO transactions {appended}; INSERT INTO postings VALUES (2, 'grants', -5, NULL), "
            "(2, 'user:1', 5, 10); UPDATE chain_head SET transaction_id = 3",
            "does not name the newest",
        ),
        (
            "INSERT INTO transactions {appended}; INSERT INTO postings VALUES (2, 'grants', -5, NULL), "
            "(2, 'user:1', 5, 10), (3, 'grants', -5, NULL), (3, 'user:1', 5, 15); "
            "UPDATE chain_head SET transaction_id = 2",
            "postings without a transaction",
        ),
        (
            "INSERT INTO transactions {appended}; INSERT INTO postings VALUES (3, 'grants', -5, NULL), "
            "(3, 'user:1', 5, 10); UPDATE chain_head SET transaction_id = 2",
            "do not sum to zero",
        ),
    ],
)
async def test_the_chain_head_moves_over_whole_balanced_transactions_only(
    billing: Billing, change: str, refusal: str
) -> None:
    await billing.recharge(5)
    appended = (
        "SELECT 2, kind, 'other', input_hash, hold_id, feature_key, description, operator_user_id, create_time, "
        "hash, 'x' FROM transactions"
    )

    def write(connection: Connection) -> None:
        for statement in change.format(appended=appended).split(";"):
            connection.execute(text(statement))

    with pytest.raises(DBAPIError, match=refusal):
        await billing.database.write(write)
    assert len(await billing.entries()) == 1


async def test_postings_outlive_the_change_of_their_table(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS, revision="0007")
    rows = [(1, "grants", -5, None), (1, "user:1", 5, 5)]

    def append(connection: Connection) -> None:
        connection.execute(
            text(
                "INSERT INTO transactions (id, kind, request_key, input_hash, description, create_time, previous_hash, "
                "hash) SELECT 1, 'recharge', 'recharge:9:r', '', '', update_time, '', 'x' FROM feature_prices LIMIT 1"
            )
        )
        for row in rows:
            values = dict(zip(("id", "account", "credits", "after"), row, strict=True))
            connection.execute(text("INSERT INTO postings VALUES (:id, :account, :credits, :after)"), values)
        connection.execute(text("UPDATE chain_head SET transaction_id = 1"))

    async with open_database(database_url) as database:
        await database.write(append)
    async with migrated_database(database_url, "billing") as database:
        found = await database.read(
            lambda connection: connection.execute(text("SELECT * FROM postings ORDER BY account")).all()
        )
        assert [tuple(row) for row in found] == rows
        with pytest.raises(DBAPIError, match="append-only"):
            await database.write(lambda connection: connection.execute(text("DELETE FROM postings")))
