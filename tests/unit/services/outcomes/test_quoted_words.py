from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events.types import Access
from moothall.core.kernel.ids import (
    InterventionId,
    SessionId,
)
from moothall.testing import loop
from support.memory.hall import FLOOR
from support.reports.documented_session import CAPTIONER, DOCUMENT, S1, WORDS, house, lines, message, question


def test_a_line_that_is_mended_reads_as_it_did_and_as_it_does() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            await here.report(live, message(lines(live.writer.offset)))
            await here.stated()
            assert await here.documents.publish(DOCUMENT, WORDS) is None
            await here.shown()
            mend = do.CorrectSegment(
                channel=FLOOR, segment=S1, text="Nobody is left out.", base_revision=0, base_words=0
            )
            await here.send(live, CAPTIONER, mend)
            (said,) = await here.shown()
            assert said.quotation is not None
            assert (said.quotation.text, said.quotation.now) == ("Nobody may be left out.", "Nobody is left out.")

    loop.run(story())


def test_nothing_is_quoted_that_not_everybody_may_read() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            at = live.writer.offset
            hidden = await here.hall.session(SessionId("hidden"), Access.STAFF)
            elsewhere = lines(at, hidden.id)
            nowhere = msgspec.structs.replace(lines(at), session=SessionId("nowhere"))
            no_line = msgspec.structs.replace(lines(at), first=None)
            lost = question(at, InterventionId("p9"))
            found = await here.documents.quoted.words([elsewhere, nowhere, no_line, lost])
            assert [(each.quotation, each.asked, each.begins) for each in found.values()] == [(None, None, 0)] * 4

    loop.run(story())
