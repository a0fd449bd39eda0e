"""`voxreel dlq`: events that a consumer gave up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from cli.options import data_dir_option
from cli.stack.broker import broker_url
from cli.stack.data_dir import DataDir
from cli.stack.names import BROKER
from cli.stack.state import read_state
from kit.events.bus import BusUnavailable
from kit.events.dead_letters import DeadLetter, DeadLetters, NoSuchLetter
from kit.events.nats_session import NatsSession

_PAGE = 100

_url_option = click.option(
    "--nats-url",
    envvar="VOXREEL_NATS_URL",
    help="The broker; that of the stack that runs on the data directory when not given.",
)
_numbers_argument = click.argument("numbers", nargs=-1, type=click.IntRange(min=1))
_all_option = click.option("--all", "is_all", is_flag=True, help="Every one there is.")

Act = Callable[[DeadLetters, int], Awaitable[DeadLetter]]


@click.group("dlq")
def command() -> None:
    """Look at events that a consumer gave up, and give them to it again or forget them."""


@command.command("list")
@data_dir_option
@_url_option
@click.option("--limit", type=click.IntRange(min=1, max=10_000), default=_PAGE, show_default=True)
def show(data_dir: Path, nats_url: str | None, limit: int) -> None:
    """List them, oldest first."""

    async def show_all() -> None:
        async with _letters(data_dir, nats_url) as letters:
            found = await letters.page(limit=limit)
        for letter in found:
            click.echo(_line(letter))
        click.echo(f"{len(found)} dead letters" + (" or more" if len(found) == limit else ""))

    _run(show_all())


@command.command("retry")
@data_dir_option
@_url_option
@_numbers_argument
@_all_option
def retry(data_dir: Path, nats_url: str | None, numbers: Sequence[int], *, is_all: bool) -> None:
    """Give events once more to the consumer that gave them up; others do not see them."""
    _run(_act(data_dir, nats_url, numbers, is_all=is_all, act=DeadLetters.retry, done="given again"))


@command.command("drop")
@data_dir_option
@_url_option
@_numbers_argument
@_all_option
def drop(data_dir: Path, nats_url: str | None, numbers: Sequence[int], *, is_all: bool) -> None:
    """Forget events. What they would have changed stays unchanged."""
    _run(_act(data_dir, nats_url, numbers, is_all=is_all, act=DeadLetters.drop, done="dropped"))


async def _act(
    data_dir: Path, nats_url: str | None, numbers: Sequence[int], *, is_all: bool, act: Act, done: str
) -> None:
    if bool(numbers) == is_all:
        raise click.UsageError("give numbers, or --all")
    async with _letters(data_dir, nats_url) as letters:
        wanted = [number async for number in _numbers_of(letters)] if is_all else list(numbers)
        for number in wanted:
            try:
                click.echo(f"{done}: {_line(await act(letters, number))}")
            except NoSuchLetter:
                raise click.ClickException(f"there is no dead letter {number}") from None


async def _numbers_of(letters: DeadLetters) -> AsyncIterator[int]:
    """Those that are there now: what comes back meanwhile has a higher number and is left alone."""
    found = await letters.page(limit=_PAGE)
    while found:
        for letter in found:
            yield letter.number
        found = await letters.page(limit=_PAGE, after=found[-1].number)


@asynccontextmanager
async def _letters(data_dir: Path, nats_url: str | None) -> AsyncIterator[DeadLetters]:
    session = await NatsSession.connect((nats_url or _own_broker(data_dir)).split(","), name="voxreel dlq")
    try:
        yield DeadLetters(session)
    finally:
        await session.close()


def _own_broker(data_dir: Path) -> str:
    folder = DataDir(data_dir.absolute())
    state = read_state(folder.state_file)
    if state is None:
        raise click.ClickException(f"no stack is running on {folder.root}; give --nats-url for another broker")
    return broker_url(folder, int(state.components[BROKER].address.rpartition(":")[2]))


def _line(letter: DeadLetter) -> str:
    buried = letter.buried_time.isoformat(timespec="seconds") if letter.buried_time else "-"
    columns = (f"{letter.number:6}", buried, letter.consumer, letter.event_type or "(no event)", letter.event_id)
    return "  ".join((*columns, letter.cause or "-"))


def _run(work: Awaitable[None]) -> None:
    async def run() -> None:
        await work

    try:
        asyncio.run(run())
    except BusUnavailable as error:
        # The cause, not the address: that holds the broker's token.
        raise click.ClickException(f"the broker cannot be reached: {error}") from None
