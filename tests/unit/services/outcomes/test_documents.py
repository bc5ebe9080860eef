from __future__ import annotations

import msgspec
from msgspec.structs import replace

from moothall.core import commands as do
from moothall.core.events.outcome_parts import Citation, MessageReference
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CitationId, MessageId, SessionId
from moothall.core.outcomes.report import Report, ReportVersion
from moothall.services.outcomes.documents import OF_THE_YOUNG, ShownMessage
from moothall.services.outcomes.outcome_logs import REGISTER, is_open, listed_reports, report_of
from moothall.services.outcomes.quoted_words import QuotedWords
from moothall.testing import loop
from support.memory.hall import FLOOR, SESSION
from support.reports.documented_session import DOCUMENT, STAFF, STATED, WORDS, house, lines, message, question


def test_a_document_is_published_with_what_its_messages_cite() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            at = live.writer.offset
            await here.report(live, message(lines(at), question(at)))
            await here.stated()
            assert await here.documents.publish(DOCUMENT, WORDS) is None
            (listed,) = await here.documents.all()
            assert (listed.id, listed.title, len(listed.document.versions)) == (DOCUMENT, "Outcomes", 1)
            texts = [each.text for each in listed.document.versions[0].paragraphs]
            assert texts == ["Who is left out?", "consensus", "From: Open hall", "agreed", ""]
            said, asked = await here.shown()
            assert said.quotation is not None
            assert (said.quotation.text, said.begins) == ("Nobody may be left out.", said.quotation.lines[0].line.t0)
            assert asked.asked is not None
            assert (asked.asked.text, asked.begins) == ("Who pays?", asked.asked.t)
            assert await here.documents.find("no name!") is None
            assert await here.documents.state(DOCUMENT, "Results", STATED, STAFF) is None
            (listed,) = await here.documents.all()
            assert (listed.title, listed.language, len(listed.document.versions)) == ("Results", "en", 1)

    loop.run(story())


def test_sessions_without_a_day_or_a_report() -> None:
    async def story() -> None:
        async with house() as here:
            await here.hall.session()
            other = await here.hall.sessions.open(SessionId("other"))
            await here.send(other, SYSTEM, do.CreateSession(title="Not planned", languages=("en",)))
            (only,) = await here.documents.reported()
            assert (only.session, only.version) == (SESSION, None)
            assert (await here.documents.reports.read(SessionId("report.nowhere"))).versions == ()
            assert not (await here.documents.register()).questions

    loop.run(story())


def test_a_message_of_a_meeting_that_is_hidden_since_is_shown_no_more() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            await here.report(live, message())
            await here.stated()
            assert await here.documents.publish(DOCUMENT, WORDS) is None
            listed = await here.documents.find(DOCUMENT)
            assert listed is not None
            paragraphs = listed.document.versions[0].paragraphs
            assert len(await here.documents.shown(paragraphs)) == 1
            await here.send(live, SYSTEM, do.ArrangeSession(access=Access.STAFF, sound=live.state.sound))
            assert await here.documents.shown(paragraphs) == {}

    loop.run(story())


def test_a_report_is_open_as_its_session_is_now() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            hidden = do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, listed=False)
            for private in (do.ArrangeSession(access=Access.STAFF, sound=SoundKept.NONE), hidden):
                await here.send(live, SYSTEM, private)
                await here.logs.report(live.id, "Report", live.state.access)
                await here.report(live, message())
                assert list(await here.documents.reported()) == []
                assert listed_reports(await here.catalogue.all()) == {}
                assert not is_open(report_of(live.id), here.catalogue.known)
                await here.send(live, SYSTEM, do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE))
                (only,) = await here.documents.reported()
                assert only.version is not None, "its log was begun while only the staff could read the session"
                assert listed_reports(await here.catalogue.all()) == {SESSION: report_of(SESSION)}
                assert is_open(report_of(live.id), here.catalogue.known)

    loop.run(story())


def test_which_logs_strangers_may_see_in_the_tree() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            await here.stated()
            hidden = await here.hall.sessions.open(SessionId("hidden"))
            await here.send(hidden, SYSTEM, do.CreateSession(title="H", languages=("en",), access=Access.STAFF))
            await here.catalogue.all()
            names = [live.id, REGISTER, DOCUMENT, hidden.id, report_of(live.id), SessionId("nowhere")]
            assert [is_open(name, here.catalogue.known) for name in names] == [True, True, True, False, False, False]

    loop.run(story())


def test_what_cannot_be_done_is_refused() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            refused = await here.documents.publish(DOCUMENT, WORDS)
            assert refused is not None
            assert refused.code is RefusalCode.UNKNOWN
            for name in ("no name!", live.id):
                assert isinstance(await here.documents.state(name, "Outcomes", STATED, STAFF), Refusal)
            wrong = msgspec.structs.replace(STATED, until="never")
            assert isinstance(await here.documents.state(DOCUMENT, "Outcomes", wrong, STAFF), Refusal)
            assert await here.documents.state(DOCUMENT, "Outcomes", STATED, STAFF) is None
            young = await here.documents.state(DOCUMENT, "Outcomes", STATED, STAFF, young_people=True)
            assert young is OF_THE_YOUNG, "it isn't passed over in silence"
            empty = await here.documents.publish(DOCUMENT, WORDS)
            assert empty is not None
            assert empty.code is RefusalCode.INVALID

    loop.run(story())


def test_a_document_of_a_day_with_young_people_stays_in_the_house() -> None:
    async def story() -> None:
        async with house() as here:
            await here.session()
            await here.stated()
            listed = await here.documents.find(DOCUMENT)
            assert listed is not None
            assert not await here.documents.stays_here(listed)
            assert await here.documents.stays_here(listed._replace(young_people=True))
            other = await here.hall.sessions.open(SessionId("young"))
            made = do.CreateSession(title="Young", languages=("en",), access=Access.PUBLIC, young_people=True)
            channel = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
            await here.send(other, SYSTEM, made)
            await here.send(other, SYSTEM, channel)
            await here.send(other, SYSTEM, do.OpenSession())
            assert await here.documents.stays_here(listed)
            assert await here.documents.state("another", "Another", STATED, STAFF) is None
            made_young = await here.documents.find("another")
            assert made_young is not None
            assert made_young.young_people, "its authors are not asked about their region either"
            assert await here.documents.state(DOCUMENT, "Outcomes", STATED, STAFF) is None, "this one was made before"
            before = msgspec.structs.replace(listed.document, since="2020-01-01", until="2020-01-01")
            earlier = listed._replace(document=before)
            assert not await here.documents.stays_here(earlier)
            version = ReportVersion(
                n=1, at=0, session=other.id, title="", language="en", template="session", sections=(), messages=()
            )
            reference = MessageReference(report=SessionId("report.young"), n=1, message=MessageId("m1"))
            shown = ShownMessage(reference=reference, message=message(), version=version, report=Report())
            assert await here.documents.stays_here(earlier, [shown]), "its message stands there"
            cited = Citation(id=CitationId("c9"), session=other.id, offset=1)
            words = (QuotedWords(citation=cited),)
            shown = replace(shown, version=replace(version, session=SESSION), words=words)
            assert await here.documents.stays_here(earlier, [shown]), "it is quoted"
            assert not await here.documents.stays_here(earlier, [replace(shown, words=())])

    loop.run(story())
