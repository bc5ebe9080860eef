"""Voices that are confirmed at a desk, over the engine link: who is proposed, and what is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from moothall.core import commands as do
from moothall.core.events.lines import EndReason
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import ChannelKind, EngineAttached, VoicesTold, VoiceUse
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.selection import WordsOf
from moothall.core.sessions.who_speaks import MOST_VOICES, VoicesMeasured
from moothall.services.desks.acts import DeskPresence
from moothall.services.desks.requests import DeskRequest
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.desks.voices import MOST_PROPOSED, Voices
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff
from moothall.testing.loop import run
from moothall.wire import engine as wire
from support.memory.acting_engine import Engine, with_engine
from support.memory.hall import FLOOR, MemoryHall, memory_hall

ANA, BEN = SpeakerId("ana"), SpeakerId("ben")
DESK = Actor(Role.CAPTIONER, "c1")
TECHNICIAN = Actor(Role.TECHNICIAN, "t1")


class Meeting:
    """A meeting in which two people are known by name."""

    def __init__(self, hall: MemoryHall, live: LiveSession, engine: Engine, voices: Voices) -> None:
        self.hall, self.live, self.engine, self.voices = hall, live, engine, voices
        self._acts = 0

    async def do(self, *commands: do.AnyCommand, by: Actor = DESK) -> None:
        self._acts += 1
        answer = await self.live.writer.send(by, CommandId(f"a{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer

    async def arrange(self, use: VoiceUse) -> None:
        """Choose what is measured of voices in this session."""
        state = self.live.state
        await self.do(do.ArrangeSession(access=state.access, sound=state.sound, voice_use=use), by=SYSTEM)

    async def shown(self) -> dict[str, Any]:
        for _ in range(20):
            await asyncio.sleep(0)
        found = self.voices.shown(self.live.id)
        assert isinstance(found, dict)
        return found

    async def proposals(self) -> list[tuple[str, str, str]]:
        shown = await self.shown()
        return [(each["segment"], each["speaker"], each["by"]) for each in shown["proposals"]]

    def desk(self, role: Role) -> DeskConnection:
        staff = Staff(link="l", role=role, scope="hall", label="")
        presence = DeskPresence(desk="d", role=role, label="")
        return DeskConnection(staff, self.live, FLOOR, presence, lambda *_: None)


@asynccontextmanager
async def meeting(
    *, changes: bool = True, recognise: bool = True, young_people: bool = False, respoken: bool = False
) -> AsyncIterator[Meeting]:
    async with memory_hall() as hall:
        voices = Voices(hall.sessions, hall.recognising, allowed=VoicesMeasured(changes=changes, learnt=recognise))
        assert hall.group is not None
        passing_on = hall.group.create_task(voices.run())
        live, engine, working = await with_engine(hall, young_people=young_people, respoken=respoken)
        made = Meeting(hall, live, engine, voices)
        await made.do(do.IntroduceSpeaker(speaker=ANA, name="Ana"), do.IntroduceSpeaker(speaker=BEN, name="Ben"))
        yield made
        passing_on.cancel()
        working.cancel()


def test_a_voice_that_a_desk_confirmed_is_proposed_for_later_lines_and_published_by_nobody() -> None:
    async def story() -> None:
        async with meeting() as on:
            engine = on.engine
            assert (engine.attach.turns, engine.attach.voices) == (True, True)
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await engine.say("l1", "Good morning all", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            (order,) = await engine.told(1)
            assert order == wire.LearnVoice(attachment=1, voice=1, segment=SegmentId("l1"))
            await engine.learnt(1, 2_700)
            await engine.say("l2", "Somebody else", 4_000, EndReason.SPEAKER)
            await engine.say("l3", "A short one", 8_000)
            await engine.say("l4", "And I again", 12_000)
            await engine.hears("l4", 1, 2_500)
            # With it the earlier line of the same turn, but none of the turn before.
            assert await on.proposals() == [("l4", "ana", "voice"), ("l3", "ana", "voice")]
            assert (await on.shown())["learnt"] == ["ana"]
            lines = (SegmentId("l3"), SegmentId("l4"))
            assert [line.speaker for name in lines if (line := on.live.state.segments.get(name))] == [None, None]
            await on.do(do.AssignSpeaker(segments=(SegmentId("l3"),), speaker=ANA))
            refused = await on.voices.all()["not-theirs"](
                on.desk(Role.CAPTIONER), DeskRequest(segments=(SegmentId("l4"), SegmentId("nothing")))
            )
            assert refused == {}
            assert await on.proposals() == []
            await engine.hears("l4", 1, 2_500)
            assert await on.proposals() == []
            assert engine.voices == [order], "a voice that is known well is not learnt again"

    run(story())


def test_a_name_that_is_pressed_teaches_by_the_lines_of_its_turn_only() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True), do.AgreeVoice(speaker=BEN, agreed=True))
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=ANA))
            await on.engine.say("l1", "Good morning", 0)
            await on.engine.say("l2", "I ask", 4_000, EndReason.SPEAKER)
            await on.engine.say("l3", "I answer", 8_000)
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=BEN))
            await on.engine.say("l4", "I am Ben", 12_000)
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=None))
            await on.engine.say("l5", "And I", 16_000)
            assert [(each.voice, getattr(each, "segment", "")) for each in await on.engine.told(2)] == [
                (1, "l1"),
                (2, "l4"),
            ]

    run(story())


def test_a_split_that_is_taken_back_ends_no_turn() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=BEN, agreed=True))
            await on.engine.say("l1", "Who asks me", 0, EndReason.SPEAKER)
            line, part = SegmentId("l1"), SegmentId("p")
            await on.do(do.SplitSegment(channel=FLOOR, segment=line, revision=0, word=1, into=part))
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=BEN))
            await on.do(do.JoinSegments(channel=FLOOR, segment=line, revision=1, part=part))
            await on.engine.say("l2", "I am Ben", 8_000)
            assert await on.engine.told(1) == [wire.LearnVoice(attachment=1, voice=1, segment=SegmentId("l2"))]

    run(story())


def test_a_voice_that_was_learnt_by_a_wrong_name_is_forgotten_where_the_name_is_taken_back() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            line = (SegmentId("l1"),)
            await on.engine.say("l1", "I am Ben", 0)
            await on.do(do.AssignSpeaker(segments=line, speaker=ANA))
            await on.engine.told(1)
            await on.engine.learnt(1, 2_700)
            await on.engine.say("l2", "And I again", 4_000)
            await on.engine.hears("l2", 1, 2_500)
            assert await on.proposals() == [("l2", "ana", "voice")]
            await on.do(do.AssignSpeaker(segments=line, speaker=None))
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)
            shown = await on.shown()
            assert (shown["proposals"], shown["agreed"], shown["learnt"]) == ([], ["ana"], [])
            # Her own voice can be learnt then.
            await on.engine.say("l3", "I am Ana", 8_000)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l3"),), speaker=ANA))
            assert (await on.engine.told(3))[2:] == [wire.LearnVoice(attachment=1, voice=2, segment=SegmentId("l3"))]

    run(story())


def test_a_voice_that_was_learnt_by_two_people_is_forgotten() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True), do.AgreeVoice(speaker=BEN, agreed=True))
            line, part = SegmentId("l1"), SegmentId("p")
            await on.engine.say("l1", "Who asks me I", 0)
            await on.do(do.AssignSpeaker(segments=(line,), speaker=ANA))
            await on.engine.told(1)
            await on.do(do.SplitSegment(channel=FLOOR, segment=line, revision=0, word=3, into=part))
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)

    run(story())


def test_a_voice_that_was_learnt_by_a_part_is_forgotten_where_the_split_is_undone() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=BEN, agreed=True))
            line, part = SegmentId("l1"), SegmentId("p")
            await on.engine.say("l1", "Who asks me I", 0)
            split = do.SplitSegment(channel=FLOOR, segment=line, revision=0, word=3, into=part)
            answer = await on.engine.act(msgspec.structs.replace(split, generation=on.engine.attach.generation))
            assert isinstance(answer, wire.Accepted)
            await on.do(do.AssignSpeaker(segments=(part,), speaker=BEN))
            assert await on.engine.told(1) == [wire.LearnVoice(attachment=1, voice=1, segment=part)]
            await on.do(do.JoinSegments(channel=FLOOR, segment=line, revision=1, part=part))
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)

    run(story())


def test_where_an_engine_splits_a_line_what_it_learnt_before_stays() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=ANA))
            await on.engine.say("l1", "Who asks me I", 0)
            await on.engine.told(1)
            await on.engine.learnt(1, 2_700)
            split = do.SplitSegment(channel=FLOOR, segment=SegmentId("l1"), revision=0, word=3, into=SegmentId("p"))
            answer = await on.engine.act(msgspec.structs.replace(split, generation=on.engine.attach.generation))
            assert isinstance(answer, wire.Accepted)
            assert (await on.shown())["learnt"] == ["ana"]

    run(story())


def test_after_another_attachment_a_name_teaches_once_it_is_confirmed_again() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=ANA))
            await on.engine.say("l1", "Good morning all", 0)
            await on.engine.told(1)
            await on.engine.learnt(1, 2_700)
            await on.do(do.SetLanguages(languages=("en", "fr")))
            await on.engine.attached_anew()
            # Ana's name stands still, and perhaps it is somebody else who goes on.
            await on.engine.say("l2", "I am Ben", 4_000)
            # Before anybody speaks it is confirmed, however often engines change.
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=ANA))
            await on.do(do.SetLanguages(languages=("en",)))
            await on.engine.attached_anew()
            await on.engine.say("l3", "And I am Ana", 8_000)
            assert (await on.engine.told(2))[1] == wire.LearnVoice(attachment=3, voice=1, segment=SegmentId("l3"))

    run(story())


def test_another_attachment_in_another_text_leaves_what_is_known_in_this_one() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            line = (SegmentId("l1"),)
            await on.engine.say("l1", "I am Ben", 0)
            await on.do(do.AssignSpeaker(segments=line, speaker=ANA))
            await on.engine.told(1)
            await on.engine.learnt(1, 2_700)
            booth = ChannelId("booth")
            interpreted = do.AddChannel(channel=booth, kind=ChannelKind.INTERPRETATION, languages=("fr",))
            await on.do(interpreted, do.AttachEngine(channel=booth, model="whisper"), by=SYSTEM)
            assert (await on.shown())["learnt"] == ["ana"]
            await on.do(do.AssignSpeaker(segments=line, speaker=None))
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)

    run(story())


def test_earlier_lines_are_proposed_in_the_order_of_the_text_and_only_those_that_one_engine_heard() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "I am Ana", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            await on.engine.told(1)
            await on.engine.say("l2", "I am Ben", 4_000, EndReason.SPEAKER)
            # It comes after lines that began later.
            await on.do(do.TypeSegment(channel=FLOOR, segment=SegmentId("typed"), text="Order", language="en"))
            await on.engine.say("l3", "And I again", 8_000)
            await on.engine.say("l4", "And again", 12_000)
            await on.engine.hears("l4", 1, 2_500)
            proposed = [("l4", "ana", "voice"), ("l3", "ana", "voice")]
            assert await on.proposals() == proposed
            await on.engine.say("l5", "Who is it", 16_000)
            await on.do(do.SetLanguages(languages=("en", "fr")))
            await on.engine.attached_anew()
            await on.engine.say("l6", "I am Ana", 20_000)
            await on.engine.hears("l6", 1, 2_500)
            assert await on.proposals() == [*proposed, ("l6", "ana", "voice")]

    run(story())


def test_whom_the_queue_called_is_proposed_for_all_lines_of_the_turn_whichever_engine_heard_them() -> None:
    async def story() -> None:
        async with meeting() as on:
            turn = InterventionId("q")
            ask = do.Ask(
                intervention=turn, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="x", name="Ana"
            )
            await on.do(ask, by=TECHNICIAN)
            for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
                await on.do(do.SetStatus(interventions=(turn,), status=status), by=TECHNICIAN)
            await on.engine.say("l1", "I ask", 0)
            await on.do(do.SetLanguages(languages=("en", "fr")))
            await on.engine.attached_anew()
            await on.engine.say("l2", "Why is it", 4_000)
            assert await on.proposals() == [("l1", "ana", "queue"), ("l2", "ana", "queue")]

    run(story())


def test_where_no_change_is_heard_no_earlier_line_is_proposed() -> None:
    async def story() -> None:
        async with meeting(changes=False) as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "I am Ana", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            await on.engine.told(1)
            await on.engine.say("l2", "I am Ben", 4_000)
            await on.engine.say("l3", "And I again", 8_000)
            await on.engine.hears("l3", 1, 2_500)
            assert await on.proposals() == [("l3", "ana", "voice")]

    run(story())


def test_where_a_desk_hears_another_person_no_voice_is_learnt_until_the_engine_hears_a_change() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True), do.AgreeVoice(speaker=BEN, agreed=True))
            await on.engine.say("l1", "I am Ana", 0)
            await on.engine.say("l2", "Who asks me I", 4_000)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            learnt = wire.LearnVoice(attachment=1, voice=1, segment=SegmentId("l1"))
            assert await on.engine.told(1) == [learnt]
            line, part = SegmentId("l2"), SegmentId("p")
            await on.do(do.SplitSegment(channel=FLOOR, segment=line, revision=0, word=3, into=part))
            forgotten = wire.ForgetVoice(attachment=1, voice=1)
            assert await on.engine.told(2) == [learnt, forgotten], "it may have been learnt by what Ben said"
            await on.engine.say("l3", "I have asked", 8_000)
            for name in ("l1", "l2"):
                await on.do(do.AssignSpeaker(segments=(SegmentId(name),), speaker=ANA))
            for name in (part, SegmentId("l3")):
                await on.do(do.AssignSpeaker(segments=(name,), speaker=BEN))
            await on.engine.say("l4", "Thank you", 12_000, EndReason.SPEAKER)
            await on.engine.say("l5", "We go on", 16_000)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l5"),), speaker=ANA))
            again = wire.LearnVoice(attachment=1, voice=2, segment=SegmentId("l5"))
            assert await on.engine.told(3) == [learnt, forgotten, again]
            # So it is where another person begins after a line.
            await on.do(do.SplitSegment(channel=FLOOR, segment=SegmentId("l5"), revision=0, word=3, into=None))
            assert (await on.engine.told(4))[3] == wire.ForgetVoice(attachment=1, voice=2)

    run(story())


def test_a_voice_that_a_later_line_of_the_turn_taught_is_forgotten_where_a_desk_hears_another_person() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=BEN, agreed=True))
            await on.engine.say("l1", "I am Ana Ben", 0)
            await on.engine.say("l2", "I ask", 4_000)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l2"),), speaker=BEN))
            await on.engine.told(1)
            await on.do(
                do.SplitSegment(channel=FLOOR, segment=SegmentId("l1"), revision=0, word=3, into=SegmentId("p"))
            )
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)

    run(story())


def test_a_split_that_is_undone_or_where_changes_are_not_heard_keeps_no_voice_from_being_learnt() -> None:
    async def story(*, changes: bool) -> None:
        async with meeting(changes=changes) as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "Good morning all", 0)
            line, part = SegmentId("l1"), SegmentId("p")
            await on.do(do.SplitSegment(channel=FLOOR, segment=line, revision=0, word=1, into=part))
            if changes:
                await on.do(do.JoinSegments(channel=FLOOR, segment=line, revision=1, part=part))
            await on.do(do.SetSpeaker(channel=FLOOR, speaker=ANA))
            await on.engine.say("l2", "I go on", 4_000)
            assert await on.engine.told(1) == [wire.LearnVoice(attachment=1, voice=1, segment=SegmentId("l2"))]

    run(story(changes=True))
    run(story(changes=False))


def test_one_press_forgets_a_voice_at_once_and_what_was_heard_of_it() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "Good morning all", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            await on.engine.told(1)
            await on.engine.learnt(1, 2_700)
            await on.engine.say("l2", "And I again", 4_000)
            await on.engine.hears("l2", 1, 2_500)
            assert await on.proposals() == [("l2", "ana", "voice")]
            await on.do(do.AgreeVoice(speaker=ANA, agreed=False))
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)
            await on.engine.hears("l2", 1, 2_500)
            shown = await on.shown()
            assert (shown["proposals"], shown["agreed"], shown["learnt"]) == ([], [], [])
            # Who agrees again gets another number, so that nothing in transit is taken for theirs.
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.do(do.AssignSpeaker(segments=(SegmentId("l2"),), speaker=ANA))
            assert (await on.engine.told(3))[2].voice == 2

    run(story())


def test_a_voice_is_forgotten_where_the_name_is_removed_and_no_other() -> None:
    async def story() -> None:
        async with meeting() as on:
            looks: list[SessionId] = []
            for n, who in enumerate((ANA, BEN), 1):
                await on.do(do.AgreeVoice(speaker=who, agreed=True))
                await on.engine.say(f"l{n}", "Good morning all", 4_000 * n)
                await on.do(do.AssignSpeaker(segments=(SegmentId(f"l{n}"),), speaker=who))
                await on.engine.told(n)
                await on.engine.learnt(n, 2_700)
            on.voices.changed = looks.append
            for removal in (WordsOf(ANA), WordsOf(ANA, name=True)):
                assert (await on.shown())["learnt"] == ["ana", "ben"]
                await on.live.writer.remove(TECHNICIAN, CommandId(f"r{removal.name}"), removal)
            assert (await on.engine.told(3))[2:] == [wire.ForgetVoice(attachment=1, voice=1)]
            shown = await on.shown()
            assert (shown["agreed"], shown["learnt"]) == (["ben"], ["ben"])
            assert looks, "desks are shown it at once"

    run(story())


def test_all_is_forgotten_at_the_close_and_nothing_is_learnt_of_who_did_not_agree() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "Good morning all", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=BEN))
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=None))
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            await on.engine.told(1)
            await on.engine.hears("l1", 1, 1_900)
            assert await on.proposals() == []
            await on.do(do.CloseSession(), by=SYSTEM)
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)

    run(story())


def test_without_the_setting_and_with_young_people_no_voice_is_measured() -> None:
    async def story() -> None:
        async with meeting(recognise=False) as on:
            assert (on.engine.attach.turns, on.engine.attach.voices) == (True, False)
            assert on.voices.shown(on.live.id) is None
        async with meeting(young_people=True) as on:
            assert (on.engine.attach.turns, on.engine.attach.voices) == (False, False)
            assert on.voices.shown(on.live.id) is None

    run(story())


def test_whoever_may_not_name_speakers_refuses_no_proposal_and_a_voice_too_many_is_not_learnt() -> None:
    async def story() -> None:
        async with meeting() as on:
            refused = await on.voices.all()["not-theirs"](on.desk(Role.RAPPORTEUR), DeskRequest())
            assert not isinstance(refused, dict)
            for n in range(MOST_VOICES + 1):
                await on.engine.say(f"l{n}", "One", 1_000 * n)
                name = SpeakerId(f"s{n}")
                await on.do(
                    do.IntroduceSpeaker(speaker=name, name=f"S {n}"),
                    do.AgreeVoice(speaker=name, agreed=True),
                    do.AssignSpeaker(segments=(SegmentId(f"l{n}"),), speaker=name),
                )
            orders = await on.engine.told(MOST_VOICES)
            assert len({each.voice for each in orders}) == MOST_VOICES
            assert (await on.shown())["full"]
            for n in range(MOST_PROPOSED + 1):
                await on.engine.say(f"m{n}", "One", 70_000 + 1_000 * n)
                await on.engine.hears(f"m{n}", 1, 2_000)
            assert len(await on.proposals()) == MOST_PROPOSED

    run(story())


def test_a_session_that_wants_less_is_attached_anew_and_what_was_known_is_forgotten() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "Good morning all", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            await on.engine.told(1)
            await on.engine.learnt(1, 2_700)
            await on.engine.say("l2", "And I again", 4_000)
            await on.engine.hears("l2", 1, 2_500)
            assert await on.proposals() == [("l2", "ana", "voice")]
            await on.arrange(VoiceUse.CHANGES)
            assert (await on.engine.told(2))[1] == wire.ForgetVoice(attachment=1, voice=1)
            assert on.voices.shown(on.live.id) is None
            await on.engine.attached_anew()
            assert (on.engine.attach.turns, on.engine.attach.voices) == (True, False)
            await on.arrange(VoiceUse.ALLOWED)
            await on.engine.attached_anew()
            assert (on.engine.attach.turns, on.engine.attach.voices) == (True, True)
            told = [event.voices for event in await on.hall.events(on.live.id) if isinstance(event, EngineAttached)]
            assert told == [VoicesTold.KNOWN, VoicesTold.CHANGES, VoicesTold.KNOWN], "readers are told of each"
            shown = await on.shown()
            assert (shown["proposals"], shown["agreed"], shown["learnt"]) == ([], ["ana"], [])

    run(story())


def test_a_respeakers_voice_is_measured_by_nobody() -> None:
    async def story() -> None:
        async with meeting(respoken=True) as on:
            assert (on.engine.attach.turns, on.engine.attach.voices) == (False, False)
            await on.do(do.AgreeVoice(speaker=ANA, agreed=True))
            await on.engine.say("l1", "Good morning all", 0)
            await on.do(do.AssignSpeaker(segments=(SegmentId("l1"),), speaker=ANA))
            await on.shown()
            assert on.engine.voices == []

    run(story())
