"""Packages, and what administrators do with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from kit.clock import Clock
from kit.db.uow import Units
from services.billing.domain.errors import (
    package_key_taken,
    package_not_found,
    packages_limit_exceeded,
    request_id_reused,
)
from services.billing.domain.packages import PACKAGES_LIMIT, CreatePackage, CreditPackage, GivenTerms
from services.billing.events import BillingEvents
from services.billing.store.uow import BillingUnit


class Packages:
    """Packages by their keys. What is made of one, such as cards, keeps the terms that it had then."""

    def __init__(self, units: Units[BillingUnit], events: BillingEvents, clock: Clock) -> None:
        self._units = units
        self._events = events
        self._clock = clock

    async def list_all(self) -> list[CreditPackage]:
        """In the order in which they are shown."""
        return await self._units.read(lambda unit: unit.packages.list_all())

    async def create(self, asked: CreatePackage) -> CreditPackage:
        """The package; for a request done before, the package it made as it is now.

        Raises Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED), AlreadyExists (PACKAGE_KEY_TAKEN) and Precondition
        (PACKAGES_LIMIT_EXCEEDED).
        """
        asked.check()
        try:
            return await self._units.write(lambda unit: self._create(unit, asked))
        except IntegrityError:
            # Somebody was faster with the same key or the same request; now it shows which.
            return await self._units.write(lambda unit: self._create(unit, asked))

    def _create(self, unit: BillingUnit, asked: CreatePackage) -> CreditPackage:
        known = unit.packages.of_request(asked.request_key)
        if known is not None:
            if known.input_hash != asked.input_hash():
                raise request_id_reused()
            return known.package
        if unit.packages.find(asked.key) is not None:
            raise package_key_taken()
        if unit.packages.number() >= PACKAGES_LIMIT:
            raise packages_limit_exceeded()
        now = self._clock.now()
        package = CreditPackage(asked.key, asked.terms, now, now)
        unit.packages.add(package, request_key=asked.request_key, input_hash=asked.input_hash())
        unit.outbox.add(self._events.package_created(package, asked.operator_user_id))
        return package

    async def change(self, key: str, given: GivenTerms, operator_user_id: int) -> CreditPackage:
        """The package with what is given. Raises Invalid (FIELD_INVALID) and NotFound (PACKAGE_NOT_FOUND)."""

        def work(unit: BillingUnit) -> CreditPackage:
            former = unit.packages.lock(key)
            if former is None:
                raise package_not_found()
            terms = given.over(former.terms)
            if terms == former.terms:
                return former
            package = replace(former, terms=terms, update_time=self._clock.now())
            unit.packages.change(package)
            unit.outbox.add(self._events.package_changed(package, former, operator_user_id))
            return package

        return await self._units.write(work)

    async def delete(self, key: str, operator_user_id: int) -> tuple[CreditPackage, datetime]:
        """What the package was, and when it went. Raises NotFound (PACKAGE_NOT_FOUND)."""

        def work(unit: BillingUnit) -> tuple[CreditPackage, datetime]:
            package = unit.packages.lock(key)
            if package is None:
                raise package_not_found()
            unit.packages.delete(key)
            unit.outbox.add(self._events.package_deleted(package, operator_user_id))
            return package, self._clock.now()

        return await self._units.write(work)
