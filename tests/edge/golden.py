"""Compares replies with the documented examples: same keys, same kinds of value; more keys are allowed."""

from __future__ import annotations

from collections.abc import Collection

from edge.contract.reader import documented_endpoints


def same_shape(reply: object, method: str, path: str, *, example: int = 0, nullable: Collection[str] = ()) -> None:
    """Fails unless the reply has everything the contract's example has.

    Where the example has a null the reply may have anything; a null in the reply is allowed for the keys named.
    """
    documented = documented_endpoints()[(method, path)].response_examples[example]
    _compare(reply, documented, f"{method} {path} ", nullable)


def same_shape_as_read(reply: object, method: str, path: str, *, reading: object) -> None:
    """The same for an endpoint whose reply the document only describes: `reading` is the example it might have had."""
    documented = documented_endpoints()[(method, path)]
    assert not documented.response_examples, "the document has an example of its own"
    _compare(reply, reading, f"{method} {path} ", ())


def _compare(found: object, wanted: object, where: str, nullable: Collection[str]) -> None:
    if wanted is None or (found is None and where.rpartition(".")[2] in nullable):
        return
    assert _kind(found) is _kind(wanted), f"{where}: {found!r} for {wanted!r}"
    if isinstance(wanted, dict) and isinstance(found, dict):
        missing = wanted.keys() - found.keys()
        assert not missing, f"{where}: missing {sorted(missing)}"
        for key, value in wanted.items():
            _compare(found[key], value, f"{where}.{key}", nullable)
    if isinstance(wanted, list) and isinstance(found, list) and wanted:
        for item in found:
            _compare(item, wanted[0], f"{where}[]", nullable)


def _kind(value: object) -> type:
    # A number that happens to be whole is still a number.
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
