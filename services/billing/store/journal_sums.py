"""Sums over a part of the journal, by what statistics ask for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Function,
    Select,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from services.billing.domain.journal import SystemAccount, spendable_account
from services.billing.store.tables import POSTINGS, TRANSACTIONS

# An account's name up to its user's id, and how long that is.
_USER_PREFIX = spendable_account(0)[:-1]
_ONE, _KIND_LENGTH, _PREFIX_LENGTH = (
    literal_column(str(number), BigInteger()) for number in (1, len(_USER_PREFIX) - 1, len(_USER_PREFIX))
)
_NUMBER = func.count().label("postings")
# PostgreSQL sums big integers to a numeric.
_CREDITS = cast(func.sum(POSTINGS.c.credits), BigInteger).label("credits")
_OWN_TRANSACTION = TRANSACTIONS.c.id == POSTINGS.c.transaction_id
IS_CONSUMPTION: ColumnElement[bool] = POSTINGS.c.account == literal_column(f"'{SystemAccount.CONSUMPTION.value}'")


class _QuarterOf(Function[int]):
    """Number of the quarter of an hour in which a time is, counted from 1970."""

    inherit_cache = True

    def __init__(self, time: Column[Any]) -> None:
        super().__init__("quarter_of", time, type_=BigInteger())


@compiles(_QuarterOf, "sqlite")
def _on_sqlite(element: _QuarterOf, compiler: SQLCompiler, **options: Any) -> str:
    (time,) = element.clauses
    return f"({compiler.process(time, **options)} / 900000000)"


@compiles(_QuarterOf, "postgresql")
def _on_postgresql(element: _QuarterOf, compiler: SQLCompiler, **options: Any) -> str:
    (time,) = element.clauses
    return f"CAST(floor(extract(epoch FROM {compiler.process(time, **options)}) / 900) AS BIGINT)"


def by_account(*which: ColumnElement[bool]) -> Select[Any]:
    """Account, number and credits of postings; those of all users together as `user` and `held`."""
    kind = func.substr(POSTINGS.c.account, _ONE, _KIND_LENGTH)
    total = case((POSTINGS.c.balance_after.is_(None), POSTINGS.c.account), else_=kind).label("total_of")
    return select(total, _NUMBER, _CREDITS).where(*which).group_by(literal_column("total_of"))


def by_entry(*which: ColumnElement[bool]) -> Select[Any]:
    """Account, kind, number and credits of what changed what users can spend."""
    is_spendable = func.substr(POSTINGS.c.account, _ONE, _PREFIX_LENGTH) == literal_column(f"'{_USER_PREFIX}'")
    return (
        select(POSTINGS.c.account, TRANSACTIONS.c.kind, _NUMBER, _CREDITS)
        .where(_OWN_TRANSACTION, is_spendable, *which)
        .group_by(POSTINGS.c.account, TRANSACTIONS.c.kind)
    )


def by_quarter(*which: ColumnElement[bool]) -> Select[Any]:
    """Quarter of an hour, feature, number and credits of what was consumed."""
    quarter: ColumnElement[Any] = _QuarterOf(TRANSACTIONS.c.create_time).label("quarter")
    feature = func.coalesce(TRANSACTIONS.c.feature_key, literal_column("''")).label("feature")
    return (
        select(quarter, feature, _NUMBER, _CREDITS)
        .where(_OWN_TRANSACTION, IS_CONSUMPTION, *which)
        .group_by(literal_column("quarter"), literal_column("feature"))
    )
