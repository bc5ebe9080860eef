from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry
from moothall.core.programme.access_needs import AT_MOST_MS, DAY_MS, KEEP_MS, MOST_NEEDS, AccessNeed
from moothall.services.programme.access_needs import (
    LOOK_MS,
    MOST_ADDRESSES,
    NAMESPACE,
    SHARE,
    AccessNeeds,
    RejectedNeed,
)
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from support.memory.programme import HOUR, ProgrammeHouse, programme_house

NEED = AccessNeed(id="", at=0, text="A seat in front")
A = SessionId("a")


def needs_of(house: ProgrammeHouse, clock: ManualClock, most: int = MOST_NEEDS) -> AccessNeeds:
    randomness = SeededRandomness(3)
    return AccessNeeds(book=house.book, programme=house.programme, clock=clock, randomness=randomness, most=most)


@asynccontextmanager
async def a_house() -> AsyncIterator[tuple[ProgrammeHouse, AccessNeeds, ManualClock]]:
    """With a clock of its own: that of the house would wake it for each second of a year."""
    async with programme_house() as house:
        clock = ManualClock()
        yield house, needs_of(house, clock), clock


def about(**fields: object) -> AccessNeed:
    return AccessNeed(**{"id": "", "at": 0, "text": "A seat in front", **fields})  # type: ignore[arg-type]


def test_a_need_is_there_after_a_restart_and_the_same_form_is_taken_once() -> None:
    async def story() -> None:
        async with a_house() as (house, needs, clock):
            assert await needs.tell(NEED, "form", "192.0.2.1") is None
            assert await needs.tell(about(text="Something else"), "form", "192.0.2.1") is None
            later = needs_of(house, clock)
            await later.load()
            assert later.all() == needs.all()
            (kept,) = later.all()
            assert (kept.text, kept.at, later.open()) == ("A seat in front", clock.wall(), 1)
            assert await later.deal_with(kept.id, dealt_with=True)
            assert (later.open(), later.all()[0].dealt_with) == (0, True)
            assert await later.delete(kept.id)
            assert (later.all(), await house.book.read(NAMESPACE)) == ((), {})
            assert not await later.delete(kept.id)
            assert not await later.deal_with(kept.id, dealt_with=True)

    loop.run(story())


class SlowBook(MemoryBook):
    """A book whose writes take a moment, in which others go on."""

    async def write(self, entries: Sequence[BookEntry]) -> None:
        await asyncio.sleep(0)
        await super().write(entries)


def test_a_form_that_is_sent_twice_at_once_counts_once_for_its_address() -> None:
    async def story() -> None:
        async with programme_house() as house:
            house.book = SlowBook()
            needs = needs_of(house, ManualClock())
            for number in range(SHARE):
                twice = (needs.tell(NEED, f"form {number}", "192.0.2.1") for _ in range(2))
                assert await asyncio.gather(*twice) == [None, None]
            assert len(needs.all()) == SHARE

    loop.run(story())


def test_forms_that_come_at_once_do_not_exceed_the_bound() -> None:
    async def story() -> None:
        async with programme_house() as house:
            house.book = SlowBook()
            needs = needs_of(house, ManualClock(), most=1)
            both = await asyncio.gather(*(needs.tell(NEED, f"form {n}", f"192.0.2.{n}") for n in range(2)))
            assert (both, len(needs.all())) == ([None, RejectedNeed.FULL], 1)

    loop.run(story())


def test_a_need_that_is_deleted_does_not_come_back_as_dealt_with() -> None:
    async def story() -> None:
        async with programme_house() as house:
            house.book = SlowBook()
            needs = needs_of(house, ManualClock())
            await needs.tell(NEED, "form", "192.0.2.1")
            (kept,) = needs.all()
            deleted, marked = await asyncio.gather(needs.delete(kept.id), needs.deal_with(kept.id, dealt_with=True))
            assert (deleted, marked) == (True, False)
            assert (needs.all(), await house.book.read(NAMESPACE)) == ((), {})

    loop.run(story())


@pytest.mark.parametrize(
    ("need", "why"),
    [
        (about(text=""), RejectedNeed.TEXT),
        (about(text="x" * 2_001), RejectedNeed.TEXT),
        (about(name="x" * 101), RejectedNeed.NAME),
        (about(reach="x" * 201), RejectedNeed.REACH),
    ],
)
def test_what_does_not_fit_is_not_kept(need: AccessNeed, why: RejectedNeed) -> None:
    async def story() -> None:
        async with a_house() as (house, needs, _clock):
            assert await needs.tell(need, "form", "") is why
            assert await house.book.read(NAMESPACE) == {}

    loop.run(story())


def test_one_address_takes_its_share_and_keeps_nobody_else_out() -> None:
    async def story() -> None:
        async with a_house() as (_, needs, _clock):
            for number in range(SHARE):
                assert await needs.tell(NEED, f"form {number}", "2001:db8:1:1::/64") is None
            assert await needs.tell(NEED, "one more", "2001:db8:1:2::/64") is RejectedNeed.FULL
            assert await needs.tell(NEED, "another", "192.0.2.7") is None

    loop.run(story())


def test_all_together_are_bounded() -> None:
    async def story() -> None:
        async with programme_house() as house:
            needs = needs_of(house, ManualClock(), most=3)
            for number in range(3):
                assert await needs.tell(NEED, f"form {number}", f"192.0.2.{number}") is None
            assert await needs.tell(NEED, "one more", "192.0.2.9") is RejectedNeed.FULL
            assert len(needs.all()) == 3

    loop.run(story())
    assert MOST_NEEDS == 2_000


def test_the_address_that_has_sent_nothing_for_longest_is_forgotten() -> None:
    async def story() -> None:
        async with a_house() as (_, needs, _clock):
            for number in range(SHARE):
                assert await needs.tell(NEED, f"form {number}", "192.0.2.1") is None
            assert await needs.tell(NEED, "too many", "192.0.2.1") is RejectedNeed.FULL
            for number in range(MOST_ADDRESSES):
                assert await needs.tell(NEED, f"other {number}", f"10.0.{number // 250}.{number % 250}") is None
            assert await needs.tell(NEED, "again", "192.0.2.1") is None

    loop.run(story())


def test_each_goes_a_week_after_what_it_is_about() -> None:
    async def story() -> None:
        async with a_house() as (house, needs, clock):
            await house.plan("a", 2 * DAY_MS)
            await house.plan("z", 30 * DAY_MS)
            await house.plan("never", None)
            zone = house.programme.zone()
            day = zone.at(clock.wall() + DAY_MS).date().isoformat()
            told = {
                "a": about(session=A),
                "day": about(day=day),
                "all": about(),
                "never": about(session=SessionId("never")),
            }
            for name, need in told.items():
                assert await needs.tell(need, name, "") is None
            left = []
            for wait in (9 * DAY_MS, 2 * HOUR, 30 * DAY_MS):
                await clock.advance(wait)
                await needs.sweep()
                left.append(len(needs.all()))
            assert left == [3, 2, 0]
            assert await house.book.read(NAMESPACE) == {}

    loop.run(story())


def test_without_any_plan_it_goes_at_the_latest_day() -> None:
    async def story() -> None:
        async with a_house() as (_house, needs, clock):
            await needs.tell(about(session=SessionId("unknown")), "form", "")
            await clock.advance(AT_MOST_MS - 1)
            await needs.sweep()
            assert len(needs.all()) == 1
            await clock.advance(1)
            await needs.sweep()
            assert needs.all() == ()

    loop.run(story())


def test_it_is_looked_each_hour_and_no_word_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with a_house() as (house, needs, clock):
            await house.plan("a", 0)
            await needs.tell(about(session=A, name="Ana Secret", reach="ana@secret.example"), "form", "192.0.2.1")
            running = asyncio.ensure_future(needs.run())
            await clock.advance(LOOK_MS)
            house.book.full = True
            await clock.advance(HOUR + KEEP_MS)
            house.book.full = False
            await clock.advance(LOOK_MS)
            running.cancel()
            assert needs.all() == ()

    with caplog.at_level(logging.DEBUG):
        loop.run(story())
    assert "1 deleted" in caplog.text
    assert "the store can't be reached" in caplog.text
    assert not [word for word in ("Secret", "secret", "192.0.2", "seat") if word in caplog.text]
