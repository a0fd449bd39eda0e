"""Pages of lists that also say how long they are."""

from __future__ import annotations


def known_total(found: int, *, limit: int, offset: int) -> int | None:
    """How many rows there are, when a page of `found` rows says so: it is the last one. None: they must be counted.

    A filter that matches little is dear, since everything is looked at; this way it is looked at once.
    """
    is_last = found < limit and (found > 0 or offset == 0)
    return offset + found if is_last else None
