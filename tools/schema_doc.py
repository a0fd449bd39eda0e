"""Writes docs/schema.md from the tables that the services declare."""

from __future__ import annotations

import importlib

from sqlalchemy import Column, MetaData, Table
from sqlmodel import SQLModel

SERVICES = ("auth", "billing", "files", "speech", "video")

_HEAD = """# Schema

Generated from `services/*/store/tables.py` by `make docs`. Each service has a database of its own;
nothing refers from one to another but ids.
Times are UTC: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite.
"""


def _column(column: Column[object]) -> str:
    marks = [
        *(["key"] if column.primary_key else []),
        *(["unique"] if column.unique else []),
        *(["optional"] if column.nullable else []),
    ]
    return f"| `{column.name}` | {type(column.type).__name__} | {', '.join(marks)} |\n"


def _table(table: Table) -> str:
    text = f"\n### {table.name}\n\n| column | type | |\n| --- | --- | --- |\n"
    text += "".join(_column(column) for column in table.columns)
    indexes = sorted(f"{index.name} ({', '.join(c.name for c in index.columns)})" for index in table.indexes)
    if indexes:
        text += "\nIndexes: " + "; ".join(f"`{index}`" for index in indexes) + "\n"
    return text


def _metadata(service: str) -> MetaData:
    """The one metadata that the service's table models share."""
    module = importlib.import_module(f"services.{service}.store.tables")
    return next(
        value.metadata
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, SQLModel) and value.metadata is not SQLModel.metadata
    )


def render() -> str:
    """The whole document."""
    text = _HEAD
    for service in SERVICES:
        text += f"\n## {service}\n"
        text += "".join(_table(table) for table in sorted(_metadata(service).tables.values(), key=lambda t: t.name))
    return text
