"""What is due is listed, and then removed, over days that a test lets pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial, wraps
from typing import Any

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import PublishedSection, TranslatedText
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, StorageUnavailable
from moothall.core.kernel.ids import (
    CommandId,
    InterventionId,
    NoteId,
    PolicyQuestionId,
    PollId,
    SegmentId,
    SessionId,
    SpeakerId,
)
from moothall.core.outcomes import commands as oc
from moothall.core.ports import LogHead
from moothall.core.programme.plan import Planned
from moothall.core.retention.periods import DAY_MS, DEFAULTS, FOR_EVER, KeptKind
from moothall.record.verify import RecordVerdict, verify
from moothall.services.retention.retention import LOOK_MS, Retention
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.sessions import Sessions
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LONG_AGO, ManualClock, SeededRandomness
from moothall.testing.log_memory import FailingLog
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.sessions.questions import ask, stand

SECRETS = b"kumquat", b"by-held", b"by-shown", b"tamarind", b"arrived"
AS_TEXT = b"rhubarb", b"Ana Souza", b"edited", b"Shall we pickle", b"voice.agreed"
OFFICE = Actor(Role.SECRETARIAT, "office")


async def nothing() -> None:
    """What happens where nothing does."""


class HouseLog(FailingLog):
    """A log during whose next look something else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], Awaitable[None]] = nothing

    async def head(self, session: SessionId) -> LogHead | None:
        happens, self.meanwhile = self.meanwhile, nothing
        await happens()
        return await super().head(session)


class House:
    """A server's sessions and what keeps them, whose time a test moves."""

    def __init__(self, clock: ManualClock, log: HouseLog, book: MemoryBook, hall: MemoryHall) -> None:
        self.clock = clock
        self.log = log
        self.book = book
        self.hall = hall
        self.links = RoleLinks(book=book, clock=clock, randomness=SeededRandomness())
        self.plans: dict[SessionId, Planned] = {}
        self.recorded: list[SessionId] = []
        self.forgotten: list[SessionId] = []
        self.meanwhile: Callable[[], Awaitable[None]] = nothing
        """Happens while the text is removed."""
        self.retention = self.new()

    @property
    def sessions(self) -> Sessions:
        return self.hall.sessions

    def new(self, notice: int = 30) -> Retention:
        async def recorded() -> list[SessionId]:
            return self.recorded

        return Retention(
            self.sessions,
            log=self.log,
            book=self.book,
            clock=self.clock,
            links=self.links,
            plan_of=self.plans.get,
            defaults=DEFAULTS,
            notice_days=notice,
            recorded=recorded,
            forget_text=self.forget_text,
        )

    async def forget_text(self, session: SessionId) -> None:
        self.forgotten.append(session)
        await self.meanwhile()

    async def done(self, name: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        live = await self.sessions.open(SESSION)
        answer = await live.writer.send(by, CommandId(name), commands)
        assert not isinstance(answer, Refusal), answer

    async def meeting(self, *, close: bool = True, sound: ev.SoundKept = ev.SoundKept.NONE) -> None:
        """A meeting with a line, a note, a mark, a question that is held back and one that was published."""
        await self.hall.session()
        if sound is not ev.SoundKept.NONE:
            await self.done("arrange", do.ArrangeSession(access=ev.Access.PUBLIC, sound=sound))
        await self.done("open", do.OpenSession())
        await self.done("ana", do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana Souza"))
        await self.done(
            "line",
            do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="More rhubarb.", language="en"),
            by=OFFICE,
        )
        await self.done("voice", do.AgreeVoice(speaker=SpeakerId("ana"), agreed=True), by=OFFICE)
        await self.done("note", do.LeaveNote(text="He means kumquat.", note=NoteId("n")), by=OFFICE)
        await self.done("mark", do.TagSegment(segment=SegmentId("a"), tag=ne.Tag.AGREED), by=OFFICE)
        await self.done("held", ask("held", "Why tamarind?"), by=Actor(Role.PARTICIPANT, "held"))
        await self.done("shown", ask("shown", "As it arrived"), by=Actor(Role.PARTICIPANT, "shown"))
        await self.done("word", do.Reword(intervention=InterventionId("shown"), text="As edited"), by=OFFICE)
        listed = do.ListPolicyQuestions(questions=(ne.PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?"),))
        under = do.TagIntervention(intervention=InterventionId("shown"), question=PolicyQuestionId("q1"))
        await self.done("under", listed, under, by=OFFICE)
        await self.done("queue", stand(InterventionStatus.QUEUED, "shown"), by=OFFICE)
        poll = do.OpenPoll(poll=PollId("p"), question="Shall we pickle?", language="en", options=("yes", "no"))
        await self.done("poll", poll, by=OFFICE)
        await self.done("hands", do.CountRoom(poll=PollId("p"), room=(3, 1)), by=OFFICE)
        if close:
            await self.done("close", do.CloseSession())

    async def bodies(self) -> bytes:
        records = await self.log.read(SESSION, 0, 100_000)
        return b"\n".join(record.body for record in records if record.body is not None)

    async def days(self, count: int) -> None:
        """Let days pass, with a look on each."""
        for _ in range(count):
            self.passes(DAY_MS)
            await self.retention.sweep()

    def passes(self, ms: int) -> None:
        """Let time pass for which nobody waits."""
        self.clock.set_wall(self.clock.wall() + ms)


def in_a_house(story: Callable[[House], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    @wraps(story)
    async def test() -> None:
        async with house() as made:
            await story(made)

    del test.__wrapped__
    return test


@asynccontextmanager
async def house(before: House | None = None) -> AsyncIterator[House]:
    """A house, or the same once more after a restart."""
    log = before.log if before else HouseLog()
    clock = before.clock if before else ManualClock()
    book = before.book if before else MemoryBook()
    async with memory_hall(MemoryHall(log, clock=clock)) as hall:
        made = House(clock, log, book, hall)
        await made.links.load()
        await made.retention.load()
        yield made


@in_a_house
async def test_it_is_listed_for_a_month_and_removed_ninety_days_after_the_close(house: House) -> None:
    await house.meeting()
    await house.retention.sweep()
    await house.days(59)
    assert house.retention.due() == ()
    await house.days(1)
    kinds = {each.kind: each for each in house.retention.due()}
    assert kinds.keys() == {KeptKind.STAFF, KeptKind.QUESTIONS}
    closed = LONG_AGO
    assert {each.due for each in kinds.values()} == {each.removed for each in kinds.values()} == {closed + 90 * DAY_MS}
    assert {each.title for each in kinds.values()} == {""}
    assert b"Open hall" not in b"".join((await house.book.read("retention")).values()), "a rehearsal's title goes"
    await house.days(29)
    text = await house.bodies()
    assert all(secret in text for secret in SECRETS)
    await house.days(1)
    text = await house.bodies()
    assert not any(secret in text for secret in SECRETS)
    assert all(kept in text for kept in AS_TEXT)
    assert house.retention.due() == ()
    assert verify(await house.log.read(SESSION, 0, 100_000)).verdict is RecordVerdict.REMOVED


@in_a_house
async def test_what_the_page_and_the_queue_show_stays_as_it_was(house: House) -> None:
    await house.meeting()
    live = await house.sessions.open(SESSION)
    before = live.state.questions.get(InterventionId("shown"))
    await house.retention.sweep()
    await house.days(91)
    after = (await house.sessions.open(SESSION)).state
    shown, held = (after.questions.get(InterventionId(each)) for each in ("shown", "held"))
    assert before is not None
    assert before.under == "q1"
    assert shown == msgspec.structs.replace(before, received="", asker="", given="", under=None)
    assert held is not None
    assert (held.number, held.removed, held.text, held.asker, held.published) == (1, True, "", "", False)
    assert after.questions.last == 2
    await house.done("again", do.ReopenSession())
    await house.done("third", ask("third"), by=Actor(Role.PARTICIPANT, "third"))
    third = (await house.sessions.open(SESSION)).state.questions.get(InterventionId("third"))
    assert third is not None
    assert third.number == 3


@in_a_house
async def test_readers_are_told_of_no_withdrawal_when_no_public_word_went(house: House) -> None:
    await house.meeting()
    catalogue = SessionCatalogue(house.log)
    house.sessions.observe(lambda _, publication: catalogue.take(publication))
    changed = (await catalogue.all())[0].changed
    await house.retention.sweep()
    await house.days(91)
    (entry,) = await catalogue.all()
    assert (entry.withdrawals, entry.changed) == ((), changed)
    assert [each.reason for each in entry.expired] == ["due-staff", "due-staff"]


@in_a_house
async def test_text_goes_when_it_is_due_with_names_and_published_questions(house: House) -> None:
    await house.meeting()
    assert await house.retention.state({KeptKind.TEXT: "60 days", KeptKind.QUESTIONS: FOR_EVER}, "office") is None
    await house.retention.sweep()
    await house.days(59)
    assert house.forgotten == []
    await house.days(1)
    text = await house.bodies()
    assert not any(kept in text for kept in AS_TEXT)
    assert house.forgotten == [SESSION], "what was proposed for its lines is in no log"
    entry = (await SessionCatalogue(house.log).all())[0]
    assert [each.reason for each in entry.withdrawals] == ["due"]
    assert entry.title == "Open hall"
    live = await house.sessions.open(SESSION)
    asked = [each for _, each in live.state.questions.interventions.items()]
    assert {each.published: each.removed for each in asked} == {True: True, False: False}, "the others have a period"
    assert live.state.questions.polls == ()


@in_a_house
async def test_published_sound_is_kept_no_longer_by_the_log_which_every_machine_follows(house: House) -> None:
    await house.meeting(sound=ev.SoundKept.PUBLISHED)
    await house.retention.state({KeptKind.SOUND: "31 days"}, "office")
    await house.retention.sweep()
    assert house.retention.due() == (), "nothing of it is stored"
    house.recorded.append(SESSION)
    await house.days(32)
    live = await house.sessions.open(SESSION)
    assert (live.state.sound, live.state.access) == (ev.SoundKept.NONE, ev.Access.PUBLIC)
    assert b"rhubarb" in await house.bodies()


@in_a_house
async def test_for_ever_is_for_ever_and_a_shorter_period_is_listed_first(house: House) -> None:
    await house.meeting()
    everything = dict.fromkeys(KeptKind, FOR_EVER)
    await house.retention.state(everything, "office")
    assert [each.period for each in house.retention.periods] == [FOR_EVER] * 4
    await house.retention.sweep()
    house.passes(20_000 * DAY_MS)
    await house.retention.sweep()
    assert house.retention.due() == ()
    assert isinstance(await house.retention.state({KeptKind.TEXT: "soon"}, "office"), Refusal)
    await house.retention.state(dict.fromkeys(KeptKind, None), "office")
    await house.retention.sweep()
    assert {each.kind for each in house.retention.due()} == {KeptKind.TEXT, KeptKind.STAFF, KeptKind.QUESTIONS}
    await house.days(29)
    assert b"kumquat" in await house.bodies()
    await house.days(2)
    assert b"kumquat" not in await house.bodies()
    assert b"rhubarb" not in await house.bodies()


@in_a_house
async def test_a_clock_that_jumps_removes_nothing_unannounced(house: House) -> None:
    await house.meeting()
    await house.retention.sweep()
    house.clock.set_wall(LONG_AGO + 3_000 * DAY_MS)
    await house.retention.sweep()
    assert house.retention.due()
    house.clock.set_wall(LONG_AGO + DAY_MS)
    await house.retention.sweep()
    assert house.retention.due() == ()
    assert b"kumquat" in await house.bodies()


@in_a_house
async def test_it_can_be_put_off_with_a_reason_alone(house: House) -> None:
    await house.meeting()
    retention, staff = house.retention, KeptKind.STAFF
    await retention.sweep()
    assert isinstance(await retention.put_off(SESSION, staff, 30, "Why not.", "office"), Refusal), "it isn't listed"
    await house.days(70)
    for days, reason in ((30, " "), (0, "A case."), (100_000, "A case."), (30, "x" * 501)):
        assert isinstance(await retention.put_off(SESSION, staff, days, reason, "office"), Refusal)
    assert await retention.put_off(SESSION, staff, 25, "A case  at court.", "office") is None
    (listed,) = (each for each in retention.due() if each.kind is staff)
    assert listed.put_off is not None
    assert (listed.put_off.reason, listed.removed) == ("A case at court.", LONG_AGO + 95 * DAY_MS)
    await house.days(21)
    assert b"kumquat" in await house.bodies()
    assert b"tamarind" not in await house.bodies()
    await house.days(4)
    assert b"kumquat" not in await house.bodies()


@in_a_house
async def test_what_is_put_off_while_it_is_looked_or_removed_is_kept(house: House) -> None:
    await house.meeting()
    retention, staff, asked = house.retention, KeptKind.STAFF, KeptKind.QUESTIONS
    both = {KeptKind.TEXT: "60 days", staff: "60 days", asked: "60 days"}
    assert await retention.state(both, "office") is None
    await retention.sweep()
    await house.days(40)

    async def put_off(kind: KeptKind) -> None:
        assert await retention.put_off(SESSION, kind, 50, "A case.", "office") is None

    async def too_late() -> None:
        assert isinstance(await retention.put_off(SESSION, KeptKind.TEXT, 50, "A case.", "office"), Refusal)

    house.log.meanwhile = partial(put_off, asked)
    await retention.sweep()
    assert [each.kind for each in retention.due() if each.put_off] == [asked]
    async with asyncio.TaskGroup() as group:

        async def wanted() -> None:
            group.create_task(put_off(staff))
            group.create_task(too_late())
            for _ in range(5):
                await asyncio.sleep(0)

        house.meanwhile = wanted
        await house.days(20)
    text = await house.bodies()
    assert b"rhubarb" not in text
    assert b"kumquat" in text


async def test_it_goes_on_after_a_restart_where_the_disk_refused_or_the_server_died() -> None:
    async with house() as first:
        await first.meeting()
        await first.retention.sweep()
        await first.days(89)
        first.log.keeps = True
        await first.days(1)
        assert b"kumquat" in await first.bodies()
        first.log.keeps, first.log.torn_removal = False, True
    async with house(first) as second:
        assert len(second.retention.due()) == 2, "the list is in the book"
        await second.retention.sweep()
        assert b"kumquat" not in await second.bodies(), "stored, though it seemed to fail"
        second.book.full = True
        with pytest.raises(StorageUnavailable):
            await second.retention.sweep()
    first.book.full = False
    async with house(first) as third:
        await third.retention.sweep()
        assert third.retention.due() == ()
        removed = [event for event in await third.hall.events() if isinstance(event, ev.BodyRemoved)]
        assert len(removed) == 2, "each kind once"


@in_a_house
async def test_a_meeting_that_is_on_keeps_all_and_one_opened_again_begins_anew(house: House) -> None:
    await house.meeting(close=False)
    await house.retention.sweep()
    await house.days(200)
    assert house.retention.due() == ()
    await house.done("close", do.CloseSession())
    await house.days(80)
    assert len(house.retention.due()) == 2
    await house.done("again", do.ReopenSession())
    await house.days(20)
    assert house.retention.due() == ()
    assert b"kumquat" in await house.bodies()


@in_a_house
async def test_one_that_never_opened_is_over_at_its_planned_end(house: House) -> None:
    await house.hall.session()
    await house.done("note", do.LeaveNote(text="Of kumquat.", note=NoteId("n")), by=OFFICE)
    ends = LONG_AGO + 10 * DAY_MS
    house.plans[SESSION] = Planned(session=SESSION, title="", starts=ends - 1)
    await house.retention.sweep()
    await house.days(80)
    (listed,) = house.retention.due()
    assert listed.due > ends + 90 * DAY_MS, "an hour is reckoned for it"
    house.plans[SESSION] = Planned(session=SESSION, title="", starts=ends - 1, ends=ends)
    await house.days(21)
    assert b"kumquat" not in await house.bodies()


@in_a_house
async def test_the_use_of_a_meetings_links_is_forgotten_and_the_links_stay(house: House) -> None:
    await house.hall.session()
    await house.done("open", do.OpenSession())
    await house.done("close", do.CloseSession())
    staff, token = await house.links.create(Role.CHAIR, f"session:{SESSION}", "chair")
    await house.links.enter(token, "")
    await house.retention.sweep()
    await house.days(91)
    assert (house.links.use(staff.link).uses, house.links.use(staff.link).last) == (0, 0)
    assert house.links.of_token(token) == staff
    again = RoleLinks(book=house.book, clock=house.clock, randomness=SeededRandomness())
    await again.load()
    assert again.use(staff.link).last == 0
    assert again.of_token(token) == staff


@in_a_house
async def test_rehearsals_and_sessions_that_are_no_more_are_not_listed(house: House) -> None:
    await house.meeting()
    await house.days(70)
    assert house.retention.due()
    await house.sessions.forget(SESSION)
    await house.days(1)
    assert house.retention.due() == ()
    assert await house.book.read("retention") == {}


@in_a_house
async def test_a_log_that_has_not_grown_is_not_read_again(house: House) -> None:
    await house.meeting()
    await house.retention.sweep()
    kept = await house.book.read("retention")
    read, reads = house.log.read, list[str]()

    async def counted(session: SessionId, *rest: Any, **more: Any) -> Sequence[LogRecord]:
        reads.append(session)
        return await read(session, *rest, **more)

    house.log.read = counted  # type: ignore[method-assign]
    house.passes(LOOK_MS)
    await house.retention.sweep()
    assert (await house.book.read("retention"), reads) == (kept, [])


@in_a_house
async def test_an_open_call_keeps_what_waits_in_it_and_a_closed_one_as_long_as_a_meeting(house: House) -> None:
    await house.done(
        "make",
        do.CreateSession(title="Call", languages=("en",), kind=ev.LogKind.CALL),
        do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
    )
    await house.done("held", ask("held", "Why tamarind?"), by=Actor(Role.PARTICIPANT, "held"))
    await house.days(200)
    assert b"tamarind" in await house.bodies(), "nobody has decided on it yet"
    await house.done("over", do.OpenSession(), do.CloseSession())
    await house.days(89)
    assert b"tamarind" in await house.bodies()
    await house.days(2)
    assert b"tamarind" not in await house.bodies()


async def draft(house: House, name: str, *commands: do.AnyCommand) -> Callable[[], Awaitable[bytes]]:
    """Write the draft of the report of `SESSION` in a log of this name; return what reads that log's bodies."""
    live = await house.sessions.open(SessionId(name))
    made = do.CreateSession(title="Report", languages=("en",), kind=ev.LogKind.REPORT)
    written = oc.WriteSection(section="issues", text="Much kumquat.", base_revision=0)
    assigned = oc.AssignReport(session=SESSION, template="short")
    answer = await live.writer.send(SYSTEM, CommandId("write"), [made, assigned, written, *commands])
    assert not isinstance(answer, Refusal), answer

    async def bodies() -> bytes:
        records = await house.log.read(live.id, 0, 100_000)
        return b"\n".join(record.body for record in records if record.body is not None)

    return bodies


@in_a_house
async def test_a_draft_that_was_never_published_goes_ninety_days_after_its_meeting(house: House) -> None:
    house.plans[SESSION] = Planned(session=SESSION, title="", ends=LONG_AGO + 50 * DAY_MS)
    bodies = await draft(house, "report")
    await house.days(139)
    assert b"kumquat" in await bodies()
    await house.days(2)
    assert b"kumquat" not in await bodies()
    report = (await house.sessions.open(SessionId("report"))).state.outcomes.report
    assert (report.session, report.template) == (SESSION, "short"), "who writes it stays"


@in_a_house
async def test_a_published_report_goes_with_its_draft_when_text_is_due(house: House) -> None:
    sections = (PublishedSection(id="issues", heading="Issues", text="More rhubarb."),)
    publish = oc.PublishReport(title="Report", language="en", sections=sections, messages=())
    bodies = await draft(house, "report", oc.SubmitReport(), publish)
    places = ("title", "heading.issues", "section.issues")
    texts = tuple(TranslatedText(each, "Plus de tamarin.") for each in places)
    translate = oc.EnterTranslation(n=1, language="fr", name="Ana", texts=texts)
    live = await house.sessions.open(SessionId("report"))
    entered = await live.writer.send(Actor(Role.SECRETARIAT, "office"), CommandId("translate"), translate)
    assert not isinstance(entered, Refusal), entered
    assert await house.retention.state({KeptKind.TEXT: "200 days"}, "office") is None
    await house.days(199)
    assert b"kumquat" in await bodies(), "the next version is written in it"
    assert b"rhubarb" in await bodies()
    assert b"tamarin" in await bodies()
    await house.days(2)
    for gone in (b"kumquat", b"rhubarb", b"tamarin", b"Ana"):
        assert gone not in await bodies()
    assert (await house.sessions.open(SessionId("report"))).state.outcomes.translations == ()
