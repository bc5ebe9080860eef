"""What leaves a log, seen through the writer that removes it."""

from __future__ import annotations

import asyncio

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, Position, RollEntryId, SegmentId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import Expired, Interventions, Lines, RollEntries, SpokenSpan, WordsOf, not_kept
from moothall.core.retention.periods import KeptKind
from moothall.core.signals import Partial
from moothall.record.verify import RecordVerdict, verify
from moothall.services.log.act_queue import Receipt
from moothall.services.log.erasing import TextOffsets, expired
from moothall.services.log.folding import fold
from moothall.services.log.session_writer import INSIST_MS
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from support.memory.hall import memory_hall
from support.memory.writer import FLOOR, SESSION, TECHNICIAN, Stage, opened, said, stage
from support.sessions.meeting import frames_of

HIDDEN = "rhubarb"
OFF = do.BeginNotRecorded(back=3_000)


async def talked(made: Stage) -> None:
    """At 10 s: a line that is over, one whose last word is secret, and one that is open and secret too."""
    await opened(made)
    await said(made, "a", 0, "Good", " day.")
    await said(made, "b", 6_500, "Between", " us:", f" {HIDDEN}.")
    await said(made, "c", 8_200, "And", f" {HIDDEN}", ends=False)
    await made.clock.advance(10_000)


async def found_clean(made: Stage) -> None:
    """Nothing of the span is in the log, which is whole, and the writer knows no more than the log."""
    assert HIDDEN.encode() not in await made.bodies()
    assert made.texts() == ["Good day.", "Between"]
    records = await made.records()
    assert verify(records).verdict is RecordVerdict.REMOVED
    assert [record.header.type for record in records].count("body.removed") == 1
    assert not_kept(made.writer.state) == ()
    assert made.writer.state == (await fold(made.log, SESSION)).state


async def test_what_was_logged_of_a_span_that_is_not_recorded_is_removed_with_the_beginning() -> None:
    async with stage() as made:
        await talked(made)
        assert HIDDEN.encode() in await made.bodies()
        count = len(made.published)
        await made.done("off", OFF, actor=TECHNICIAN)
        await found_clean(made)
        # Together, so that readers see nothing of it again.
        assert [[type(event) for event in publication.events] for publication in made.published[count:]] == [
            [le.SegmentEnded, ev.NotRecordedBegan],
            [le.SegmentOpened, le.WordsCommitted, le.SegmentEnded, ev.BodyRemoved],
        ]
        assert HIDDEN not in repr(made.published[count:])
        removed = made.events[-1]
        assert isinstance(removed, ev.BodyRemoved)
        assert (removed.reason, removed.by) == ("not-recorded", "server")
        empty = made.published[-1].signals
        assert [(type(signal), signal.channel) for signal in empty] == [(Partial, FLOOR)]


async def test_after_a_removal_the_engine_neither_hears_it_again_nor_goes_on_with_a_line_that_is_gone() -> None:
    async with stage() as made:
        await talked(made)
        through = made.writer.state.channels[FLOOR].committed_through
        await made.done("off", OFF, actor=TECHNICIAN)
        channel = made.writer.state.channels[FLOOR]
        assert (channel.committed_through, channel.open_segment) == (through, None)
        assert [word.text for word in channel.last_words] == ["Good", " day.", "Between"]
        await made.clock.advance(2_000)
        await made.done("on", do.EndNotRecorded(), actor=TECHNICIAN)
        await said(made, "d", 12_100, "We", " go", " on.")
        assert made.texts() == ["Good day.", "Between", "We go on."]


async def test_a_span_that_begins_now_finds_nothing_to_remove() -> None:
    async with stage() as made:
        await talked(made)
        await made.done("off", do.BeginNotRecorded(), actor=TECHNICIAN)
        assert made.texts() == ["Good day.", f"Between us: {HIDDEN}.", f"And {HIDDEN}"]
        assert isinstance(made.events[-1], ev.NotRecordedBegan)


async def test_killed_before_the_removal_it_is_done_before_anybody_reads() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await talked(made)
        log.keeps = True
        await made.done("off", OFF, actor=TECHNICIAN)
        assert HIDDEN.encode() in await made.bodies()
    with pytest.raises(StorageUnavailable):  # While it can't be removed nobody is shown the session.
        await Stage(log).writer.load()
    log.keeps = False
    async with stage(log) as made:
        await found_clean(made)


async def test_what_cannot_be_removed_is_removed_as_soon_as_it_can_be() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await talked(made)
        log.keeps = True
        await made.done("off", OFF, actor=TECHNICIAN)
        await made.clock.advance(3 * INSIST_MS)
        # Other acts are stored meanwhile.
        await made.done("pause", do.PauseSession(), actor=TECHNICIAN)
        assert HIDDEN.encode() in await made.bodies()
        log.keeps = False
        await made.clock.advance(INSIST_MS)
        await found_clean(made)
        assert isinstance(made.events[-1], ev.BodyRemoved)
        count = made.writer.offset
        await made.clock.advance(5 * INSIST_MS)
        assert made.writer.offset == count


@pytest.mark.parametrize("killed", [True, False])
async def test_a_beginning_or_removal_that_was_stored_but_seemed_to_fail_leaves_nothing_either(killed: bool) -> None:
    for torn in ("append", "remove"):
        log = FailingLog()
        async with stage(log) as made:
            await talked(made)
            before = made.writer.offset
            if torn == "append":
                log.torn = True
            else:
                log.torn_removal = True
            answer = await made.send("off", OFF, TECHNICIAN)
            assert isinstance(answer, Receipt) == (torn == "remove")
            if not killed:
                await made.done("off", OFF, actor=TECHNICIAN)
                await made.clock.advance(2 * INSIST_MS)
                await found_clean(made)
                offsets = [record.header.offset for each in made.published for record in each.records]
                assert offsets == sorted(set(offsets))
                assert HIDDEN not in repr([each for each in made.published if each.records[0].header.offset > before])
        if killed:
            async with stage(log) as made:
                await found_clean(made)
                assert isinstance(await made.send("off", OFF, TECHNICIAN), Receipt)


async def test_a_span_that_is_begun_again_and_again_is_clean_each_time() -> None:
    async with stage() as made:
        await talked(made)
        for n in range(3):
            await made.done(f"off-{n}", OFF, actor=TECHNICIAN)
            await made.clock.advance(10_000)
            await made.done(f"on-{n}", do.EndNotRecorded(), actor=TECHNICIAN)
            now = made.writer.state.media_now(made.clock.wall())
            await said(made, f"x{n}", now, "Shown,", " then", *[f" {HIDDEN}"] * 4)
            await made.clock.advance(3_600)
        await made.done("off", OFF, actor=TECHNICIAN)
        assert HIDDEN.encode() not in await made.bodies()
        assert made.texts() == ["Good day.", "Between", *["Shown, then"] * 3]


async def test_another_writer_fences_off_a_removal_and_whoever_waits_is_answered() -> None:
    log = FailingLog()
    made = Stage(log)
    await made.writer.load()
    running = asyncio.ensure_future(made.writer.run())
    await talked(made)
    log.stale_removal = True
    assert isinstance(await made.send("off", OFF, TECHNICIAN), Receipt)
    result = (await asyncio.gather(running, return_exceptions=True))[0]
    assert isinstance(result, ExceptionGroup)
    assert result.subgroup(StaleWriter) is not None


async def test_words_are_removed_by_request_of_those_who_may() -> None:
    async with stage() as made:
        await talked(made)
        nobody = await made.writer.remove(Actor(Role.CHAIR, "c"), CommandId("r"), SpokenSpan(7_000, 9_000))
        assert isinstance(nobody, Refusal)
        assert nobody.code is RefusalCode.FORBIDDEN
        first = await made.writer.remove(TECHNICIAN, CommandId("r"), SpokenSpan(7_000, 7_800))
        assert isinstance(first, Receipt)
        assert made.texts() == ["Good day.", "Between", f"And {HIDDEN}"]
        assert await made.writer.remove(TECHNICIAN, CommandId("r"), SpokenSpan(7_000, 7_800)) == first
        assert made.writer.receipt(CommandId("r")) == first
        # The line that was open is still the open one.
        await said(made, "c", 9_200, " fool.", first=2)
        for name, selection in (("r1", Lines((SegmentId("b"),))), ("r2", WordsOf(SpeakerId("ana"), name=True))):
            unknown = await made.writer.remove(TECHNICIAN, CommandId(name), selection)
            assert isinstance(unknown, Refusal)
            assert unknown.code is RefusalCode.UNKNOWN
        for span in (SpokenSpan(5, 5), SpokenSpan(-1, 5)):
            invalid = await made.writer.remove(TECHNICIAN, CommandId("r3"), span)
            assert isinstance(invalid, Refusal)
            assert invalid.code is RefusalCode.INVALID
        wrong = await made.writer.remove(TECHNICIAN, CommandId("no id"), SpokenSpan(0, 5))
        assert isinstance(wrong, Refusal)
        assert wrong.code is RefusalCode.INVALID
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r4"), Lines((SegmentId("c"),))), Receipt)
        assert HIDDEN.encode() not in await made.bodies()


async def test_a_persons_words_go_and_the_name_with_them_if_it_is_to() -> None:
    ana = SpeakerId("ana")
    for name in (False, True):
        async with stage() as made:
            await talked(made)
            await made.done("ana", do.IntroduceSpeaker(speaker=ana, name="Ana Souza"))
            await made.done("hers", do.AssignSpeaker(segments=(SegmentId("b"),), speaker=ana))
            assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), WordsOf(ana, name=name)), Receipt)
            assert made.texts() == ["Good day.", f"And {HIDDEN}"]
            assert (b"Ana Souza" in await made.bodies()) is not name
            assert (ana in made.writer.state.speakers) is not name


async def test_a_name_goes_as_a_term_too() -> None:
    ana = SpeakerId("ana")
    async with stage() as made:
        await talked(made)
        await made.done("ana", do.IntroduceSpeaker(speaker=ana, name="Ms. Ana Souza"))
        await made.done("hers", do.AssignSpeaker(segments=(SegmentId("b"),), speaker=ana))
        for n, term in enumerate(("Ana Souza", "ana souza", "Moothall")):
            await made.done(f"t{n}", do.ChooseTerm(term=term, wanted=True), actor=TECHNICIAN)
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), WordsOf(ana, name=True)), Receipt)
        assert b"souza" not in (await made.bodies()).lower()
        assert list(made.writer.state.terms) == ["moothall"]


@pytest.mark.parametrize("name", [True, False])
async def test_whether_somebody_agreed_to_have_their_voice_recognised_goes_with_the_name_alone(name: bool) -> None:
    ana, bo = SpeakerId("ana"), SpeakerId("bo")
    async with stage() as made:
        await talked(made)
        await made.done(
            "names", do.IntroduceSpeaker(speaker=ana, name="Ana"), do.IntroduceSpeaker(speaker=bo, name="Bo")
        )
        await made.done("hers", do.AssignSpeaker(segments=(SegmentId("b"),), speaker=ana))
        for n, (who, agreed) in enumerate(((ana, True), (ana, False), (ana, True), (bo, True))):
            await made.done(f"v{n}", do.AgreeVoice(speaker=who, agreed=agreed), actor=TECHNICIAN)
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), WordsOf(ana, name=name)), Receipt)
        events = [decode_event(record.body) for record in await made.records() if record.body is not None]
        left = [event.speaker for event in events if isinstance(event, ev.VoiceAgreed)]
        assert left == ([bo] if name else [ana, ana, ana, bo])
        assert made.writer.state.voices == ({bo} if name else {ana, bo})


async def test_while_nothing_can_be_removed_a_request_is_unavailable_and_what_came_before_is_stored() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await talked(made)
        log.keeps = True
        paused, removed = await asyncio.gather(
            made.send("pause", do.PauseSession()),
            made.writer.remove(TECHNICIAN, CommandId("r"), SpokenSpan(0, 9_000)),
        )
        assert isinstance(paused, Receipt)
        assert isinstance(removed, Refusal)
        assert removed.code is RefusalCode.UNAVAILABLE
        log.keeps = False
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), SpokenSpan(0, 9_000)), Receipt)
        assert HIDDEN.encode() not in await made.bodies()


async def test_a_removal_on_request_that_seemed_to_fail_is_found() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await talked(made)
        log.torn_removal = True
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), SpokenSpan(0, 9_000)), Refusal)
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), SpokenSpan(0, 9_000)), Receipt)
        assert [type(event) for event in made.events].count(ev.BodyRemoved) == 1


async def test_a_correction_that_stays_is_still_the_machines_or_a_persons() -> None:
    for by, mended in ((Actor(Role.ENGINE, "e"), False), (Actor(Role.CAPTIONER, "c"), True)):
        async with stage() as made:
            await talked(made)
            correct = do.CorrectSegment(
                channel=FLOOR, segment=SegmentId("b"), base_revision=0, base_words=1, text="Betwixt"
            )
            await made.done("mend", correct, actor=by)
            await made.done("off", OFF, actor=TECHNICIAN)
            assert made.texts() == ["Good day.", "Betwixt"]
            (again,) = [
                record
                for publication in made.published[-1:]
                for record in publication.records
                if record.header.type == "segment.corrected"
            ]
            assert (again.header.role is not Role.ENGINE) is mended


def test_places_are_those_of_texts_and_names_alone() -> None:
    text_offsets, ana = TextOffsets(), SpeakerId("ana")
    a = SegmentId("a")
    events: list[ev.AnyEvent] = [
        ev.SessionPaused(t=1),
        le.SegmentOpened(channel=FLOOR, segment=a, t0=0, language="en", origin=le.Origin.MACHINE),
        le.WordsCommitted(channel=FLOOR, segment=a, first=0, words=(le.Word("x", 0, 1),)),
        ev.SpeakerIntroduced(speaker=ana, name="Ana"),
        ev.SpeakerAssigned(segments=(a,), speaker=ana),
        le.SegmentEnded(channel=FLOOR, segment=a, t1=1, reason=le.EndReason.PAUSE, text="x"),
        le.SegmentCorrected(channel=FLOOR, segment=a, base_revision=0, base_words=1, text="y", tail=""),
    ]
    for offset, event in enumerate(events, 1):
        text_offsets.note(offset, event)
    assert text_offsets.of_lines([a, SegmentId("b")]) == [2, 3, 6, 7]
    assert text_offsets.of_names([ana, SpeakerId("bo")]) == [4]


def test_readers_are_given_a_clean_snapshot_and_nothing_of_it_again() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            writer, feed = live.writer, Feed(FLOOR)
            outlet, late = MemoryOutlet(), MemoryOutlet()
            await live.fanout.subscribe(outlet, feed, Format.SSE, None)

            async def act(name: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
                assert isinstance(await writer.send(by, CommandId(name), commands), Receipt)
                await asyncio.sleep(0.1)  # The fan-out hands it out; on this loop the wait costs nothing.

            await act("open", do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m"))
            said = tuple(
                le.Word(text, 900 * n, 900 * n + 800) for n, text in enumerate(("Between", " us:", f" {HIDDEN}"))
            )
            start = do.SegmentStart(t0=0, language="en")
            words = do.CommitWords(
                channel=FLOOR,
                generation=1,
                segment=SegmentId("a"),
                first=0,
                words=said,
                start=start,
                rest=f" {HIDDEN}s",
            )
            await act("words", words, by=Actor(Role.ENGINE, "e"))
            await asyncio.sleep(3)  # More than the 2 s that are taken back.
            position = Position(writer.epoch, writer.offset - 1)
            mark = len(outlet.sent)
            assert HIDDEN.encode() in outlet.sent
            await act("off", do.BeginNotRecorded(back=2_000), by=TECHNICIAN)
            await live.fanout.subscribe(late, feed, Format.SSE, position)
            for stream in (outlet.sent[mark:], late.sent):
                assert HIDDEN.encode() not in stream
                first, *others = frames_of(stream)
                assert first.snapshot is not None
                assert [line.text for line in first.snapshot.lines] == ["Between us:"]
                assert [signal.text for each in others for signal in each.signals if isinstance(signal, Partial)] == [
                    ""
                ]

    loop.run(story())


Q = InterventionId("q")


async def asked_and_answered(made: Stage) -> None:
    """A request with a name that is called, answered in writing, not taken; and one that is not read yet."""
    await opened(made)
    kind = InterventionKind.REQUEST
    asked = do.Ask(intervention=Q, kind=kind, text=HIDDEN, language="en", asker="x", name=f"Ana {HIDDEN}")
    await made.done("ask", asked, actor=Actor(Role.PARTICIPANT, "p"))
    other = do.Ask(intervention=InterventionId("o"), kind=kind, text="Others?", language="en", asker="y")
    await made.done("other", other, actor=Actor(Role.PARTICIPANT, "p"))
    for name, *commands in (
        ("mend", do.Reword(intervention=Q, text=f"{HIDDEN}?")),
        ("approve", do.SetStatus(interventions=(Q,), status=InterventionStatus.QUEUED)),
        ("call", do.SetStatus(interventions=(Q,), status=InterventionStatus.CALLED)),
        ("answer", do.WriteAnswer(intervention=Q, text=f"No {HIDDEN}.", language="en")),
        ("decline", do.SetStatus(interventions=(Q,), status=InterventionStatus.DECLINED, reason=f"{HIDDEN}!")),
        ("term", do.ChooseTerm(term=f"Ana {HIDDEN}", wanted=True)),
    ):
        await made.done(name, *commands, actor=TECHNICIAN)


async def test_what_somebody_asked_leaves_the_log_and_its_number_stays() -> None:
    async with stage() as made:
        await asked_and_answered(made)
        assert HIDDEN.encode() in await made.bodies()
        before = made.writer.state.questions
        for role in set(Role) - {Role.TECHNICIAN, Role.SECRETARIAT}:
            refused = await made.writer.remove(Actor(role, "x"), CommandId(f"r-{role}"), Interventions((Q,)))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.FORBIDDEN
        answer = await made.writer.remove(TECHNICIAN, CommandId("r"), Interventions((Q,)))
        assert isinstance(answer, Receipt)
        assert HIDDEN.encode() not in await made.bodies()
        assert verify(await made.records()).verdict is RecordVerdict.REMOVED
        assert made.writer.state == (await fold(made.log, SESSION)).state
        each = made.writer.state.questions.get(Q)
        assert each is not None
        assert (each.number, each.status, each.removed, each.published) == (1, InterventionStatus.DECLINED, True, True)
        assert made.writer.state.questions.turns == before.turns
        assert made.writer.state.speakers == {}
        # The answer that is lost on the way is given again; another request finds nothing.
        assert await made.writer.remove(TECHNICIAN, CommandId("r"), Interventions((Q,))) == answer
        again = await made.writer.remove(TECHNICIAN, CommandId("r2"), Interventions((Q, InterventionId("x"))))
        assert isinstance(again, Refusal)
        assert again.code is RefusalCode.UNKNOWN


async def test_of_one_that_nobody_has_read_readers_hear_no_more_than_before() -> None:
    async with stage() as made:
        await asked_and_answered(made)
        answer = await made.writer.remove(TECHNICIAN, CommandId("r"), Interventions((InterventionId("o"),)))
        assert isinstance(answer, Receipt)
        assert [event.lane() for event in made.published[-1].events] == ["staff", "session"]
        assert HIDDEN.encode() in await made.bodies()


async def test_what_is_due_goes_by_the_server_alone_and_once() -> None:
    async with stage() as made:
        await talked(made)
        await made.done("note", do.LeaveNote(text="He means kumquat."), actor=TECHNICIAN)
        everything = Expired(frozenset({KeptKind.STAFF}))
        refused = await made.writer.remove(TECHNICIAN, CommandId("due"), everything)
        assert isinstance(refused, Refusal)
        assert b"kumquat" in await made.bodies()
        assert isinstance(await made.writer.remove(SYSTEM, CommandId("due"), everything), Receipt)
        assert b"kumquat" not in await made.bodies()
        assert made.texts() == ["Good day.", f"Between us: {HIDDEN}.", f"And {HIDDEN}"]
        again = await made.writer.remove(SYSTEM, CommandId("due-again"), everything)
        assert isinstance(again, Refusal)
        assert again.code is RefusalCode.UNKNOWN
        removed = made.events[-1]
        assert isinstance(removed, ev.BodyRemoved)
        assert (removed.reason, removed.by, removed.through) == ("due-staff", "server", {})


async def test_the_hash_of_who_asked_goes_also_where_the_words_went_before() -> None:
    async with stage() as made:
        await opened(made)
        for name in ("gone", "shown"):
            ask = do.Ask(
                intervention=InterventionId(name),
                kind=InterventionKind.QUESTION,
                text="Why?",
                language="en",
                asker="by-x",
            )
            await made.done(name, ask, actor=Actor(Role.PARTICIPANT, name))
            queued = do.SetStatus(interventions=(InterventionId(name),), status=InterventionStatus.QUEUED)
            await made.done(f"{name}-queued", queued, actor=Actor(Role.MODERATOR, "m"))
        removal = Interventions((InterventionId("gone"),))
        assert isinstance(await made.writer.remove(TECHNICIAN, CommandId("r"), removal), Receipt)
        assert (await made.bodies()).count(b"by-x") == 2
        count = len(made.events)
        due = await made.writer.remove(SYSTEM, CommandId("due"), Expired(frozenset({KeptKind.QUESTIONS})))
        assert isinstance(due, Receipt)
        assert b"by-x" not in await made.bodies()
        assert [type(event) for event in made.events[count:]] == [qe.InterventionRemoved, ev.BodyRemoved]
        gone, shown = (made.writer.state.questions.get(InterventionId(name)) for name in ("gone", "shown"))
        assert gone is not None
        assert shown is not None
        assert (gone.removed, gone.published, gone.number) == (True, True, 1)
        assert (shown.removed, shown.published, shown.text, shown.number) == (False, True, "Why?", 2)
        assert expired(made.writer.state, made.writer.text_offsets, {KeptKind.QUESTIONS}, CommandId("x")) is None


ANA = RollEntryId("e1")
OFFICE = Actor(Role.SECRETARIAT, "s1")


async def signed(made: Stage) -> None:
    await opened(made)
    for name, command in (
        ("roll", do.ArrangeRoll(open=True)),
        ("sign", do.SignRoll(entry=ANA, name=f"Ana {HIDDEN}", representing=HIDDEN)),
        ("other", do.SignRoll(entry=RollEntryId("e2"), name="Ben")),
    ):
        by = Actor(Role.PARTICIPANT, "e") if isinstance(command, do.SignRoll) else OFFICE
        assert isinstance(await made.writer.send(by, CommandId(name), command), Receipt)


async def as_in_its_log(made: Stage) -> None:
    assert HIDDEN.encode() not in await made.bodies()
    assert made.writer.state == (await fold(made.log, SESSION)).state


async def test_an_entry_of_the_attendance_list_goes_for_its_author_and_for_the_secretariat() -> None:
    for by in (Actor(Role.PARTICIPANT, ANA), OFFICE):
        async with stage() as made:
            await signed(made)
            refused = await made.writer.remove(Actor(Role.CHAIR, "c1"), CommandId("no"), RollEntries((ANA,)))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.FORBIDDEN
            assert isinstance(await made.writer.remove(by, CommandId("gone"), RollEntries((ANA, ANA))), Receipt)
            await as_in_its_log(made)
            assert [each.name for each in made.writer.state.attendance.entries.values()] == ["Ben"]
            again = await made.writer.remove(by, CommandId("again"), RollEntries((ANA,)))
            assert isinstance(again, Refusal)
            assert again.code is RefusalCode.UNKNOWN


async def test_a_list_that_never_became_final_goes_with_what_the_staff_wrote() -> None:
    async with stage() as made:
        await signed(made)
        await made.writer.send(SYSTEM, CommandId("close"), do.CloseSession())
        due = Expired(frozenset({KeptKind.STAFF}))
        assert isinstance(await made.writer.remove(SYSTEM, CommandId("due"), due), Receipt)
        await as_in_its_log(made)
        assert made.writer.state.attendance.entries == {}
        reasons = [event.reason for event in made.events if isinstance(event, ev.BodyRemoved)]
        assert reasons == ["due-staff"]


async def test_a_final_list_goes_with_the_text() -> None:
    async with stage() as made:
        await signed(made)
        await made.writer.send(SYSTEM, CommandId("close"), do.CloseSession())
        await made.writer.send(OFFICE, CommandId("final"), do.FinaliseRoll())
        staff, text = (Expired(frozenset({kind})) for kind in (KeptKind.STAFF, KeptKind.TEXT))
        assert isinstance(await made.writer.remove(SYSTEM, CommandId("staff"), staff), Receipt)
        assert len(made.writer.state.attendance.entries) == 2
        assert isinstance(await made.writer.remove(SYSTEM, CommandId("text"), text), Receipt)
        await as_in_its_log(made)
        assert made.writer.state.attendance.entries == {}
        assert made.writer.state.attendance.signed == 2
