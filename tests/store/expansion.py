"""What a migration did to the tables of before, as code of before finds it.

While a release rolls out, and after a roll-back, the former code runs on the new schema. It names the columns it knows
when it reads and writes. So whatever it named must still be there and of the same kind, and nothing new may be required
of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, inspect
from sqlalchemy.engine.reflection import Inspector


@dataclass(frozen=True, slots=True)
class Column:
    """As the database describes it."""

    kind: str
    is_nullable: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class Table:
    """`unique` are the sets of columns that identify a row; `keys` those that refer to another table, `checks` the
    conditions of a row."""

    columns: Mapping[str, Column]
    primary_key: tuple[str, ...]
    unique: frozenset[frozenset[str]]
    keys: frozenset[frozenset[str]]
    checks: frozenset[str]


def tables_of(connection: Connection) -> dict[str, Table]:
    """Every table of the schema, by name."""
    inspector = inspect(connection)
    return {name: _table(inspector, name) for name in inspector.get_table_names() if name != "alembic_version"}


def breaks(former: Mapping[str, Table], latter: Mapping[str, Table]) -> Iterator[str]:
    """Each way in which the latter schema would fail code of the former, in words."""
    for name, table in former.items():
        if name not in latter:
            yield f"{name} is gone"
            continue
        for problem in _breaks_of_table(table, latter[name]):
            yield f"{name}: {problem}"


def _breaks_of_table(former: Table, latter: Table) -> Iterator[str]:
    for name, column in former.columns.items():
        if name not in latter.columns:
            yield f"column {name} is gone"
        elif latter.columns[name].kind != column.kind:
            yield f"column {name} was {column.kind} and is {latter.columns[name].kind}"
        elif column.is_nullable and not latter.columns[name].is_nullable:
            yield f"column {name} may not be null any more"
        elif column.has_default and not latter.columns[name].has_default:
            yield f"column {name} has no default any more"
    added = latter.columns.keys() - former.columns.keys()
    for name in added:
        if not latter.columns[name].is_nullable and not latter.columns[name].has_default:
            yield f"new column {name} must be given"
    if latter.primary_key != former.primary_key:
        yield "the primary key is another"
    for columns in (latter.unique - former.unique) | (latter.keys - former.keys):
        # Code that does not write a new column cannot offend against a rule about it.
        if not columns & added:
            yield f"a new rule about {', '.join(sorted(columns))}"
    for check in latter.checks - former.checks:
        if not any(name in check for name in added):
            yield f"a new condition: {check}"


def _table(inspector: Inspector, name: str) -> Table:
    unique = [each["column_names"] for each in inspector.get_unique_constraints(name)]
    unique += [each["column_names"] for each in inspector.get_indexes(name) if each["unique"]]
    return Table(
        columns={each["name"]: _column(each) for each in inspector.get_columns(name)},
        primary_key=tuple(inspector.get_pk_constraint(name)["constrained_columns"]),
        unique=frozenset(frozenset(column or "" for column in columns) for columns in unique),
        keys=frozenset(frozenset(each["constrained_columns"]) for each in inspector.get_foreign_keys(name)),
        checks=frozenset(each["sqltext"] for each in inspector.get_check_constraints(name)),
    )


def _column(found: Mapping[str, object]) -> Column:
    # A key that the database counts up by itself has no default but needs no value either.
    has_default = found["default"] is not None or found.get("autoincrement") is True
    return Column(str(found["type"]), bool(found["nullable"]), has_default)
