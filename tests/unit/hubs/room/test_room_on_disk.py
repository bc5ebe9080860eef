"""A room's questions on real files: stored ones are there after the program has ended, and go up once."""

from __future__ import annotations

from pathlib import Path

import msgspec

from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.ids import InterventionId
from moothall.services.questions.asking import AskRequest
from moothall.services.questions.author_view import QuestionStage
from moothall.testing.clock import SeededRandomness
from moothall.wire.hubs.acts import AskAct
from moothall.wire.hubs.messages import ActDone
from moothall_hub.outbox.outbox import HubOutbox
from moothall_hub.room.local_questions import Local, Mode
from moothall_hub.room.presence import RoomPresence
from moothall_hub.room.questions import RoomQuestions
from support.hubs.desk import S, room


async def test_what_a_room_did_is_there_after_a_restart_and_goes_up_once(tmp_path: Path) -> None:
    async with room() as made:
        for life in range(3):
            book = await SqliteBook.open(tmp_path / "book.sqlite")
            outbox = await HubOutbox.open(tmp_path / "outbox.sqlite")
            randomness = SeededRandomness(5 + life)
            parts = msgspec.structs.replace(made.parts, book=book, outbox=outbox, randomness=randomness)
            local, presence = RoomQuestions(parts), RoomPresence(parts)
            await local.load()
            await presence.load()
            if not life:
                await local.set_mode(S, Mode.OPEN)
                wish = AskRequest(kind=InterventionKind.QUESTION, text="Why?", language="en", form="f1")
                assert isinstance(await local.ask(S, wish, "v1"), str)
                await presence.count(S, 23)
                await presence.leave(S, "We hear you.")
            await local.pass_on()
            await presence.pass_on()
            (each,) = local.of(S).by_id.values()
            assert (each.text, each.stands) == ("Why?", Local.FORWARDED)
            assert presence.people(S).people == 23  # type: ignore[union-attr]
            asks = [act for act in await outbox.unsent(10) if isinstance(act.act, AskAct)]
            if life < 2:
                assert [act.id for act in asks] == [f"ask:{each.id}"]
            if life == 1:
                await outbox.answered(asks[0].id, ActDone(id=asks[0].id))
            if life == 2:
                seen = (await local.seen(S, each)).room
                assert asks == []
                assert seen is not None
                assert seen.where is QuestionStage.ARRIVED
                assert local.of_token(S, local.token(S, InterventionId(each.id))) == each
            await outbox.close()
            await book.close()
