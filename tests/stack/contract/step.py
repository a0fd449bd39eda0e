"""What a row of the journey is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Actor(Enum):
    """Who asks; the value names the access token that was kept before."""

    ANYBODY = ""
    USER = "user_token"
    ADMIN = "admin_token"


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with one file."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A documented request, with the ids of its example replaced by those of real objects.

    `{name}` in a text of `ids`, `query`, `changes` or `until` stands for what an earlier step has kept under that name.
    """

    method: str
    # As the document writes it.
    path: str
    # Tells the rows of one endpoint apart.
    note: str = ""
    by: Actor = Actor.USER
    # What stands for the placeholders of the path.
    ids: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    # Which of the documented bodies is sent, and what differs in it; the whole body where the document has none.
    request: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    upload: Upload | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    # Names for values of the reply, by their dotted place in it.
    keeps: Mapping[str, str] = field(default_factory=dict)
    # The request is repeated until the reply has these values, by their dotted place.
    until: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    # Text of a refusal; the reply is compared with the document only when there is none.
    refusal: str = ""
    # Which of the documented replies it is like, and what of it may be null.
    example: int = 0
    nullable: Collection[str] = ()
    # Mappings whose keys are data, and keys of the documented reply that were not asked for.
    keyed_by_data: Collection[str] = ()
    omits: Collection[str] = ()
    # Dotted places of lists that are empty although the documented ones are not.
    empty: Collection[str] = ()

    @property
    def name(self) -> str:
        """Unique in the journey."""
        return " ".join(filter(None, [self.method, self.path, self.note]))


def value_at(place: str, reply: Any) -> Any:
    """What stands at a dotted place; KeyError, IndexError or TypeError when the reply has no such place."""
    for part in place.split("."):
        reply = reply[int(part)] if part.isdecimal() else reply[part]
    return reply
