"""What stands on a hub's disk of questions that the meeting has removed: none of it, in no file."""

from __future__ import annotations

from pathlib import Path

from hub_desk import NODE, S, room
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.events.question_parts import Kind, Standing
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.testing.seeded import SeededRandomness
from moothall.wire.hub import AskAct
from moothall_hub.outbox.outbox import Outbox
from moothall_hub.room.local_floor import Mode
from moothall_hub.room.ports import ActState
from moothall_hub.room.questions import RoomFloor, RoomWish
from moothall_hub.room.words import RoomWords
from removing_hall import found

WISH = RoomWish(kind=Kind.QUESTION, text="Who likes rhubarb?", language="en", form="f1", name="Quetzalcoatl")
OTHER = SessionId("other")


async def test_a_question_that_was_removed_goes_though_its_answer_is_on_its_way_still(tmp_path: Path) -> None:
    async with room() as made:
        book = await SqliteBook.open(tmp_path / "house.sqlite")
        outbox = await Outbox.open(tmp_path / "outbox.sqlite")
        floor = RoomFloor(
            book=book,
            outbox=outbox,
            meetings=made.meetings,
            clock=made.clock,
            randomness=SeededRandomness(5),
            node=NODE,
        )
        await floor.load()
        await floor.set_mode(S, Mode.OPEN)
        name = await floor.ask(S, WISH, "v1")
        assert isinstance(name, str)
        what = InterventionId(name)
        # It reaches the meeting, whose answer doesn't come. A hub below asked the same way.
        (act,) = [act for act in await outbox.unsent(10) if isinstance(act.act, AskAct)]
        await made.outbox.put(S, act.id, "", act.act, act.at)
        await made.meeting.take()
        await made.meeting.stand(what, Standing.QUEUED)
        words = RoomWords(floor, outbox, made.meetings)
        await words.erase_removed(S)
        await words.erase_removed(OTHER)
        assert found(tmp_path, "rhubarb")
        await made.meeting.remove(what)
        await words.erase_removed(S)
        for text in ("rhubarb", "Quetzalcoatl"):
            assert found(tmp_path, text) == []
        standing = await outbox.state(act.id)
        assert standing is not None
        assert standing.state is ActState.DONE
        await outbox.close()
        await book.close()


async def test_all_of_a_session_that_is_no_more_goes(tmp_path: Path) -> None:
    async with room() as made:
        book = await SqliteBook.open(tmp_path / "house.sqlite")
        outbox = await Outbox.open(tmp_path / "outbox.sqlite")

        def opened() -> RoomFloor:
            return RoomFloor(
                book=book,
                outbox=outbox,
                meetings=made.meetings,
                clock=made.clock,
                randomness=SeededRandomness(5),
                node=NODE,
            )

        floor = opened()
        await floor.load()
        changed: list[SessionId] = []
        floor.when_changed(changed.append)
        for session in (S, OTHER):
            name = await floor.ask(session, WISH, "v1")
            assert isinstance(name, str)
            assert await floor.support(session, InterventionId(name), "v2")
        await RoomWords(floor, outbox, made.meetings).forget(S)
        assert changed[-1] == S
        again = opened()
        await again.load()
        for each in (floor, again):
            assert (len(each.floor(S).questions), len(each.floor(OTHER).questions)) == (0, 1)
        await outbox.close()
        await book.close()
