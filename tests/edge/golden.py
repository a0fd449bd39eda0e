"""Compares replies with the documented examples: same keys, same kinds of value; more keys are allowed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edge.contract.reader import documented_endpoints
from tests.edge.readings import READINGS


def same_shape(
    reply: object,
    method: str,
    path: str,
    *,
    example: int = 0,
    nullable: Collection[str] = (),
    keyed_by_data: Collection[str] = (),
) -> None:
    """Fails unless the reply has everything the contract's example has.

    Where the example has a null the reply may have anything; a null in the reply is allowed for the keys named. Of the
    mappings that are keyed by data (days, for one) only the values are compared.
    """
    documented = documented_endpoints()[(method, path)].response_examples[example]
    _Comparison(nullable, keyed_by_data).compare(reply, documented, f"{method} {path} ")


def same_shape_as_read(reply: object, method: str, path: str) -> None:
    """The same for an endpoint whose reply the document only describes; see `readings`."""
    documented = documented_endpoints()[(method, path)]
    assert not documented.response_examples, "the document has an example of its own"
    _Comparison().compare(reply, READINGS[(method, path)], f"{method} {path} ")


@dataclass(frozen=True, slots=True)
class _Comparison:
    nullable: Collection[str] = ()
    keyed_by_data: Collection[str] = ()

    def compare(self, found: object, wanted: object, where: str) -> None:
        key = where.rpartition(".")[2]
        if wanted is None or (found is None and key in self.nullable):
            return
        assert _kind(found) is _kind(wanted), f"{where}: {found!r} for {wanted!r}"
        if isinstance(wanted, dict) and isinstance(found, dict):
            if key in self.keyed_by_data:
                wanted = dict.fromkeys(found, next(iter(wanted.values())))
            missing = wanted.keys() - found.keys()
            assert not missing, f"{where}: missing {sorted(missing)}"
            for name, value in wanted.items():
                self.compare(found[name], value, f"{where}.{name}")
        if isinstance(wanted, list) and isinstance(found, list) and wanted:
            for item in found:
                self.compare(item, wanted[0], f"{where}[]")


def _kind(value: object) -> type:
    # A number that happens to be whole is still a number.
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
