"""Packages in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, func, select, update

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_of
from services.billing.domain.packages import CreditPackage, PackageTerms
from services.billing.store.tables import CREDIT_PACKAGES

_TERMS_COLUMNS = (
    CREDIT_PACKAGES.c.display_name,
    CREDIT_PACKAGES.c.credits,
    CREDIT_PACKAGES.c.price_fen,
    CREDIT_PACKAGES.c.description,
    CREDIT_PACKAGES.c.discount_hundredths,
    CREDIT_PACKAGES.c.is_popular,
    CREDIT_PACKAGES.c.position,
    CREDIT_PACKAGES.c.features,
    CREDIT_PACKAGES.c.validity_days,
)
_COLUMNS = (
    CREDIT_PACKAGES.c.key,
    CREDIT_PACKAGES.c.create_time,
    CREDIT_PACKAGES.c.update_time,
    *_TERMS_COLUMNS,
)
_IS_IT = CREDIT_PACKAGES.c.key == bindparam("package_key")
_ALL = LeanQuery(select(*_COLUMNS).order_by(CREDIT_PACKAGES.c.position, CREDIT_PACKAGES.c.key))
_FIND = LeanQuery(select(*_COLUMNS).where(_IS_IT))
_LOCK = LeanQuery(select(*_COLUMNS).where(_IS_IT).with_for_update())
_NUMBER = LeanQuery(select(func.count()).select_from(CREDIT_PACKAGES))
_OF_REQUEST = LeanQuery(
    select(CREDIT_PACKAGES.c.input_hash, *_COLUMNS).where(CREDIT_PACKAGES.c.request_key == bindparam("request"))
)
_ADD = LeanWrite(insert_of(CREDIT_PACKAGES))
_CHANGED_COLUMNS = (*_TERMS_COLUMNS, CREDIT_PACKAGES.c.update_time)
_CHANGE = LeanWrite(
    update(CREDIT_PACKAGES)
    .where(_IS_IT)
    .values({column: bindparam(f"new_{column.name}", type_=column.type) for column in _CHANGED_COLUMNS})
)
_DELETE = delete(CREDIT_PACKAGES).where(_IS_IT)


@dataclass(frozen=True, slots=True)
class KnownPackage:
    """A package that was made for a request, and the input it was made of."""

    package: CreditPackage
    input_hash: str


class PackageRepository:
    """Packages, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_all(self) -> list[CreditPackage]:
        """In the order in which they are shown."""
        return [_package_from_row(row) for row in _ALL.all(self._connection)]

    def number(self) -> int:
        """How many there are."""
        row = _NUMBER.first(self._connection)
        assert row is not None, "a count always is"
        return int(row[0])

    def find(self, key: str) -> CreditPackage | None:
        row = _FIND.first(self._connection, package_key=key)
        return None if row is None else _package_from_row(row)

    def lock(self, key: str) -> CreditPackage | None:
        """The same; nobody else changes or deletes it before this transaction ends."""
        row = _LOCK.first(self._connection, package_key=key)
        return None if row is None else _package_from_row(row)

    def of_request(self, request_key: str) -> KnownPackage | None:
        row = _OF_REQUEST.first(self._connection, request=request_key)
        return None if row is None else KnownPackage(_package_from_row(row[1:]), row[0])

    def add(self, package: CreditPackage, *, request_key: str, input_hash: str) -> None:
        """Raises IntegrityError when the key or the request has one."""
        _ADD.run(
            self._connection,
            key=package.key,
            request_key=request_key,
            input_hash=input_hash,
            create_time=package.create_time,
            update_time=package.update_time,
            **_terms_to_row(package.terms),
        )

    def change(self, package: CreditPackage) -> None:
        """Writes what a locked package is from now on."""
        row = _terms_to_row(package.terms) | {"update_time": package.update_time}
        values = {f"new_{name}": value for name, value in row.items()}
        _CHANGE.run(self._connection, package_key=package.key, **values)

    def delete(self, key: str) -> None:
        """Deletes a locked package."""
        self._connection.execute(_DELETE, {"package_key": key})


def _package_from_row(row: tuple[Any, ...]) -> CreditPackage:
    key, create_time, update_time, *plain = row
    names = (column.name for column in _TERMS_COLUMNS)
    values = dict(zip(names, plain, strict=True))
    features, sort_order = orjson.loads(values.pop("features")), values.pop("position")
    terms = PackageTerms(features=tuple(features), sort_order=sort_order, **values)
    return CreditPackage(key, terms, create_time, update_time)


def _terms_to_row(terms: PackageTerms) -> dict[str, Any]:
    return {
        "display_name": terms.display_name,
        "credits": terms.credits,
        "price_fen": terms.price_fen,
        "description": terms.description,
        "discount_hundredths": terms.discount_hundredths,
        "is_popular": terms.is_popular,
        "position": terms.sort_order,
        "features": orjson.dumps(terms.features).decode(),
        "validity_days": terms.validity_days,
    }
