"""Batches and cards in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany, LeanUpdateMany
from kit.db.lean_write import LeanWrite, insert_of
from services.billing.domain.cards import Card, CardBatch, CardState
from services.billing.domain.errors import concurrent_update
from services.billing.store.tables import CARD_BATCHES, CARDS

_BATCH_COLUMNS = (
    CARD_BATCHES.c.id,
    CARD_BATCHES.c.number,
    CARD_BATCHES.c.package_key,
    CARD_BATCHES.c.package_name,
    CARD_BATCHES.c.credits,
    CARD_BATCHES.c.price_fen,
    CARD_BATCHES.c.quantity,
    CARD_BATCHES.c.description,
    CARD_BATCHES.c.expire_time,
    CARD_BATCHES.c.operator_user_id,
    CARD_BATCHES.c.create_time,
)
CARD_COLUMNS = (
    CARDS.c.id,
    CARDS.c.code,
    CARDS.c.state,
    CARDS.c.used_by_user_id,
    CARDS.c.use_time,
    CARDS.c.redeem_key,
    *_BATCH_COLUMNS,
)
_IN_BATCH = CARDS.c.batch_id == CARD_BATCHES.c.id
_CARDS = select(*CARD_COLUMNS).where(_IN_BATCH)
# PostgreSQL locks after it has sorted, so whoever takes several takes them in the same order.
_LOCKED = _CARDS.order_by(CARDS.c.id).with_for_update(of=CARDS)
_BY_ID = LeanQuery(_CARDS.where(AnyOf(CARDS.c.id, "card_ids")))
_BY_REDEEM_KEY = LeanQuery(_CARDS.where(AnyOf(CARDS.c.redeem_key, "redeem_keys")))
_LOCK_BY_CODE = LeanQuery(_LOCKED.where(AnyOf(CARDS.c.code, "codes")))
_LOCK_BY_ID = LeanQuery(_LOCKED.where(CARDS.c.id == bindparam("card_id")))
_LOCK_BY_NUMBER = LeanQuery(_LOCKED.where(CARD_BATCHES.c.number == bindparam("number")))
_BATCH_OF_REQUEST = LeanQuery(
    select(CARD_BATCHES.c.input_hash, *_BATCH_COLUMNS).where(CARD_BATCHES.c.request_key == bindparam("request_key"))
)
_CODES = LeanQuery(select(CARDS.c.code).where(CARDS.c.batch_id == bindparam("batch_id")).order_by(CARDS.c.id))
_ACTIVE: ColumnElement[str] = literal_column(f"'{CardState.ACTIVE.value}'")
_USED: ColumnElement[str] = literal_column(f"'{CardState.USED.value}'")
_ADD_BATCH = LeanWrite(insert_of(CARD_BATCHES).returning(CARD_BATCHES.c.id))
_ADD = LeanInsertMany(
    (
        CARDS.c.code,
        CARDS.c.batch_id,
        CARDS.c.state,
        CARDS.c.used_by_user_id,
        CARDS.c.use_time,
        CARDS.c.redeem_key,
    )
)
_REDEEM = LeanUpdateMany(
    CARDS,
    keys={"card_id": CARDS.c.id},
    values={
        "new_state": CARDS.c.state,
        "user_id": CARDS.c.used_by_user_id,
        "used_at": CARDS.c.use_time,
        "request": CARDS.c.redeem_key,
    },
    only=[CARDS.c.state == _ACTIVE],
)
_WITHDRAW = LeanUpdateMany(
    CARDS, keys={"card_id": CARDS.c.id}, values={"new_state": CARDS.c.state}, only=[CARDS.c.state != _USED]
)


def card_from_row(row: Sequence[Any]) -> Card:
    """A card from the values of CARD_COLUMNS."""
    card_id, code, state, used_by_user_id, use_time, redeem_key, *batch = row
    return Card(card_id, code, CardState(state), CardBatch(*batch), used_by_user_id, use_time, redeem_key)


@dataclass(frozen=True, slots=True)
class KnownBatch:
    """A batch that was made for a request, and the input it was made of."""

    batch: CardBatch
    input_hash: str


class CardRepository:
    """Cards, within one transaction. Locks of cards come before all others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def batch_of_request(self, request_key: str) -> KnownBatch | None:
        row = _BATCH_OF_REQUEST.first(self._connection, request_key=request_key)
        return None if row is None else KnownBatch(CardBatch(*row[1:]), row[0])

    def codes_of(self, batch_id: int) -> list[str]:
        """All codes of a batch as they were drawn, whatever became of the cards."""
        return [code for (code,) in _CODES.all(self._connection, batch_id=batch_id)]

    def find(self, card_ids: Sequence[int]) -> list[Card]:
        """Those of the ids that exist."""
        return [card_from_row(row) for row in _BY_ID.all(self._connection, card_ids=card_ids)]

    def redeemed_by(self, redeem_keys: Sequence[str]) -> list[Card]:
        """Cards that these requests redeemed."""
        return [card_from_row(row) for row in _BY_REDEEM_KEY.all(self._connection, redeem_keys=redeem_keys)]

    def lock_codes(self, codes: Sequence[str]) -> list[Card]:
        """The cards with these codes; nobody else uses or withdraws them before this transaction ends."""
        return [card_from_row(row) for row in _LOCK_BY_CODE.all(self._connection, codes=codes)]

    def lock(self, card_id: int) -> Card | None:
        """The same for one id."""
        row = _LOCK_BY_ID.first(self._connection, card_id=card_id)
        return None if row is None else card_from_row(row)

    def lock_number(self, number: str) -> list[Card]:
        """The same for all cards of a batch number."""
        return [card_from_row(row) for row in _LOCK_BY_NUMBER.all(self._connection, number=number)]

    def add_batch(self, batch: CardBatch, codes: Sequence[str], *, request_key: str, input_hash: str) -> CardBatch:
        """Writes a batch with its cards; answers it with its id. Raises IntegrityError when the request has one."""
        values = {column.name: getattr(batch, column.name) for column in _BATCH_COLUMNS}
        del values["id"]
        batch_id = _ADD_BATCH.returning(self._connection, **values, request_key=request_key, input_hash=input_hash)
        _ADD.run(self._connection, [_fresh_card(code, batch_id) for code in codes])
        return replace(batch, id=batch_id)

    def redeem_all(self, cards: Sequence[Card]) -> None:
        """Writes who used active cards. Raises Conflict when one is not active any more."""
        rows = [
            {
                "card_id": card.id,
                "new_state": card.state.value,
                "user_id": card.used_by_user_id,
                "used_at": card.use_time,
                "request": card.redeem_key,
            }
            for card in cards
        ]
        _REDEEM.run(self._connection, rows, otherwise=concurrent_update)

    def withdraw_all(self, card_ids: Iterable[int], state: CardState) -> None:
        """Disables or deletes locked cards. Raises Conflict when one was used."""
        rows = [{"card_id": card_id, "new_state": state.value} for card_id in card_ids]
        _WITHDRAW.run(self._connection, rows, otherwise=concurrent_update)


def _fresh_card(code: str, batch_id: int) -> tuple[Any, ...]:
    """A row of a card that nobody has used."""
    return (code, batch_id, CardState.ACTIVE.value, None, None, None)
