from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.services.questions.asking import AskRequest
from moothall.services.questions.author_view import Own
from moothall.services.questions.typing import FinishedLine, TypingReceived, TypingUpdate, Untyped
from moothall.wire.hubs.acts import TypeAct
from moothall_hub.outbox.outbox import MOST_OWN_LINES
from support.hubs.desk import Room, S, jumping, room

WISH = AskRequest(kind=InterventionKind.QUESTION, text="Why?", language="en", form="f1")


def written(*lines: tuple[str, str], unkept: bool = False) -> TypingUpdate:
    done = tuple(FinishedLine(line=line, text=text, unkept=unkept) for line, text in lines)
    return TypingUpdate(page="p", n=1, line="next", text="in pro", done=done)


async def called(made: Room) -> InterventionId:
    """A question of the room, whose turn it is."""
    what = await made.local.ask(S, WISH, "v1")
    assert isinstance(what, str)
    await made.local.forward(S, [InterventionId(what)])
    await made.meeting.take()
    await made.meeting.stand(InterventionId(what), InterventionStatus.QUEUED)
    await made.meeting.stand(InterventionId(what), InterventionStatus.CALLED)
    return InterventionId(what)


async def own(made: Room, what: InterventionId) -> Own:
    found = await made.local.own(S, made.local.token(S, what))
    assert found is not None
    return found


@jumping
async def test_each_finished_line_goes_up_once_and_what_is_in_progress_stays() -> None:
    async with room() as made:
        typing, what = made.local, await called(made)
        assert await typing.write(S, what, written()) == TypingReceived(kept=(), recorded=True)
        for lines in ([("l1", " It is late. ")], [("l1", "It is late."), ("l2", "So?")]):
            answer = await typing.write(S, what, written(*lines))
            assert answer == TypingReceived(kept=tuple(name for name, _ in lines), recorded=True)
        assert [(put.id, put.act) for put in made.outbox.of(TypeAct)] == [
            (f"type:{what}:{line}", TypeAct(intervention=what, line=line, text=text))
            for line, text in (("l1", "It is late."), ("l2", "So?"))
        ]
        assert typing.in_progress(S, what) is None
        found = await own(made, what)
        assert [line.text for line in found.typed] == ["It is late.", "So?"]
        assert found.room is not None
        assert found.room.waiting == (None, None)
        made.outbox.answer(CommandId(f"type:{what}:l1"))
        made.outbox.answer(CommandId(f"type:{what}:l2"), RefusalCode.CONFLICT, "It is not this author's turn.")
        room_ = (await own(made, what)).room
        assert room_ is not None
        assert room_.refused is not None
        assert (room_.refused.act, room_.refused.message) == (None, "It is not this author's turn.")


@jumping
async def test_what_is_not_to_be_kept_or_not_its_turn_reaches_no_disk() -> None:
    async with room() as made:
        typing, what = made.local, await called(made)
        line = ("l1", "So.")
        assert await typing.write(S, InterventionId("other"), written(line)) is Untyped.TURN
        assert await typing.write(S, what, written(("L 1", "So."))) is Untyped.TEXT
        assert await typing.write(S, what, written(line, unkept=True)) is Untyped.RECORDED
        await made.meeting.do(do.BeginNotRecorded(), actor=SYSTEM)
        for unkept in (False, True):
            assert await typing.write(S, what, written(line, unkept=unkept)) is Untyped.NOT_RECORDED
        voice = (await own(made, what)).voice
        assert voice is not None
        assert (voice.may_type, voice.recorded) == (True, False), "its turn goes on, and its page says what is missing"
        await made.meeting.do(do.EndNotRecorded(), do.PauseSession(), actor=SYSTEM)
        assert await typing.write(S, what, written(line)) is Untyped.BREAK
        await made.meeting.do(do.CloseSession(), actor=SYSTEM)
        assert await typing.write(S, what, written(line)) is Untyped.TURN
        assert made.outbox.of(TypeAct) == []


@jumping
async def test_a_line_whose_answer_was_lost_is_not_given_back_while_nothing_is_recorded() -> None:
    async with room() as made:
        typing, what = made.local, await called(made)
        assert isinstance(await typing.write(S, what, written(("l1", "It is late."))), TypingReceived)
        await made.meeting.do(do.BeginNotRecorded(), actor=SYSTEM)
        answer = await typing.write(S, what, written(("l1", "It is late."), ("l2", "So?")))
        assert answer == TypingReceived(kept=("l1",), recorded=False)
        assert len(made.outbox.of(TypeAct)) == 1


@jumping
async def test_so_many_lines_wait_and_the_next_comes_too_often() -> None:
    async with room() as made:
        typing, what = made.local, await called(made)
        for n in range(MOST_OWN_LINES):
            assert isinstance(await typing.write(S, what, written((f"l{n}", "So."))), TypingReceived)
        assert await typing.write(S, what, written(("more", "So."))) is Untyped.OFTEN
        assert len(made.outbox.of(TypeAct)) == MOST_OWN_LINES
        made.outbox.answer(CommandId(f"type:{what}:l0"))
        assert isinstance(await typing.write(S, what, written(("more", "So."))), TypingReceived)
