from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events.lines import MadeFrom, Origin, SourceSegment
from moothall.core.events.outcome_parts import PublishedMessage
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, MessageId, SegmentId, SessionId, SpeakerId
from moothall.core.outcomes.report import Report
from moothall.core.sessions.parts import Segment
from moothall.services.outcomes.messages_quoting import MessagesQuoting
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.testing import loop
from support.memory.hall import FLOOR
from support.reports.documented_session import CAPTIONER, S1, STAFF, House, house, lines, message, question

ANA, BO = SpeakerId("ana"), SpeakerId("bo")
S2, S3, S4 = (SegmentId(f"s{n}") for n in (2, 3, 4))


def named(name: str, *citations: object, text: str = "") -> PublishedMessage:
    """A message with this id."""
    return msgspec.structs.replace(message(*citations), id=MessageId(name), text=text or name)  # type: ignore[arg-type]


async def found(here: House, session: SessionId, speaker: SpeakerId) -> list[str]:
    """The messages that quote a speaker of a session."""
    live = await here.hall.sessions.find(session)
    assert live is not None
    quoting = MessagesQuoting(PublishedReports(here.hall.log), here.catalogue.all)
    return [each.message.text for each in await quoting.find(live.state, speaker)]


def test_messages_that_cite_a_line_of_a_speaker_are_found() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            for speaker, name in ((ANA, "Ana"), (BO, "Bo")):
                await here.send(live, STAFF, do.IntroduceSpeaker(speaker=speaker, name=name))
            for segment, speaker in ((S2, ANA), (S3, BO), (S4, ANA)):
                await here.hall.clock.sleep(1_000)
                text = f"Said by {speaker}."
                typed = do.TypeSegment(channel=FLOOR, segment=segment, text=text, language="en", speaker=speaker)
                await here.send(live, CAPTIONER, typed)
            at = live.writer.offset
            both = msgspec.structs.replace(lines(at), first=S1, last=S3)
            hers = msgspec.structs.replace(lines(at), first=S2, last=S2)
            his = msgspec.structs.replace(lines(at), first=S3, last=S3)
            lost = msgspec.structs.replace(lines(at), first=SegmentId("gone"), last=SegmentId("gone"))
            in_french = msgspec.structs.replace(hers, channel=ChannelId("fr"))
            elsewhere = msgspec.structs.replace(hers, session=SessionId("other"))
            assert await found(here, live.id, ANA) == []
            await here.report(live, named("draft", hers))
            await here.report(
                live,
                named("both", both),
                named("hers", question(at), hers),
                named("his", his),
                named("none", question(at)),
                named("lost", lost),
                named("elsewhere", elsewhere),
                named("in a text without her", in_french),
            )
            assert await found(here, live.id, ANA) == ["both", "hers"]
            assert await found(here, live.id, BO) == ["both", "his"]
            assert await found(here, live.id, SpeakerId("nobody")) == []
            await here.send(live, SYSTEM, do.ArrangeSession(access=Access.STAFF, sound=live.state.sound))
            assert await found(here, live.id, BO) == [], "nobody may read the report any more"

    loop.run(story())


def test_a_translation_of_their_words_quotes_them() -> None:
    async def story() -> None:
        async with house() as here:
            live = await here.session()
            state, french = live.state, ChannelId("fr")
            source = state.segments.get(S1)
            assert source is not None
            made = MadeFrom(route="r", sources=(SourceSegment(segment=S1, revision=0),))
            translated = Segment(
                id=S2, channel=french, language="fr", t0=source.t0, ended=True, origin=Origin.TRANSLATED, made_from=made
            )
            spoken = msgspec.structs.replace(source, speaker=ANA)
            segments = state.segments.set(S1, spoken).set(S2, translated)
            state = msgspec.structs.replace(state, segments=segments)
            cited = msgspec.structs.replace(lines(live.writer.offset, channel=french), first=S2, last=S2)
            await here.report(live, named("in French", cited))
            quoting = MessagesQuoting(PublishedReports(here.hall.log), here.catalogue.all)
            assert [each.message.text for each in await quoting.find(state, ANA)] == ["in French"]
            assert await quoting.find(state, BO) == []

    loop.run(story())


class Broken(PublishedReports):
    """Reports whose logs can't be read."""

    async def read(self, name: SessionId) -> Report:
        raise RecordBroken(f"{name} can't be read.")


def test_a_report_whose_log_cannot_be_read_is_left_out() -> None:
    async def story() -> Sequence[object]:
        async with house() as here:
            live = await here.session()
            await here.report(live, named("hers", lines(live.writer.offset)))
            assert await here.hall.log.head(report_of(live.id)) is not None
            return await MessagesQuoting(Broken(here.hall.log), here.catalogue.all).find(live.state, ANA)

    assert loop.run(story()) == []
