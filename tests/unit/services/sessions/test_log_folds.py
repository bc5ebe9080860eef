"""Folds of a kind that isn't a record; test_records.py has slices, epochs, and how many are kept."""

from __future__ import annotations

from moothall.core.commands import CorrectSegment, OpenSession, TypeSegment
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.removal.selection import Lines
from moothall.core.views.captions import Snapshot
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import Records
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION, memory_hall

CAPTIONER = Actor(Role.CAPTIONER, "c1")
LINE = SegmentId("s1")


def test_a_history_goes_on_and_forgets_what_was_removed() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session(SESSION)
            records = Records(ReaderAccess(hall.sessions), hall.log)

            async def texts() -> list[str]:
                found = await records.find(SESSION)
                assert isinstance(found, Snapshot)
                made = await records.history(found)
                return [text.text for text in made.texts.get(LINE, ())]

            typed = TypeSegment(channel=FLOOR, segment=LINE, text="We where ready.", language="en")
            mended = CorrectSegment(channel=FLOOR, segment=LINE, base_revision=0, base_words=0, text="We were ready.")
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), OpenSession()), Receipt)
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("type"), typed), Receipt)
            assert await texts() == ["We where ready."]
            answer = await live.writer.send(CAPTIONER, CommandId("mend"), mended)
            assert isinstance(answer, Receipt), answer
            assert await texts() == ["We where ready.", "We were ready."]
            office = Actor(Role.SECRETARIAT, "a1")
            assert isinstance(await live.writer.remove(office, CommandId("remove"), Lines((LINE,))), Receipt)
            assert await texts() == []
            records.forget(SESSION)
            assert await texts() == []

    loop.run(story())
