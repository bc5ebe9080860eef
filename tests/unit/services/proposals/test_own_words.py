"""Speakers' private links to their own words, on a loop whose time jumps: windows, proposals, decisions and removal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SegmentId, SpeakerId
from moothall.core.proposals.own_words import DAY_MS, KEPT_MS, MOST_WAITING, OwnFate, OwnProposal, SpeakerLink
from moothall.core.removal.selection import Lines
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.removal import remove
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter
from moothall.services.proposals import own_words
from moothall.services.proposals.own_words import NAMESPACE, OwnWords
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.sessions.deciding import FLOOR, commit, end, line_of, word

ANA, BO, NOBODY = SpeakerId("ana"), SpeakerId("bo"), SpeakerId("nobody")
CAPTIONER, TECHNICIAN = Actor(Role.CAPTIONER, "c1"), Actor(Role.TECHNICIAN, "t1")
ENGINE = Actor(Role.ENGINE, "scripted")
A, B, C = (SegmentId(name) for name in "abc")
EACH = 10_000
"""Ms from one line to the next."""


class Spoken:
    """A closed session with two lines of Ana's and one of Bo's between them."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.book = MemoryBook()
        self.own = self.restarted()
        self._done = 0

    def restarted(self) -> OwnWords:
        """What a server has that starts anew, or another node that keeps the house, with the same book."""
        return OwnWords(self.hall.sessions, book=self.book, clock=self.hall.clock, randomness=SeededRandomness(7))

    @property
    def writer(self) -> SessionWriter:
        live = self.hall.sessions.loaded(SESSION)
        assert live is not None
        return live.writer

    @property
    def now(self) -> int:
        return self.hall.clock.wall()

    def text(self, name: SegmentId) -> str:
        return line_of(self.writer.state, name).whole

    async def do(self, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        self._done += 1
        answer = await self.writer.send(by, CommandId(f"s{self._done}"), commands)
        assert isinstance(answer, Receipt), answer

    async def mend(self, name: SegmentId, text: str) -> None:
        line = line_of(self.writer.state, name)
        await self.do(
            do.CorrectSegment(
                channel=FLOOR, segment=name, base_revision=line.revision, base_words=len(line.words), text=text
            ),
            by=CAPTIONER,
        )

    async def link(self, speaker: SpeakerId = ANA, days: int = 14) -> SpeakerLink:
        secret = await self.own.make(self.writer.state, speaker, self.now + days * DAY_MS)
        assert isinstance(secret, str), secret
        proof = self.own.opened(SESSION, secret)
        assert proof is not None
        assert secret not in proof
        link = self.own.of_proof(SESSION, proof)
        assert link is not None
        return link

    async def proposed(self, link: SpeakerLink, name: SegmentId, text: str) -> OwnProposal:
        line = line_of(self.writer.state, name)
        assert await self.own.propose(link, name, line.revision, text) is None
        (found,) = [each for _, each in self.own.waiting(SESSION) if each.segment == name]
        return found

    def proposal(self, name: SegmentId) -> OwnProposal:
        (link,) = self.own.of(SESSION)
        found = link.newest(name)
        assert found is not None
        return found

    async def erase(self, *names: SegmentId) -> object:
        copies = OtherLogs(self.hall.log, self._find)
        return await remove(
            self.writer, TECHNICIAN, CommandId("erase"), Lines(names), copies=copies, forget=self.own.forget_lines
        )

    async def _find(self, _: object) -> SessionWriter:
        return self.writer

    async def events(self, kind: type[ev.AnyEvent]) -> list[Any]:
        return [event for event in await self.hall.events(SESSION) if isinstance(event, kind)]


@asynccontextmanager
async def spoken(*, young_people: bool = False) -> AsyncIterator[Spoken]:
    async with memory_hall(MemoryHall()) as hall:
        await hall.session(young_people=young_people)
        told = Spoken(hall)
        await told.do(do.OpenSession(), do.AttachEngine(channel=FLOOR, model="scripted"))
        for speaker, name in ((ANA, "Ana"), (BO, "Bo"), (NOBODY, " ")):
            await told.do(do.IntroduceSpeaker(speaker=speaker, name=name))
        for n, (name, speaker) in enumerate(((A, ANA), (B, BO), (C, ANA))):
            t = EACH * n
            said = commit(name, 0, word("We", t, t + 300), word(f" where {name}.", t + 300, t + 600), start=t)
            await told.do(said, end(name, t + 600), by=ENGINE)
            await told.do(do.AssignSpeaker(segments=(name,), speaker=speaker))
        await told.do(do.CloseSession())
        await hall.clock.sleep(60_000)
        yield told


def story(act: Callable[[Spoken], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        async def run() -> None:
            async with spoken() as told:
                await act(told)

        loop.run(run())

    test.__name__ = act.__name__
    return test


def code(answer: object) -> RefusalCode:
    assert isinstance(answer, Refusal), answer
    return answer.code


@story
async def test_a_link_opens_for_its_secret_until_it_is_replaced_or_revoked(told: Spoken) -> None:
    first = await told.link()
    assert told.own.opened(SESSION, "guess") is None
    assert told.own.of_proof(SESSION, "guess") is None
    assert "digest" in (await told.book.read(NAMESPACE))["s/ana"].decode()
    await told.proposed(first, A, "We were a.")
    second = await told.link()
    assert (second.id, second.proposals) == (first.id, told.own.of(SESSION)[0].proposals), "its proposals stay"
    assert told.own.of_proof(SESSION, first.proof) is None
    assert code(await told.own.propose(first, C, 0, "We were c.")) is RefusalCode.FORBIDDEN
    await told.own.revoke(SESSION, ANA)
    await told.own.revoke(SESSION, BO)
    assert told.own.of_proof(SESSION, second.proof) is None
    assert told.own.of_proof(SESSION, "") is None, "a revoked link has no proof, and nobody else has it"
    assert [each.text for _, each in told.own.waiting(SESSION)] == ["We were a."]


@story
async def test_only_named_speakers_get_a_link_and_only_for_some_weeks(told: Spoken) -> None:
    for speaker in (NOBODY, SpeakerId("stranger")):
        answer = await told.own.make(told.writer.state, speaker, told.now + DAY_MS)
        assert code(answer) is RefusalCode.FORBIDDEN
    for until in (told.now, told.now + KEPT_MS + DAY_MS + 1):
        assert code(await told.own.make(told.writer.state, ANA, until)) is RefusalCode.INVALID
    assert told.own.of(SESSION) == []


def test_nobody_gets_a_link_where_young_people_take_part() -> None:
    async def run() -> None:
        async with spoken(young_people=True) as told:
            answer = await told.own.make(told.writer.state, ANA, told.now + DAY_MS)
            assert code(answer) is RefusalCode.FORBIDDEN

    loop.run(run())


@story
async def test_what_is_accepted_is_the_checkers_correction_and_says_whose_words_they_are(told: Spoken) -> None:
    link = await told.link()
    proposal = await told.proposed(link, A, "We were a.")
    assert (told.text(A), proposal.was, proposal.fate) == ("We where a.", "We where a.", OwnFate.WAITING)
    done = await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 0)
    assert isinstance(done, OwnProposal)
    assert (done.fate, done.role, done.decided) == (OwnFate.ACCEPTED, Role.CAPTIONER, told.now)
    (corrected,) = await told.events(le.SegmentCorrected)
    assert (corrected.text, corrected.proposed, corrected.machine) == ("We were a.", True, False)
    record = (await told.hall.log.read(SESSION, told.writer.offset - 1, 1))[0]
    assert (record.header.role, record.header.actor) == (Role.CAPTIONER, "c1")
    # The second of two who decide at once is told so.
    assert code(await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 1)) is RefusalCode.STALE
    assert code(await told.own.decline(SESSION, CAPTIONER, link.id, proposal.id, "No.")) is RefusalCode.STALE
    assert code(await told.own.take_back(link, proposal.id)) is RefusalCode.STALE


@story
async def test_a_refusal_is_in_the_log_only_once_the_speaker_wishes(told: Spoken) -> None:
    link = await told.link()
    proposal = await told.proposed(link, A, "We meant a.")
    for reason in ("", "x" * 501):
        answer = await told.own.decline(SESSION, CAPTIONER, link.id, proposal.id, reason)
        assert code(answer) is RefusalCode.INVALID
    assert code(await told.own.publish(link, proposal.id)) is RefusalCode.STALE, "it waits"
    before = told.writer.offset
    assert isinstance(await told.own.decline(SESSION, CAPTIONER, link.id, proposal.id, "Not said."), OwnProposal)
    decided = told.now
    assert told.writer.offset == before
    assert await told.own.publish(link, proposal.id) is None
    assert await told.own.publish(link, proposal.id) is None, "the same wish once more"
    (declined,) = await told.events(le.ProposalDeclined)
    assert declined == le.ProposalDeclined(
        channel=FLOOR, segment=A, text="We meant a.", reason="Not said.", by=Role.CAPTIONER, at=decided
    )
    assert told.proposal(A).public
    assert told.text(A) == "We where a."
    # The speaker may propose again; what was declined stays beside it.
    again = await told.proposed(link, A, "We were a.")
    assert [each.fate for each in told.own.of(SESSION)[0].proposals] == [OwnFate.DECLINED, OwnFate.WAITING]
    assert await told.own.take_back(link, again.id) is None
    assert told.own.waiting(SESSION) == []


@story
async def test_nothing_is_proposed_for_words_of_others_or_from_an_older_state(told: Spoken) -> None:
    link = await told.link()
    for name in (B, SegmentId("nothing")):
        assert code(await told.own.propose(link, name, 0, "We were.")) is RefusalCode.UNKNOWN
    for text in ("", "We where a.", "x" * 1_012):
        assert code(await told.own.propose(link, A, 0, text)) is RefusalCode.INVALID
    await told.mend(A, "We were an A.")
    assert code(await told.own.propose(link, A, 0, "We were a.")) is RefusalCode.STALE
    # From two windows at once: the last one waits, alone.
    await told.proposed(link, A, "We were one A.")
    assert await told.own.propose(link, A, 1, "We were two As.") is None
    assert [each.text for _, each in told.own.waiting(SESSION)] == ["We were two As."]


@story
async def test_a_line_that_was_mended_meanwhile_is_looked_at_once_more(told: Spoken) -> None:
    link = await told.link()
    proposal = await told.proposed(link, A, "We were a.")
    await told.mend(A, "We wear a.")
    assert code(await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 0)) is RefusalCode.STALE
    assert isinstance(await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 1), OwnProposal)
    assert told.text(A) == "We were a."
    # Somebody else's by now, or struck.
    proposal = await told.proposed(link, C, "We were c.")
    await told.do(do.AssignSpeaker(segments=(C,), speaker=BO))
    assert code(await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 0)) is RefusalCode.CONFLICT
    assert isinstance(await told.own.decline(SESSION, CAPTIONER, link.id, proposal.id, "Bo said it."), OwnProposal)
    await told.do(do.AssignSpeaker(segments=(C,), speaker=ANA))
    assert code(await told.own.accept(SESSION, CAPTIONER, "nobody", proposal.id, 0)) is RefusalCode.STALE


@story
async def test_the_window_begins_with_the_close_and_ends_at_its_day(told: Spoken) -> None:
    link = await told.link(days=1)
    await told.do(do.ReopenSession())
    assert code(await told.own.propose(link, A, 0, "We were a.")) is RefusalCode.CONFLICT
    await told.do(do.CloseSession())
    proposal = await told.proposed(link, A, "We were a.")
    await told.hall.clock.sleep(DAY_MS)
    assert code(await told.own.propose(link, C, 0, "We were c.")) is RefusalCode.CONFLICT
    # What waits can still be decided on and taken back, and decisions read.
    assert isinstance(await told.own.decline(SESSION, CAPTIONER, link.id, proposal.id, "Late."), OwnProposal)
    assert told.own.of_proof(SESSION, link.proof) is not None


@story
async def test_what_is_removed_from_the_record_is_in_no_proposal(told: Spoken) -> None:
    link = await told.link()
    for name in (A, C):
        await told.proposed(link, name, f"We were hidden {name}.")
    await told.own.decline(SESSION, CAPTIONER, link.id, told.proposal(A).id, "Not said: hidden.")
    await told.own.publish(link, told.proposal(A).id)
    assert isinstance(await told.erase(A), Receipt)
    assert told.proposal(A).fate is OwnFate.ERASED
    assert told.proposal(C).fate is OwnFate.WAITING, "it was said far from there"
    (body,) = (await told.book.read(NAMESPACE)).values()
    assert b"hidden a" not in body
    assert b"Not said" not in body
    bodies = [record.body or b"" for record in await told.hall.log.read(SESSION, 0, 1_000)]
    assert not any(b"hidden a" in each for each in bodies)
    assert code(await told.own.propose(link, A, 0, "We were hidden a.")) is RefusalCode.UNKNOWN
    assert code(await told.own.publish(link, told.proposal(A).id)) is RefusalCode.STALE


@story
async def test_nothing_is_proposed_while_words_are_being_removed(told: Spoken) -> None:
    link = await told.link()
    await told.own.forget_lines(told.writer, (A,))
    assert code(await told.own.propose(link, A, 0, "We were a.")) is RefusalCode.UNAVAILABLE
    await told.hall.clock.sleep(own_words.REMOVING_MS)
    assert await told.own.propose(link, A, 0, "We were a.") is None, "that removal was refused, or failed"


@story
async def test_a_restart_or_another_node_loses_nothing_and_does_nothing_twice(told: Spoken) -> None:
    link = await told.link()
    proposal = await told.proposed(link, A, "We were a.")
    told.book.full = True
    with pytest.raises(StorageUnavailable):
        await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 0)
    told.book.full = False
    told.own = told.restarted()
    await told.own.load()
    assert [each.fate for _, each in told.own.waiting(SESSION)] == [OwnFate.WAITING]
    assert isinstance(await told.own.accept(SESSION, CAPTIONER, link.id, proposal.id, 1), OwnProposal)
    assert len(await told.events(le.SegmentCorrected)) == 1
    assert told.own.of_proof(SESSION, link.proof) is not None


@story
async def test_links_and_proposals_are_deleted_90_days_after_the_close(told: Spoken) -> None:
    closed: int | None = told.now

    async def closed_at(_: object) -> int | None:
        return closed

    told.own.clock = clock = ManualClock(told.now)
    told.own.end_with(closed_at)
    link = await told.link()
    await told.proposed(link, A, "We were a.")
    clock.set_wall(told.now + KEPT_MS - 1)
    await told.own.sweep()
    assert len(told.own.of(SESSION)) == 1
    closed = None
    clock.set_wall(told.now + KEPT_MS)
    await told.own.sweep()
    assert len(told.own.of(SESSION)) == 1, "the session isn't closed: from the end of the window on"
    closed = 0
    told.book.full = True
    await told.own.sweep()
    assert len(told.own.of(SESSION)) == 1
    told.book.full = False
    await told.own.sweep()
    assert told.own.of(SESSION) == []
    assert await told.book.read(NAMESPACE) == {}
    clock.set_wall(told.now)
    await told.link()
    await told.own.forget(SESSION)
    assert await told.book.read(NAMESPACE) == {}


@story
async def test_there_are_bounds(told: Spoken) -> None:
    link = await told.link()
    for n in range(MOST_WAITING):
        proposal = await told.proposed(link, A, f"We were {n}.")
        await told.own.decline(SESSION, CAPTIONER, link.id, proposal.id, "No.")
    assert code(await told.own.propose(link, A, 0, "We were too many.")) is RefusalCode.FORBIDDEN
    told.own._links |= dict.fromkeys(((SESSION, SpeakerId(str(n))) for n in range(own_words.MOST_LINKS)), link)
    assert code(await told.own.make(told.writer.state, BO, told.now + DAY_MS)) is RefusalCode.BUSY
