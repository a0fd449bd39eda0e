"""Logins by phone on both engines: what a code is good for, and how little strangers can do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select

from kit.errors import DomainError, Forbidden, Invalid, RateLimited, Unauthenticated, Unavailable
from kit.ids import RandomIds
from services.auth.config import SmsSettings
from services.auth.crypto.phone_codes import KeyedCodes
from services.auth.domain.errors import sms_unavailable
from services.auth.domain.phone_limits import EACH_DAY, STRANGER_EACH_DAY, STRANGERS_EACH_DAY
from services.auth.domain.phones import CODE_LIFETIME, MOST_WRONG, MOST_WRONG_ELSEWHERE, Phone
from services.auth.store.tables import PHONE_CODES, WRONG_PASSWORDS
from services.auth.usecases.phone_guard import PhoneGuard
from services.auth.usecases.phone_login import CodeSending, PhoneLogin, PhoneLogins
from services.auth.usecases.ports import AccessTokenIssuer
from services.auth.workers.sweepers import Sweeper, forget_counts, forget_phone_codes
from tests.fakes.codes import FakeCodeSender
from tests.store.auth.conftest import Auth

PHONE, OTHER = Phone("13800138000"), Phone("13900139000")
HOME, CAFE = "198.51.100.7", "203.0.113.9"
MINUTE, DAY = 60.0, 86_400.0
LIMITS = SmsSettings().limits()


class Desk:
    """Where somebody asks for codes and tries them."""

    def __init__(self, auth: Auth, issuer: AccessTokenIssuer) -> None:
        self.auth = auth
        self.sender = FakeCodeSender()
        codes, guard = KeyedCodes(b"key of tests"), PhoneGuard(LIMITS, auth.clock)
        self.sending = CodeSending(auth.units, codes, sender=self.sender, guard=guard, clock=auth.clock)
        self.logins = PhoneLogins(
            auth.units,
            codes,
            issuer=issuer,
            guard=guard,
            events=auth.own_events,
            clock=auth.clock,
            ids=RandomIds(),
        )

    async def ask(self, phone: Phone = PHONE, address: str = HOME) -> bool:
        """Whether a code was sent."""
        try:
            await self.sending.send(phone, client_address=address)
        except RateLimited:
            return False
        return True

    async def attempt(self, code: str, phone: Phone = PHONE, address: str = HOME) -> PhoneLogin | DomainError:
        """What comes of a try."""
        try:
            return await self.logins.login(phone, code, client_address=address)
        except DomainError as error:
            return error

    async def log_in(self, phone: Phone = PHONE, address: str = HOME) -> PhoneLogin:
        """With a code of now."""
        assert await self.ask(phone, address)
        done = await self.attempt(self.sender.codes[phone], phone, address)
        assert isinstance(done, PhoneLogin), done
        return done

    def wrong_code(self, phone: Phone = PHONE) -> str:
        return f"{(int(self.sender.codes.get(phone, '0')) + 1) % 1_000_000:06}"

    async def attack(self, address: str) -> int:
        """Asks for a code and tries wrong ones until nothing is heard; answers how many were compared with the code."""
        await self.ask(address=address)
        before = await self._compared()
        for _ in range(MOST_WRONG + 2):
            await self.attempt(self.wrong_code(), address=address)
        return await self._compared() - before

    async def _compared(self) -> int:
        counted = select(func.coalesce(func.sum(PHONE_CODES.c.wrong), 0))
        return await self.auth.database.read(lambda connection: int(connection.scalar(counted) or 0))


@pytest.fixture
async def desk(auth: Auth) -> Desk:
    return Desk(auth, auth.issuer)


def told(outcome: PhoneLogin | DomainError) -> tuple[str, str]:
    assert isinstance(outcome, DomainError)
    return outcome.reason_name, outcome.message


async def rows(auth: Auth, table: Table) -> int:
    counted = select(func.count()).select_from(table)
    return await auth.database.read(lambda connection: int(connection.scalar(counted) or 0))


async def test_the_first_login_makes_the_user_and_the_next_one_finds_it(desk: Desk) -> None:
    first = await desk.log_in()
    assert first.is_new_user
    assert (first.user.account, first.user.phone, first.user.is_admin) == (PHONE, PHONE, False)
    desk.auth.clock.advance(MINUTE)
    second = await desk.log_in()
    assert (second.user.id, second.is_new_user) == (first.user.id, False)
    claims = desk.auth.claims(second.login.access.token)
    profile = await desk.auth.profile(claims)
    assert (profile.id, profile.phone, profile.last_login_time) == (first.user.id, PHONE, desk.auth.clock.now())
    assert await desk.auth.event_types() == ["UserLoggedIn", "UserLoggedIn", "UserRegistered"]
    refreshed = await desk.auth.sessions.refresh(second.login.refresh_token)
    assert desk.auth.claims(refreshed.token).user_id == first.user.id


async def test_no_password_fits_who_came_by_phone(desk: Desk) -> None:
    await desk.log_in()
    for password in ("", "password123"):
        with pytest.raises(Unauthenticated):
            await desk.auth.sessions.login(PHONE, password, client_address=HOME)


async def test_an_account_of_the_same_digits_is_somebody_elses(desk: Desk) -> None:
    squatter = await desk.auth.registration.register(PHONE, "password123")
    done = await desk.log_in()
    assert done.is_new_user
    assert done.user.id != squatter.id
    assert (done.user.phone, done.user.account.startswith(f"{PHONE}_")) == (PHONE, True)


async def test_a_code_is_good_once_and_for_its_time(desk: Desk) -> None:
    await desk.log_in()
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE]), Unauthenticated)
    desk.auth.clock.advance(MINUTE)
    assert await desk.ask()
    desk.auth.clock.advance(CODE_LIFETIME.total_seconds())
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE]), Unauthenticated)


async def test_a_new_code_voids_the_one_before_it(desk: Desk) -> None:
    assert await desk.ask()
    old = desk.sender.codes[PHONE]
    desk.auth.clock.advance(MINUTE)
    while desk.sender.codes[PHONE] == old:
        assert await desk.ask()
    assert isinstance(await desk.attempt(old), Unauthenticated)
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE]), PhoneLogin)


async def test_five_wrong_tries_burn_a_code(desk: Desk) -> None:
    assert await desk.ask()
    for _ in range(MOST_WRONG - 1):
        await desk.attempt(desk.wrong_code())
    desk.auth.clock.advance(MINUTE)
    await desk.log_in()
    desk.auth.clock.advance(MINUTE)
    assert await desk.ask()
    for _ in range(MOST_WRONG):
        await desk.attempt(desk.wrong_code())
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE]), Unauthenticated)


async def test_tries_at_once_are_no_more(desk: Desk) -> None:
    assert await desk.ask()
    await asyncio.gather(*(desk.attempt(desk.wrong_code()) for _ in range(MOST_WRONG * 3)))
    wrong = select(PHONE_CODES.c.wrong)
    assert await desk.auth.database.read(lambda connection: connection.scalar(wrong)) == MOST_WRONG


async def test_of_right_tries_at_once_one_is_let_in(desk: Desk) -> None:
    assert await desk.ask()
    outcomes = await asyncio.gather(*(desk.attempt(desk.sender.codes[PHONE]) for _ in range(6)))
    assert sum(isinstance(outcome, PhoneLogin) for outcome in outcomes) == 1


async def test_nobody_is_told_what_is_the_matter_with_a_code(desk: Desk) -> None:
    await desk.log_in()
    used = told(await desk.attempt(desk.sender.codes[PHONE]))
    desk.auth.clock.advance(MINUTE)
    assert await desk.ask()
    right = desk.sender.codes[PHONE]
    wrong = [told(await desk.attempt(desk.wrong_code())) for _ in range(MOST_WRONG)]
    burnt = told(await desk.attempt(right))
    unknown = told(await desk.attempt("123456", OTHER))
    desk.auth.clock.advance(CODE_LIFETIME.total_seconds())
    expired = told(await desk.attempt(right))
    assert {used, *wrong, burnt, unknown, expired} == {("PHONE_CODE_INVALID", "验证码错误或已过期")}


async def test_only_a_right_code_is_told_that_its_user_is_frozen(desk: Desk) -> None:
    done = await desk.log_in()
    await desk.auth.freeze(done.user.account)
    desk.auth.clock.advance(MINUTE)
    assert await desk.ask()
    assert isinstance(await desk.attempt(desk.wrong_code()), Unauthenticated)
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE]), Forbidden)


async def test_one_code_a_minute_and_ten_a_day(desk: Desk) -> None:
    done = await desk.log_in()
    assert done.is_new_user
    with pytest.raises(RateLimited) as refused:
        await desk.sending.send(PHONE, client_address=HOME)
    assert (refused.value.message, refused.value.retry_after_s) == ("验证码发送过于频繁，请稍后再试", MINUTE)
    for _ in range(EACH_DAY.most - 1):
        desk.auth.clock.advance(MINUTE)
        assert await desk.ask()
    desk.auth.clock.advance(MINUTE)
    assert not await desk.ask()
    desk.auth.clock.advance(DAY)
    assert await desk.ask()


async def test_codes_asked_for_at_once_are_one(desk: Desk) -> None:
    assert sum(await asyncio.gather(*(desk.ask() for _ in range(8)))) == 1
    assert desk.sender.sent == 1


async def test_one_address_asks_for_few_codes_and_tries_few(desk: Desk) -> None:
    phones = [Phone(f"137{number:08}") for number in range(LIMITS.codes.most + 5)]
    asked = [await desk.ask(phone, CAFE) for phone in phones]
    assert sum(asked) == LIMITS.codes.most
    outcomes = [await desk.attempt("000000", phone, CAFE) for phone in phones]
    assert sum(isinstance(outcome, Unauthenticated) for outcome in outcomes) <= LIMITS.wrong_codes.most
    assert isinstance(outcomes[-1], RateLimited)
    assert outcomes[-1].message == "验证码错误次数过多，请稍后再试"
    assert isinstance(await desk.attempt("000000", phones[0], HOME), Unauthenticated)


async def test_who_is_known_at_an_address_does_not_suffer_from_neighbours(desk: Desk) -> None:
    await desk.log_in(address=CAFE)
    for number in range(LIMITS.wrong_codes.most + 1):
        await desk.attempt("000000", Phone(f"137{number:08}"), CAFE)
    desk.auth.clock.advance(MINUTE)
    assert isinstance(await desk.log_in(address=CAFE), PhoneLogin)


async def test_a_stranger_cannot_burn_the_code_of_who_asked_for_it(desk: Desk) -> None:
    assert await desk.ask(address=HOME)
    for _ in range(MOST_WRONG * 2):
        await desk.attempt(desk.wrong_code(), address=CAFE)
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE], address=CAFE), Unauthenticated)
    for _ in range(MOST_WRONG - MOST_WRONG_ELSEWHERE - 1):
        await desk.attempt(desk.wrong_code(), address=HOME)
    assert isinstance(await desk.attempt(desk.sender.codes[PHONE], address=HOME), PhoneLogin)


async def test_a_persistent_attacker_guesses_little_and_the_owner_still_logs_in(desk: Desk) -> None:
    await desk.log_in(address=HOME)
    days, compared, logins = 3, 0, 0
    crowd = [f"198.18.0.{number}" for number in range(1, 4)]
    for step in range(days * 16):
        desk.auth.clock.advance(DAY / 16)
        compared += await desk.attack(crowd[step % len(crowd)])
        if step % 8 == 5:
            desk.auth.clock.advance(MINUTE)
            await desk.log_in(address=HOME)
            logins += 1
    # A day begins with its first code, so that one more may begin than pass.
    bound = MOST_WRONG * STRANGERS_EACH_DAY.most * (days + 1)
    assert compared <= bound < MOST_WRONG * EACH_DAY.most * (days + 1)
    assert compared >= MOST_WRONG * STRANGERS_EACH_DAY.most * (days - 1), "the bound is not met by refusing everything"
    assert logins == days * 2


async def test_of_a_phone_without_a_user_strangers_learn_the_same(desk: Desk) -> None:
    await desk.log_in(PHONE, HOME)
    desk.auth.clock.advance(DAY)
    answers: dict[Phone, list[bool]] = {PHONE: [], OTHER: []}
    for phone in answers:
        for address in (CAFE, "198.18.0.1"):
            for _ in range(STRANGER_EACH_DAY.most + 1):
                desk.auth.clock.advance(MINUTE)
                answers[phone].append(await desk.ask(phone, address))
    assert answers[PHONE] == answers[OTHER]
    assert sum(answers[OTHER]) == STRANGERS_EACH_DAY.most


async def test_a_provider_in_trouble_is_not_asked_again_and_again(desk: Desk) -> None:
    desk.sender.refusal = sms_unavailable()
    with pytest.raises(Unavailable):
        await desk.ask()
    assert not await desk.ask()


async def test_what_is_no_phone(desk: Desk) -> None:
    for phone in ("", "1380013800", "138001380000", "03800138000", "1380013800a", "\uff113800138000"):
        with pytest.raises(Invalid, match="手机号格式不正确"):
            await desk.sending.send(phone, client_address=HOME)
        with pytest.raises(Invalid, match="手机号格式不正确"):
            await desk.logins.login(phone, "123456", client_address=HOME)


async def test_neither_numbers_nor_codes_can_be_read_in_the_database(desk: Desk) -> None:
    assert await desk.ask()
    tables = [select(table) for table in (PHONE_CODES, WRONG_PASSWORDS)]
    everything = await desk.auth.database.read(
        lambda connection: [str(row) for table in tables for row in connection.execute(table)]
    )
    assert everything
    assert not any(PHONE in row or f"'{desk.sender.codes[PHONE]}'" in row for row in everything)


async def test_what_is_over_is_swept(desk: Desk) -> None:
    assert await desk.ask()
    sweeper = Sweeper(desk.auth.units, desk.auth.clock, [forget_counts, forget_phone_codes])
    assert (await sweeper.step(), await rows(desk.auth, PHONE_CODES)) == (0, 1)
    desk.auth.clock.advance(CODE_LIFETIME.total_seconds())
    await sweeper.step()
    assert await rows(desk.auth, PHONE_CODES) == 0
    desk.auth.clock.advance(timedelta(days=1).total_seconds())
    await sweeper.step()
    assert await rows(desk.auth, WRONG_PASSWORDS) == 0
