from __future__ import annotations

import msgspec

from moothall.core.events.outcome_parts import (
    ParagraphStyle,
)
from moothall.core.kernel.ids import (
    SessionId,
)
from moothall.services.outcomes.documents import version_of
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.testing import loop
from support.reports.documented_session import DOCUMENT, WORDS, house, message


def test_a_new_version_of_a_report_stands_in_the_next_version_only() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            await here.report(live, message(text="First."))
            await here.stated()
            assert await here.documents.publish(DOCUMENT, WORDS) is None
            await here.report(live, message(text="Second."))
            found = await here.documents.find(DOCUMENT)
            assert found is not None
            assert found.document.newest is not None
            shown = await here.documents.shown(found.document.newest.paragraphs)
            assert [each.message.text for each in shown.values()] == ["First."]
            assert await here.documents.publish(DOCUMENT, WORDS) is None
            again = await here.documents.find(DOCUMENT)
            assert again is not None
            first, second = again.document.versions
            assert [each.n for each in first.paragraphs] == [each.n for each in second.paragraphs]
            shown = await here.documents.shown(second.paragraphs)
            assert [each.message.text for each in shown.values()] == ["Second."]
            assert version_of(again.document, 1) == first
            assert version_of(again.document, 3) is None
            cited = first.paragraphs[-1].message
            assert cited is not None
            lost = msgspec.structs.replace(cited, n=9)
            gone = msgspec.structs.replace(first.paragraphs[-1], message=lost)
            assert first.paragraphs[-1].style is ParagraphStyle.MESSAGE
            assert await here.documents.shown([gone]) == {}

    loop.run(story())


def test_when_reports_were_first_published() -> None:
    async def story() -> None:
        async with house() as there:
            live = await there.session()
            known = PublishedReports(there.hall.log)
            assert await known.first_published([report_of(live.id)]) == ()
            at = there.hall.clock.wall()
            await there.report(live, message())
            await there.hall.clock.sleep(5_000)
            await there.report(live, message(text="All agreed again."))
            assert await known.first_published([report_of(live.id), report_of(SessionId("nowhere"))]) == ((at, 1),)

    loop.run(story())
