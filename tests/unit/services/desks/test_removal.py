from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.selection import Interventions, Lines, Selection, SpokenSpan, WordsOf
from moothall.services.desks.removal import Spoken, remove, spoken
from moothall.services.log.act_queue import Receipt
from moothall.testing.log_memory import FailingLog
from support.memory.writer import FLOOR, TECHNICIAN, Stage, opened, said, stage

HIDDEN = "rhubarb"
ANA = SpeakerId("ana")


async def talked(made: Stage) -> None:
    await opened(made)
    await said(made, "a", 0, "Good", " day.")
    await said(made, "b", 2_000, "So", f" {HIDDEN}", " it", " is.")
    await made.done("ana", do.IntroduceSpeaker(speaker=ANA, name="Ana"))
    await made.done("hers", do.AssignSpeaker(segments=(SegmentId("b"),), speaker=ANA))


class Tape:
    """Sound that can be made silent."""

    def __init__(self, made: Stage) -> None:
        self.made = made
        self.silent: list[Spoken] = []
        self.text_was_there: list[bool] = []
        self.stuck = False

    async def silence(self, session: SessionId, times: Sequence[Spoken]) -> None:
        assert session == self.made.writer.session
        if self.stuck:
            raise StorageUnavailable("The disk is full.")
        self.silent += times
        self.text_was_there.append(HIDDEN.encode() in await self.made.bodies())


async def removed(made: Stage, selection: Selection, tape: Tape | None = None, who: Actor = TECHNICIAN) -> object:
    silence = None if tape is None else tape.silence
    return await remove(made.writer, who, CommandId("r"), selection, copies=made.copies(), silence=silence)


async def test_the_sound_goes_first_and_then_the_text() -> None:
    for selection, times in (
        (SpokenSpan(2_400, 3_000), ((FLOOR, 2_400, 3_000),)),
        (Lines((SegmentId("b"),)), ((FLOOR, 2_000, 3_900),)),
        (WordsOf(ANA), ((FLOOR, 2_000, 3_900),)),
    ):
        async with stage() as made:
            await talked(made)
            assert spoken(made.writer, selection) == times
            tape = Tape(made)
            answer = await removed(made, selection, tape)
            assert isinstance(answer, Receipt)
            assert (tuple(tape.silent), tape.text_was_there) == (times, [True])
            assert HIDDEN.encode() not in await made.bodies()
            assert await removed(made, selection, tape) == answer
            assert len(tape.silent) == len(times)


async def test_a_span_leaves_the_words_around_it() -> None:
    async with stage() as made:
        await talked(made)
        assert isinstance(await removed(made, SpokenSpan(2_400, 3_000)), Receipt)
        assert made.texts() == ["Good day.", "So", " it is."]


async def test_a_silent_span_is_made_silent_and_said_to_be_removed() -> None:
    async with stage() as made:
        await talked(made)
        tape = Tape(made)
        assert isinstance(await removed(made, SpokenSpan(7_000, 8_000), tape), Receipt)
        assert tape.silent == [(FLOOR, 7_000, 8_000)]


async def test_nobody_else_makes_anything_silent() -> None:
    async with stage() as made:
        await talked(made)
        tape = Tape(made)
        may = {role for role in Role if role in (Role.TECHNICIAN, Role.SECRETARIAT)}
        for role in set(Role) - may:
            refusal = await removed(made, SpokenSpan(0, 9_000), tape, Actor(role, "x"))
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.FORBIDDEN
        nothing = await removed(made, Lines((SegmentId("x"),)), tape)
        assert isinstance(nothing, Refusal)
        assert nothing.code is RefusalCode.UNKNOWN
        assert tape.silent == []


async def test_when_the_text_cannot_be_removed_the_same_request_goes_on() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await talked(made)
        tape = Tape(made)
        tape.stuck = True
        unavailable = await removed(made, WordsOf(ANA), tape)
        assert isinstance(unavailable, Refusal)
        assert unavailable.code is RefusalCode.UNAVAILABLE
        assert HIDDEN.encode() in await made.bodies()
        tape.stuck = False
        log.keeps = True
        assert isinstance(await removed(made, WordsOf(ANA), tape), Refusal)
        log.keeps = False
        assert isinstance(await removed(made, WordsOf(ANA), tape), Receipt)
        assert tape.silent == [(FLOOR, 2_000, 3_900)] * 2


async def test_what_somebody_asked_has_no_sound() -> None:
    async with stage() as made:
        await talked(made)
        name = InterventionId("q")
        asked = do.Ask(intervention=name, kind=InterventionKind.QUESTION, text=HIDDEN, language="en", asker="x")
        await made.done("ask", asked, actor=Actor(Role.PARTICIPANT, "p"))
        tape = Tape(made)
        tape.stuck = True
        assert isinstance(await removed(made, Interventions((name,)), tape), Receipt)
        assert made.texts() == ["Good day.", f"So {HIDDEN} it is."]
        floor = made.writer.state.questions.get(name)
        assert floor is not None
        assert floor.removed
