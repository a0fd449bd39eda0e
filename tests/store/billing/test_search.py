"""Searching entries of all users: every combination of filters against the plain list, on both engines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, text

from services.billing.domain.entry_lists import EntryFilter
from services.billing.domain.ledger import Entry, EntryType
from services.billing.store.entry_pages import EntryPages
from services.billing.store.tables import IS_ENTRY, IS_SHOWN, POSTINGS, TRANSACTIONS
from tests.store.billing.conftest import USER, Billing, reservation
from tests.store.billing.test_cards import Cards

OTHER = 8
EVERYTHING = EntryFilter()


async def history(billing: Billing) -> str:
    """Something of every kind for two users, an hour apart; answers the code of the card that was redeemed."""
    cards = Cards(billing)
    (code,) = await cards.generate()
    await cards.redeem(code)
    for user_id in (USER, OTHER):
        await billing.recharge(1000, user_id=user_id, request_id=f"r-{user_id}")
        for task, settle in enumerate((None, "all", "part", "release")):
            billing.clock.advance(3600)
            hold = await billing.holds.reserve(reservation(f"t-{user_id}-{task}", 10, user_id=user_id))
            match settle:
                case "all":
                    await billing.holds.capture(hold.id, None)
                case "part":
                    await billing.holds.capture(hold.id, 4)
                case "release":
                    await billing.holds.release(hold.id)
    return code


async def all_entries(billing: Billing) -> list[Entry]:
    """Newest first, read as plainly as can be."""

    def read(connection: Connection) -> Sequence[tuple[object, ...]]:
        both = POSTINGS.join(TRANSACTIONS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        columns = (POSTINGS.c.account, TRANSACTIONS.c.id)
        return [tuple(row) for row in connection.execute(select(*columns).select_from(both))]

    rows = await billing.database.read(read)
    ids = sorted((row[1] for row in rows if str(row[0]).startswith("user:")), key=int, reverse=True)
    found, total = await EntryPages(billing.database).search(EVERYTHING, limit=100, offset=0)
    assert [entry.id for entry in found] == ids
    assert total == len(ids)
    return found


def is_wanted(entry: Entry, wanted: EntryFilter) -> bool:
    """The meaning of a filter."""
    has_keyword = (
        not wanted.keyword
        or wanted.keyword.replace("-", "").lower() in entry.description.lower()
        or entry.user_id in wanted.keyword_user_ids
    )
    return (
        has_keyword
        and (wanted.owner_user_ids is None or entry.user_id in wanted.owner_user_ids)
        and wanted.user_id in (None, entry.user_id)
        and wanted.type in (None, entry.type)
        and (wanted.credits_min is None or entry.credits >= wanted.credits_min)
        and (wanted.credits_max is None or entry.credits <= wanted.credits_max)
        and (wanted.create_time_from is None or entry.create_time >= wanted.create_time_from)
        and (wanted.create_time_before is None or entry.create_time < wanted.create_time_before)
    )


def combinations(code: str, middle: datetime) -> list[EntryFilter]:
    """Filters of all kinds together and alone."""
    users = (None, USER)
    types = (None, EntryType.FEATURE_CONSUME, EntryType.REFUND, EntryType.CARD_ACTIVATION)
    credits = ((None, None), (1, None), (None, -1), (-10, 6))
    times = ((None, None), (middle, None), (None, middle))
    words: tuple[tuple[str | None, tuple[int, ...]], ...] = (
        (None, ()),
        ("合成", ()),
        ("tts", ()),
        (f"{code[:4]}-{code[4:]}".lower(), ()),
        ("nobody", (OTHER, 99)),
        ("合成", (OTHER, 99)),
    )
    return [
        EntryFilter(user, kind, *bounds, *time, *word)
        for user, kind, bounds, time, word in itertools.product(users, types, credits, times, words)
    ]


async def test_every_combination_of_filters_finds_what_it_means(billing: Billing) -> None:
    code = await history(billing)
    entries = await all_entries(billing)
    kinds = {EntryType.ADMIN_RECHARGE, EntryType.CARD_ACTIVATION, EntryType.FEATURE_CONSUME, EntryType.REFUND}
    assert {entry.type for entry in entries} == kinds
    assert len(entries) == 15
    middle = entries[len(entries) // 2].create_time
    pages, comparing = EntryPages(billing.database), EntryPages(billing.database, few=0)
    for wanted in combinations(code, middle):
        meant = [entry for entry in entries if is_wanted(entry, wanted)]
        assert await pages.search(wanted, limit=2, offset=1) == (meant[1:3], len(meant)), wanted
        if wanted.keyword_user_ids and wanted.user_id is None:
            assert await comparing.search(wanted, limit=2, offset=1) == (meant[1:3], len(meant)), wanted


async def test_only_entries_of_the_owners_are_found(billing: Billing) -> None:
    await history(billing)
    entries = await all_entries(billing)
    middle = entries[len(entries) // 2].create_time
    pages = EntryPages(billing.database)
    for owners, kind, time, word in itertools.product(
        ((), (OTHER,), (OTHER, USER, 99), (99,)),
        (None, EntryType.REFUND),
        (None, middle),
        (None, "合成"),
    ):
        wanted = EntryFilter(type=kind, create_time_from=time, keyword=word, owner_user_ids=owners)
        meant = [entry for entry in entries if is_wanted(entry, wanted)]
        assert await pages.search(wanted, limit=2, offset=1) == (meant[1:3], len(meant)), wanted


async def test_pages_end_where_the_entries_do(billing: Billing) -> None:
    await history(billing)
    entries = await all_entries(billing)
    pages = EntryPages(billing.database)
    for limit, offset in ((15, 0), (16, 0), (1, 14), (1, 15), (10, 10), (5, 40)):
        assert await pages.search(EVERYTHING, limit=limit, offset=offset) == (entries[offset:][:limit], 15)
    assert await pages.search(EntryFilter(user_id=99), limit=5, offset=0) == ([], 0)
    assert await pages.search(EntryFilter(user_id=99), limit=5, offset=5) == ([], 0)


async def test_the_index_of_the_search_has_what_has_an_entry(billing: Billing) -> None:
    """Captures of whole holds have none."""
    await history(billing)

    def read(connection: Connection) -> tuple[set[int], set[int]]:
        entries = select(POSTINGS.c.transaction_id).where(text(IS_ENTRY))
        shown = select(TRANSACTIONS.c.id).where(text(IS_SHOWN))
        return set(connection.scalars(entries)), set(connection.scalars(shown))

    entries, shown = await billing.database.read(read)
    assert shown == entries
    assert len(entries) == 15
