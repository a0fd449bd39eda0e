"""How many codes are sent and how many wrong ones are heard, so that nobody guesses codes, floods a phone with messages
or keeps its owner out.

A phone gets one code a minute and ten a day. Strangers, who are at addresses from which the phone's user has not logged
in, may ask for eight of the ten together and for five each, so that an owner at home always has some left; for a phone
without a user everybody is a stranger, and nobody can tell from a refusal whether it has one. A day begins with its
first code. One address may ask for so many codes and try so many wrong ones, for whatever phones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.auth.domain.counts import Count, Limit, count_key

_DAY = timedelta(days=1)
EACH_MINUTE = Limit(1, timedelta(minutes=1))
EACH_DAY = Limit(10, _DAY)
STRANGERS_EACH_DAY = Limit(8, _DAY)
STRANGER_EACH_DAY = Limit(5, _DAY)


@dataclass(frozen=True, slots=True)
class PhoneLimits:
    """The limits of one address."""

    codes: Limit
    wrong_codes: Limit


def counts_of_code(phone_digest: str, network: str, limits: PhoneLimits, *, is_known: bool) -> tuple[Count, ...]:
    """What a code that is sent counts for. An unknown address counts for nobody."""
    of_phone = (
        Count(count_key("code minute", phone_digest), EACH_MINUTE),
        Count(count_key("code day", phone_digest), EACH_DAY),
    )
    if is_known:
        return of_phone
    of_strangers = (
        Count(count_key("code strangers", phone_digest), STRANGERS_EACH_DAY),
        Count(count_key("code stranger", phone_digest, network), STRANGER_EACH_DAY),
    )
    if not network:
        return (*of_phone, *of_strangers)
    return (*of_phone, *of_strangers, Count(count_key("code address", network), limits.codes))


def counts_of_wrong_code(network: str, limits: PhoneLimits, *, is_known: bool) -> tuple[Count, ...]:
    """What a wrong code counts for besides the code itself."""
    if is_known or not network:
        return ()
    return (Count(count_key("wrong code address", network), limits.wrong_codes),)
