from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import InterventionId, NoteId, PolicyQuestionId, SegmentId, SpeakerId
from moothall.services.desks.notes_and_tags import NOTES, TAGGED, hubs, outcome, staff_notes, topics
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, memory_hall
from support.memory.meeting import MemoryMeeting

CHAIR, CAPTIONER = Actor(Role.CHAIR, "c1"), Actor(Role.CAPTIONER, "c2")
Q1 = PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?")


class NotesMeeting(MemoryMeeting):
    by = CHAIR

    async def say(self, segment: str) -> None:
        line = do.TypeSegment(channel=FLOOR, segment=SegmentId(segment), text=f"{segment} pays. ", language="en")
        await self.do(line, by=CAPTIONER)


def asked_of(house: NotesMeeting) -> list[dict[str, object]]:
    asked = outcome(house.live.state)["asked"]
    assert isinstance(asked, list)
    return asked


def note(name: str, to: Role | None = None) -> do.LeaveNote:
    return do.LeaveNote(text=f"About {name}", note=NoteId(name), to=to)


def test_notes_come_with_whom_they_are_for_and_who_has_read_them() -> None:
    async def within() -> None:
        async with memory_hall() as hall:
            house = NotesMeeting(hall, await hall.session())
            await house.do(do.LeaveNote(text="Of a machine"))
            await house.do(note("a", Role.CAPTIONER))
            for by in (CAPTIONER, CAPTIONER, CHAIR):
                await house.do(do.ReadNote(note=NoteId("a")), by=by)
            first, second = await staff_notes(hall.log, SESSION)
            assert (first["text"], first["note"], first["to"], first["read"]) == ("Of a machine", "", None, [])
            assert (second["by"], second["to"], second["read"]) == ("chair", "captioner", ["captioner", "chair"])
            for n in range(NOTES):
                await house.do(note(f"n{n}"))
            assert [each["note"] for each in await staff_notes(hall.log, SESSION)] == [f"n{n}" for n in range(NOTES)]

    run(within())


def test_hubs_are_those_with_links_those_that_asked_and_those_with_notes() -> None:
    async def within() -> None:
        async with memory_hall() as hall:
            house = NotesMeeting(hall, await hall.session())
            await house.do(do.OpenSession(), by=SYSTEM)
            asked = do.Ask(
                intervention=InterventionId("q"),
                kind=InterventionKind.QUESTION,
                text="Why?",
                language="en",
                asker="a",
                origin="hub:lima",
            )
            await house.do(asked)
            await house.do(do.LeaveHubNote(hub="nairobi", note=NoteId("n"), text="You are next."))
            here = do.SetHubPresence(hub="north.pole", title="Pole", people=4, counted=9, here=True, since=8)
            await house.do(here, by=SYSTEM)
            found = hubs(house.live.state, {"kisumu": "Kisumu library", "lima": "Lima"})
            assert found["names"] == ["kisumu", "lima", "nairobi", "north.pole"]
            assert found["titles"] == {"kisumu": "Kisumu library", "lima": "Lima", "north.pole": "Pole"}
            assert isinstance(found["presence"], list)
            (stands,) = found["presence"]
            assert (stands["hub"], stands["people"], stands["here"], stands["since"]) == ("north.pole", 4, True, 8)
            assert isinstance(found["notes"], list)
            (told,) = found["notes"]
            assert (told["hub"], told["by"], told["read"]) == ("nairobi", "chair", ())

    run(within())


def test_marked_lines_are_told_in_the_order_in_which_they_were_said() -> None:
    async def within() -> None:
        async with memory_hall() as hall:
            house = NotesMeeting(hall, await hall.session())
            await house.do(do.OpenSession(), by=SYSTEM)
            await house.do(do.ListPolicyQuestions(questions=(Q1,)))
            await house.do(do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"), by=CAPTIONER)
            for segment in ("a", "b", "c"):
                await house.say(segment)
                await house.hall.clock.sleep(10)
            await house.do(do.AssignSpeaker(segments=(SegmentId("a"),), speaker=SpeakerId("ana")), by=CAPTIONER)
            for segment in ("b", "a", "c"):
                await house.do(do.TagSegment(segment=SegmentId(segment), tag=Tag.AGREED, question=Q1.id))
            await house.do(do.TagSegment(segment=SegmentId("a"), tag=Tag.OPTION))
            await house.do(do.TagSegment(segment=SegmentId("c"), tag=None, question=Q1.id))
            found = outcome(house.live.state)
            assert found["questions"] == ({"id": "q1", "text": "Who pays?"},)
            assert isinstance(found["lines"], list)
            first, second = found["lines"]
            assert (first["segment"], first["speaker"], first["text"]) == ("a", "Ana", "a pays.")
            assert first["tags"] == ({"question": "q1", "tag": "agreed"}, {"question": None, "tag": "option"})
            assert (second["segment"], second["speaker"]) == ("b", "")
            assert found["asked"] == []
            name, held = InterventionId("q"), InterventionId("held")
            await house.do(
                do.Ask(intervention=name, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="a")
            )
            await house.do(do.SetStatus(interventions=(name,), status=InterventionStatus.TO_REPORT))
            passed = {"number": 1, "text": "Why?", "language": "en", "name": "", "question": None}
            assert outcome(house.live.state)["asked"] == [passed]
            await house.do(do.TagIntervention(intervention=name, question=Q1.id))
            await house.do(do.SetStatus(interventions=(name,), status=InterventionStatus.TO_WRITE))
            assert asked_of(house) == [{**passed, "question": "q1"}]
            # Of what nobody may read but whoever leads the questions, interpreters and captioners get no words either.
            await house.do(
                do.Ask(intervention=held, kind=InterventionKind.QUESTION, text="Held?", language="en", asker="b")
            )
            await house.do(do.TagIntervention(intervention=held, question=Q1.id))
            assert [each["text"] for each in asked_of(house)] == ["Why?"]
            await house.do(do.SetStatus(interventions=(held,), status=InterventionStatus.QUEUED))
            assert [each["text"] for each in asked_of(house)] == ["Why?", "Held?"]
            await house.do(do.SetStatus(interventions=(held,), status=InterventionStatus.WITHDRAWN))
            assert [each["text"] for each in asked_of(house)] == ["Why?"]
            # A policy question that is taken from the list leaves the question where it was put; it is listed again.
            await house.do(do.ListPolicyQuestions(questions=()))
            assert [each["question"] for each in asked_of(house)] == ["q1"]

    run(within())


def test_of_many_marked_lines_the_last_are_told() -> None:
    async def within() -> None:
        async with memory_hall() as hall:
            house = NotesMeeting(hall, await hall.session())
            await house.do(do.OpenSession(), by=SYSTEM)
            for n in range(TAGGED + 1):
                await house.say(f"l{n:03}")
                await house.do(do.TagSegment(segment=SegmentId(f"l{n:03}"), tag=Tag.OPTION))
            lines = outcome(house.live.state)["lines"]
            assert isinstance(lines, list)
            assert len(lines) == TAGGED

    run(within())


def test_a_topic_has_no_time_while_the_session_is_closed() -> None:
    async def within() -> None:
        async with memory_hall() as hall:
            house = NotesMeeting(hall, await hall.session())
            await house.do(do.OpenSession(), by=SYSTEM)
            await house.do(do.TakeUp(title="Item 1"))
            await hall.clock.sleep(60_000)
            await house.do(do.CloseSession(), by=SYSTEM)
            await hall.clock.sleep(3_600_000)
            await house.do(do.ReopenSession(), by=SYSTEM)
            news = topics(house.live.state)
            assert news["times"] == ({"question": None, "number": 0, "title": "Item 1", "ms": 60_000},)
            assert (news["until"], news["runs"]) == (3_660_000, True)

    run(within())
