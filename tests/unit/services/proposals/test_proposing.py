from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import ProposalsRefused, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.proposals.refining import Proposal
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter
from moothall.services.proposals import proposing
from moothall.services.proposals.proposing import DAY_MS, Proposals, ProposeOrder
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.sessions.deciding import FLOOR, commit, end, line_of, word

CAPTIONER = Actor(Role.CAPTIONER, "c1")
ENGINE = Actor(Role.ENGINE, "scripted")
EACH = 10_000
"""Ms from one line to the next."""


class Told:
    """A closed session of four lines ten seconds apart, and what is proposed for it."""

    def __init__(self, hall: MemoryHall, book: MemoryBook) -> None:
        self.hall = hall
        self.book = book
        self.proposals = self.restarted()
        self._done = 0

    def restarted(self, **bounds: int) -> Proposals:
        """What a server has that starts anew with the same book."""
        return Proposals(
            self.hall.sessions,
            log=self.hall.log,
            book=self.book,
            clock=self.hall.clock,
            randomness=SeededRandomness(),
            keep_days=30,
            **bounds,
        )

    @property
    def writer(self) -> SessionWriter:
        live = self.hall.sessions.loaded(SESSION)
        assert live is not None
        return live.writer

    @property
    def fates(self) -> str:
        return self.proposals.fates(self.writer)

    @property
    def run(self) -> str:
        kept = self.proposals.kept(SESSION)
        assert kept is not None
        return kept.run

    async def do(self, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        self._done += 1
        answer = await self.writer.send(by, CommandId(f"t{self._done}"), commands)
        assert isinstance(answer, Receipt), answer

    async def mend(self, name: str, text: str) -> None:
        line = line_of(self.writer.state, name)
        await self.do(
            do.CorrectSegment(
                channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=len(line.words), text=text
            ),
            by=CAPTIONER,
        )

    async def accept(self, *names: str) -> None:
        commands = self.proposals.accepting(self.writer, self.run, [SegmentId(name) for name in names])
        assert not isinstance(commands, Refusal)
        await self.do(*commands, by=CAPTIONER)

    async def leave(self, *names: str, left: bool = True) -> object:
        return await self.proposals.leave(self.writer, self.run, [SegmentId(name) for name in names], left=left)

    def order(self, *names: str, new: str = "Say {}.", through: int | None = None) -> ProposeOrder:
        lines = [line_of(self.writer.state, name) for name in names]
        found = tuple(
            Proposal(
                segment=line.id,
                channel=FLOOR,
                base_revision=line.revision,
                t0=line.t0,
                old=line.whole,
                new=new.format(line.id),
                stays=0.8,
                machine=True,
            )
            for line in lines
        )
        at = self.writer.offset if through is None else through
        return ProposeOrder(session=SESSION, model="better", through=at, proposals=found)


@asynccontextmanager
async def told_house(log: MemoryLog | None = None, book: MemoryBook | None = None) -> AsyncIterator[Told]:
    async with memory_hall(MemoryHall(log)) as hall:
        await hall.session()
        told = Told(hall, book or MemoryBook())
        await told.do(do.OpenSession(), do.AttachEngine(channel=FLOOR, model="scripted"))
        for n, name in enumerate("abcd"):
            t = EACH * n
            said = commit(name, 0, word("Say", t, t + 300), word(f" {name}!", t + 300, t + 600), start=t)
            await told.do(said, end(name, t + 600), by=ENGINE)
        await told.do(do.CloseSession())
        yield told


def story(act: Callable[[Told], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        async def run() -> None:
            async with told_house() as told:
                await act(told)

        loop.run(run())

    test.__name__ = act.__name__
    return test


@story
async def test_proposals_wait_and_stand_as_the_lines_do(told: Told) -> None:
    assert (told.fates, told.proposals.kept(SESSION), told.proposals.untouched(told.writer)) == ("", None, ())
    assert await told.proposals.keep(told.order("d", "a", "b", "c")) == 4
    assert told.fates == "wwww"
    await told.accept("a")
    await told.mend("b", "Said b.")
    assert await told.leave("c") == ("c",)
    assert told.fates == "aclw"
    assert told.proposals.untouched(told.writer) == ("d",)
    assert line_of(told.writer.state, "a").accepted
    # What is accepted, changed or left already can't be so once more.
    for names in (("a", "b"), ("x",), ()):
        commands = told.proposals.accepting(told.writer, told.run, [SegmentId(name) for name in names])
        assert isinstance(commands, Refusal)
        assert commands.code is RefusalCode.STALE
    assert isinstance(await told.leave("a", "b", "c"), Refusal)
    assert await told.leave("c", "d", left=False) == ("c",)
    assert told.fates == "acww"
    assert isinstance(told.proposals.accepting(told.writer, "another", [SegmentId("d")]), Refusal)


@story
async def test_what_is_kept_survives_a_restart(told: Told) -> None:
    await told.proposals.keep(told.order("a", "b"))
    await told.leave("b")
    before = told.proposals.kept(SESSION)
    told.proposals = told.restarted()
    await told.proposals.load()
    assert (told.proposals.kept(SESSION), told.fates) == (before, "wl")
    (held,) = told.order("a").proposals
    assert told.proposals.holds(SESSION, held)
    assert not told.proposals.holds(SESSION, msgspec.structs.replace(held, new="Mended by hand."))
    assert not told.proposals.holds(SessionId("other"), held)


@story
async def test_another_second_pass_takes_the_place_and_what_was_left_stays_left(told: Told) -> None:
    await told.proposals.keep(told.order("a", "b", "c"))
    await told.leave("a", "b")
    run = told.run
    other = told.order("a", new="Pray {}.").proposals
    found = msgspec.structs.replace(told.order("b", "c"), proposals=(*other, *told.order("b", "c").proposals))
    assert await told.proposals.keep(found) == 3
    assert told.run != run
    assert told.fates == "wlw"
    assert await told.proposals.keep(told.order()) == 0
    assert (told.proposals.kept(SESSION), await told.book.read(proposing.PROPOSED)) == (None, {})


@story
async def test_what_can_not_be_carried_out_is_not_kept_and_one_a_line_is(told: Told) -> None:
    found = told.order("a", "b", "c")
    await told.mend("b", "Said b.")
    twice = msgspec.structs.replace(found.proposals[0], new="Sang a.")
    assert await told.proposals.keep(msgspec.structs.replace(found, proposals=(*found.proposals, twice))) == 2
    kept = told.proposals.kept(SESSION)
    assert kept is not None
    assert [(each.segment, each.new) for each in kept.proposals] == [("a", "Say a."), ("c", "Say c.")]


@story
async def test_what_is_not_kept_is_said(told: Told) -> None:
    async def refused(order: ProposeOrder) -> str:
        with pytest.raises(ProposalsRefused) as said:
            await told.proposals.keep(order)
        return str(said.value)

    order = told.order("a")
    assert "no session 'other'" in await refused(msgspec.structs.replace(order, session=SessionId("other")))
    long = msgspec.structs.replace(order.proposals[0], new="x" * 10_001)
    assert "at most 10000 proposals, of 10000 characters" in await refused(
        msgspec.structs.replace(order, proposals=(long,))
    )
    many = order.proposals * (proposing.MOST + 1)
    assert "at most 10000 proposals" in await refused(msgspec.structs.replace(order, proposals=many))
    await told.do(do.ReopenSession())
    assert "is open: proposals wait until it is closed" in await refused(order)


@story
async def test_there_are_bounds_for_a_session_and_for_all(told: Told) -> None:
    await told.proposals.keep(told.order("a", "b"))
    (body,) = (await told.book.read(proposing.PROPOSED)).values()
    told.proposals = told.restarted(most_in_all=len(body))
    await told.proposals.load()
    with pytest.raises(ProposalsRefused, match=f"and all sessions together {len(body)};"):
        await told.proposals.keep(told.order("a", "b", "c"))
    assert told.fates == "ww"
    assert await told.proposals.keep(told.order("a")) == 1  # What it takes the place of doesn't count.
    told.proposals = told.restarted(most_bytes=100)
    with pytest.raises(ProposalsRefused, match="A session may have 100 and"):
        await told.proposals.keep(told.order("a"))


@story
async def test_a_full_disk_changes_nothing(told: Told) -> None:
    await told.proposals.keep(told.order("a", "b"))
    told.book.full = True
    for act in (
        told.leave("a"),
        told.proposals.keep(told.order("a")),
        told.proposals.forget(SESSION),
        told.proposals.forget_spoken(SESSION, [(FLOOR, 0, 300)]),
    ):
        with pytest.raises(StorageUnavailable):
            await act
    assert told.fates == "ww"


@story
async def test_removed_words_leave_the_proposals_of_lines_nearby_too(told: Told) -> None:
    await told.proposals.keep(told.order("a", "b", "c", "d"))
    await told.leave("c", "d")
    # A word that was said 4.4 s before `b` begins may have been given to it.
    await told.proposals.forget_spoken(SESSION, [(FLOOR, 5_600, 5_700), (ChannelId("fr"), 0, 100_000)])
    kept = told.proposals.kept(SESSION)
    assert kept is not None
    assert [each.segment for each in kept.proposals] == ["a", "c", "d"]
    await told.proposals.forget_spoken(SESSION, [(FLOOR, 30_000, 30_600)])
    assert told.fates == "wl"
    told.proposals = told.restarted()
    await told.proposals.load()
    assert told.fates == "wl"
    removed = await told.writer.remove(Actor(Role.TECHNICIAN, "t"), CommandId("r"), Lines((SegmentId("c"),)))
    assert isinstance(removed, Receipt)
    assert told.fates == "wg"
    await told.proposals.forget_spoken(SESSION, [(FLOOR, 90_000, 90_100)])  # what isn't there any more goes
    assert told.fates == "w"
    await told.proposals.forget_spoken(SESSION, [(FLOOR, 0, 100)])
    assert told.proposals.kept(SESSION) is None
    await told.proposals.forget_spoken(SESSION, [(FLOOR, 0, 100)])


@story
async def test_what_was_heard_before_words_were_removed_is_not_taken(told: Told) -> None:
    before = told.order("a", "b")
    await told.proposals.forget_spoken(SESSION, [(FLOOR, 30_000, 30_600)])
    with pytest.raises(ProposalsRefused, match="Words were removed from the session meanwhile"):
        await told.proposals.keep(before)  # They are about to leave the log.
    removed = await told.writer.remove(Actor(Role.TECHNICIAN, "t"), CommandId("r"), Lines((SegmentId("d"),)))
    assert isinstance(removed, Receipt)
    told.proposals = told.restarted()
    with pytest.raises(ProposalsRefused, match="Run it once more"):
        await told.proposals.keep(before)
    assert await told.proposals.keep(told.order("a", "b")) == 2


@story
async def test_a_session_that_is_not_loaded_loses_all_that_may_hold_the_words(told: Told) -> None:
    await told.proposals.keep(told.order("a"))
    other = told.restarted()
    await other.load()
    async with memory_hall() as empty:
        elsewhere = Proposals(
            empty.sessions,
            log=empty.log,
            book=told.book,
            clock=empty.clock,
            randomness=SeededRandomness(),
            keep_days=30,
        )
        await elsewhere.load()
        await elsewhere.forget_spoken(SESSION, [(FLOOR, 90_000, 91_000)])
        assert elsewhere.kept(SESSION) is None


@story
async def test_what_nobody_decides_on_goes_after_some_weeks(told: Told) -> None:
    await told.proposals.keep(told.order("a"))
    assert told.hall.group is not None
    sweeping = told.hall.group.create_task(told.proposals.run())
    await told.hall.clock.sleep(29 * DAY_MS)
    assert told.proposals.kept(SESSION) is not None
    await told.hall.clock.sleep(DAY_MS + 2 * proposing.SWEEP_MS)
    assert told.proposals.kept(SESSION) is None
    sweeping.cancel()
