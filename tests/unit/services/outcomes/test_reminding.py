"""Rapporteurs are reminded once each, also over a restart, and their addresses go with the end of the report."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.core.events.outcome_parts import ReportStage
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.outcomes.report import Report
from moothall.core.webhooks.hooks import BACKOFF, GIVE_UP_MS
from moothall.services.outcomes.reminding import (
    KEPT_MS,
    LOOK_MS,
    NAMESPACE,
    RapporteurAddress,
    RapporteurAddresses,
    Reminding,
)
from moothall.services.outcomes.sending import Letter
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock

DAY, HOUR = 86_400_000, 3_600_000
DUE = 1_000 * DAY + 18 * HOUR
BEFORE, ON_DAY = 997 * DAY + 8 * HOUR, 1_000 * DAY + 8 * HOUR
WATER, ANN = SessionId("water"), "l1"
ADDRESS = "ann@example.org"


class House:
    """A house with one report, and a mail server."""

    def __init__(self) -> None:
        self.clock, self.book = ManualClock(wall=990 * DAY), MemoryBook()
        self.report = Report(session=WATER, due=DUE, links=(ANN,))
        self.links = {ANN}
        self.failure = ""
        self.mailed: list[tuple[str, str]] = []
        self.meanwhile = False
        self.start()

    def start(self) -> None:
        """Begin with what is in the book, as after a restart."""
        self.addresses = RapporteurAddresses(book=self.book, clock=self.clock, most=2)
        self.reminding = Reminding(
            self.addresses,
            self,
            report_of=self.report_of,
            letter_of=self.letter_of,
            linked=lambda link: link in self.links,
            zone=lambda: UTC_ZONE,
            days=3,
            clock=self.clock,
        )

    async def report_of(self, _: SessionId) -> Report:
        return self.report

    async def letter_of(self, to: RapporteurAddress) -> Letter:
        return Letter(to.session, to.language)

    async def send(self, address: str, letter: Letter) -> str:
        self.mailed.append((address, letter.subject))
        if self.meanwhile:
            await self.addresses.assign(WATER, DUE, {ANN: "other@example.org"}, "fr")
        return self.failure

    async def restart(self) -> None:
        self.start()
        await self.addresses.load()

    async def look(self, at: int) -> int:
        """Look for what is due at a time; return how many letters were mailed."""
        before = len(self.mailed)
        self.clock.set_wall(at)
        await self.reminding.look()
        return len(self.mailed) - before

    @property
    def ann(self) -> RapporteurAddress:
        return self.addresses.of(WATER)[ANN]


async def house(address: str = ADDRESS) -> House:
    made = House()
    assert await made.addresses.assign(WATER, DUE, {ANN: address, "l2": ""}, "fr")
    return made


async def test_each_reminder_is_sent_once_also_over_a_restart() -> None:
    made = await house()
    assert await made.look(BEFORE - 1) == 0
    assert await made.look(BEFORE) == 1
    assert made.mailed == [(ADDRESS, WATER)]
    assert (made.ann.sent, made.ann.failed) == (BEFORE, None)
    await made.restart()
    assert await made.look(BEFORE + HOUR) == 0
    assert await made.look(ON_DAY) == 1
    await made.restart()
    # Assigned again with the same deadline and address: nothing begins anew.
    assert await made.addresses.assign(WATER, DUE, {ANN: ADDRESS}, "fr")
    assert await made.look(ON_DAY + HOUR) == 0
    # Another deadline does.
    assert await made.addresses.assign(WATER, DUE + DAY, {ANN: ADDRESS}, "fr")
    assert await made.look(ON_DAY + DAY) == 1


async def test_what_is_not_taken_is_sent_again_and_given_up_at_last() -> None:
    made = await house()
    made.failure = "The mail server answered 451."
    assert await made.look(ON_DAY) == 1
    assert (made.ann.failed, made.ann.failure) == (ON_DAY, made.failure)
    await made.restart()
    assert made.ann.waiting is not None
    assert made.ann.waiting.again > ON_DAY + BACKOFF.wait_ms(0) - 1
    assert await made.look(made.ann.waiting.again - 1) == 0
    assert await made.look(made.ann.waiting.again) == 1
    assert await made.look(ON_DAY + GIVE_UP_MS) == 1
    assert made.ann.waiting is None
    assert await made.look(ON_DAY + GIVE_UP_MS + DAY) == 0
    assert made.ann.failed == ON_DAY + GIVE_UP_MS


async def test_nobody_is_reminded_by_a_link_that_was_revoked_and_the_address_goes_at_once() -> None:
    made = await house()
    made.failure = "The mail server answered 451."
    await made.look(BEFORE)
    made.links = set()
    assert await made.look(BEFORE + 1) == 0
    assert made.addresses.all() == []
    assert await made.book.read(NAMESPACE) == {}
    assert await made.look(ON_DAY) == 0


async def test_a_failed_reminder_that_is_taken_later_says_so() -> None:
    made = await house()
    made.failure = "The mail server answered 451."
    await made.look(BEFORE)
    made.failure = ""
    assert await made.look(BEFORE + HOUR) == 1
    assert (made.ann.sent, made.ann.failed, made.ann.failure) == (BEFORE + HOUR, None, "")


async def test_nothing_is_mailed_that_the_book_could_not_take() -> None:
    """So a former keeper, whose entries the book refuses, mails nothing."""
    made = await house()
    made.book.full = True
    assert await made.look(BEFORE) == 0
    made.book.full = False
    assert await made.look(BEFORE) == 1


async def test_who_has_handed_it_in_is_not_reminded() -> None:
    made = await house()
    made.report = msgspec.structs.replace(made.report, stage=ReportStage.SUBMITTED)
    assert await made.look(BEFORE) == 0
    made.report = msgspec.structs.replace(made.report, stage=ReportStage.RETURNED)
    assert await made.look(BEFORE + HOUR) == 0
    assert await made.look(ON_DAY) == 1


@pytest.mark.parametrize("change", [{"stage": ReportStage.PUBLISHED}, {"links": ()}])
async def test_an_address_goes_with_the_report_s_end_or_the_assignment(change: dict[str, object]) -> None:
    made = await house()
    made.report = msgspec.structs.replace(made.report, **change)
    assert await made.look(BEFORE) == 0
    assert await made.book.read(NAMESPACE) == {}
    assert made.addresses.all() == []


async def test_addresses_are_kept_only_with_a_deadline_and_some_days_after_it() -> None:
    made = await house()
    assert await made.look(DUE + KEPT_MS) == 0
    assert await made.book.read(NAMESPACE) == {}
    assert await made.addresses.assign(WATER, None, {ANN: ADDRESS}, "en")
    assert made.addresses.all() == []
    assert await made.addresses.assign(WATER, DUE, {ANN: ADDRESS}, "en")
    await made.addresses.forget(WATER)
    assert await made.book.read(NAMESPACE) == {}


async def test_there_is_room_for_so_many() -> None:
    made = await house()
    assert not await made.addresses.assign(SessionId("land"), DUE, {ANN: ADDRESS, "l2": ADDRESS}, "en")
    assert [each.session for each in made.addresses.all()] == [WATER]


async def test_an_address_that_is_changed_while_a_letter_is_mailed_stays_changed() -> None:
    made = await house()
    made.meanwhile = True
    assert await made.look(BEFORE) == 1
    assert (made.ann.address, made.ann.sent) == ("other@example.org", None)


async def test_it_is_looked_again_and_again_while_the_book_may_fail() -> None:
    made = await house()
    running = asyncio.ensure_future(made.reminding.run())
    made.clock.set_wall(ON_DAY)
    made.book.full = True
    await made.clock.advance(LOOK_MS)
    assert made.mailed == []
    made.book.full = False
    await made.clock.advance(LOOK_MS)
    assert len(made.mailed) == 1
    running.cancel()
