"""A provider of text messages that keeps them."""

from __future__ import annotations

from kit.errors import DomainError
from services.auth.domain.phones import Phone


class FakeCodeSender:
    """Remembers the last code of each phone, and how many were sent to it."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.sent = 0
        self.refusal: DomainError | None = None

    async def send(self, phone: Phone, code: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.codes[phone] = code
        self.sent += 1
