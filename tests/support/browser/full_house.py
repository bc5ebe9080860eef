"""A real server with meetings before, during and after their time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec.structs import replace

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.attendance import CountSource
from moothall.core.events.lines import EndReason, Origin, SourceSegment, Word
from moothall.core.events.question_parts import InterventionKind
from moothall.core.events.types import Access, ChannelKind, SealVersion
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    Epoch,
    InterventionId,
    MessageId,
    RollEntryId,
    SegmentId,
    SessionId,
    SpeakerId,
)
from moothall.core.ports import BookEntry
from moothall.core.programme.access_needs import AccessNeed
from moothall.core.programme.agenda import AgendaNote, AgendaPart
from moothall.core.programme.plan import RoomId
from moothall.core.proposals.refining import Proposal
from moothall.core.search.people import KnownSpeaker, SpeakerOf, digest_of
from moothall.services.hubs.ports import Identity
from moothall.services.log.act_queue import Receipt
from moothall.services.programme.calling_off import cancel, reinstate
from moothall.services.programme.meeting_plan import change_plan
from moothall.services.proposals.proposing import ProposeOrder
from moothall.services.search.people import NAMESPACE as PEOPLE
from moothall.services.sessions.browsers import SignedIn
from moothall.services.sessions.link_terms import HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import Entered
from moothall.services.sessions.staff import HALL, Staff, session_scope
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.browser.every_note import every_note
from support.browser.every_policy import every_policy
from support.browser.every_question import TEXT, asked, every_question, said_of_themselves
from support.browser.every_report import every_report
from support.browser.translations_at_work import into_portuguese, languages_to_add
from support.desks.own_words import every_proposal
from support.files.programme_files import sample
from support.halls.outcomes import OutcomeWriter, messages

FLOOR = ChannelId("floor")
TRANSLATIONS = {
    "es": "La sesión está abierta a todas las personas.",
    "ar": "الجلسة مفتوحة للجميع، أينما كانوا & <كيفما> كانوا.",
}
LINES = 12


@asynccontextmanager
async def full_house(data: Path) -> AsyncIterator[RunningServer]:
    """Run a server with a conference, and sessions before, during and after their time."""
    settings = Settings(
        server=Server(port=0, data=str(data), style_page=True),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        await running.office.import_programme(sample("schedule.json"), zone="UTC", access=Access.PUBLIC, apply=True)
        await running.backend.programme.add_room("Garden")
        for name in ("plenary", "tomorrow", "yesterday", "translated"):
            await _meeting(running, name)
        await _agenda(running)
        await _translated(running)
        await asked(running)
        await said_of_themselves(running)
        await _proposed(running)
        await every_proposal(running, SessionId("yesterday"), SpeakerId("anez"))
        await every_report(running.backend, SessionId("yesterday"))
        await _groups(running)
        await _limited(running)
        await _people(running)
        await every_policy(running)
        await _outcomes(running)
        await running.backend.indexing.catch_up()
        running.proof.tree.delay_ms = 0
        while await running.proof.tree.grow():
            pass
        # Now, since the meeting is closed and may be asked for.
        async with into_portuguese(running), languages_to_add(running):
            yield running


async def _outcomes(running: RunningServer) -> None:
    """Publish a report of yesterday's meeting, with an objection, and a document that is made of it."""
    writer, yesterday = OutcomeWriter(running), SessionId("yesterday")
    await writer.register()
    agreed, view, *others = messages(await writer.cited(yesterday, FLOOR, SegmentId("line-1")))
    second = replace(view, id=MessageId("m9"), text="Another <view>, in some more words than the first one has.")
    await writer.report(yesterday, agreed, view, second, *others)
    await writer.object_to(yesterday, MessageId("m1"))
    await writer.document(comments_until=running.backend.clock.wall() + 86_400_000)
    await writer.sent_and_answered()


async def _people(running: RunningServer) -> None:
    """Say who one of the programme's speakers is, twice, with and without a page."""
    plan = next(each for each in running.backend.programme.planned() if each.speakers)
    of = (SpeakerOf(plan.session, plan.speakers[0].id),)
    spoke = SpeakerOf(SessionId("yesterday"), SpeakerId("anez"))
    people = [
        KnownSpeaker(
            id=name,
            name="Ada <Lovelace>",
            speakers=(*of, spoke) if name == "ada" else of,
            link=digest_of("secret"),
            shown=name == "ada",
        )
        for name in ("ada", "off")
    ]
    await running.backend.book.write([BookEntry(PEOPLE, each.id, msgspec.json.encode(each)) for each in people])
    await running.backend.people.load()


async def _agenda(running: RunningServer) -> None:
    """Write an agenda with every part, two parts in Arabic too, every kind of change of a plan, and access needs."""
    programme = running.backend.programme
    agenda, garden = programme.agenda, RoomId("garden")
    text = "Nobody <offline>,\nnobody unheard.\n\n- Who pays for the last mile & who decides\n- Shared towers"
    assert await agenda.write("en", {part: f"{part}: {text}" for part in AgendaPart})
    assert await agenda.write("ar", {AgendaPart.THEME: "لا أحد بلا صوت.", AgendaPart.EXHIBITORS: "- مكتبة الشمال"})
    first, second, third, *_ = (
        each for each in programme.planned() if each.starts is not None and each.ends is not None
    )
    assert first.starts is not None
    await programme.keep(planned=[replace(first, starts=first.starts - HOUR_MS, room=garden)])
    await change_plan(programme, replace(second, title=f"{second.title} & <more>"), by="test")
    note = AgendaNote(statement="Live captions, sign language & a hearing <loop>; step-free.")
    assert await agenda.annotate(first.session, note)
    assert await agenda.annotate(second.session, note)
    assert await cancel(programme, second.session, "The hall is flooded.", by="test") is None
    assert await cancel(programme, third.session, "", by="test") is None
    assert await reinstate(programme, third.session, by="test") is None
    for number, session in enumerate((first.session, None)):
        need = AccessNeed(
            id="", at=0, text="A seat <in front>,\nplease.", name="Ms. Añez", reach="a@b.c", session=session
        )
        assert await running.backend.access_needs.tell(need, f"form {number}", "") is None
    await running.backend.access_needs.deal_with(running.backend.access_needs.all()[0].id, dealt_with=True)


async def _groups(running: RunningServer) -> None:
    """Make a group far away that takes part in a live meeting, and has asked a question."""
    details = Details(city="Kisumu", institution="Library & <archive>", languages=("sw", "en"), expected=20)
    assert isinstance(await running.backend.hubs.add("Kisumu & <Library>", details), tuple)
    await running.backend.hubs.count("kisumu-library", SessionId("translated"), 23, 1)
    held, epoch = Identity(hub="kisumu-library", title="Kisumu & <Library>", generation=1), Epoch("e")
    for node in ("one", "two"):
        await running.backend.hub_removals.holds(held, node, SessionId("translated"), epoch, 0)
    running.backend.hub_removals.removed(SessionId("translated"), epoch, 7, 1_764_000_000_000)
    running.backend.hub_removals.erased(held.hub, "one", SessionId("translated"), 7)
    asked = do.Ask(
        intervention=InterventionId("kisumu1"),
        kind=InterventionKind.QUESTION,
        text="Who will <pay> for the line & the power?",
        language="en",
        asker="k1",
        origin="hub:kisumu-library",
    )
    writer = (await running.backend.sessions.open(SessionId("translated"))).writer
    by = Actor(Role.HUB, "k1", hub="kisumu-library")
    assert isinstance(await writer.send(by, CommandId("kisumu1"), asked), Receipt)


async def _limited(running: RunningServer) -> None:
    """Make a link for one browser that has opened it, an expired link, and somebody who signed in."""
    links, now = running.backend.links, running.backend.clock.wall()
    _, token = await links.create(Role.CHAIR, HALL, "Ana & <Bo>", LinkTerms(expires=now + HOUR_MS, one_browser=True))
    assert isinstance(await links.enter(token, ""), Entered)
    terms = LinkTerms(expires=now - 1, with_session=True)
    await links.create(Role.CAPTIONER, session_scope(SessionId("plenary")), "Cy", terms)
    office = Staff(link="0123456789abcdef", role=Role.SECRETARIAT, scope=HALL, label="")
    await links.sign_in((SignedIn(staff=office, since=now, until=now + HOUR_MS),), "")


async def _proposed(running: RunningServer) -> None:
    """Propose corrections of a second pass over yesterday's meeting; some of them have been decided."""
    session = SessionId("yesterday")
    writer = (await running.backend.sessions.open(session)).writer

    async def mend(number: int, text: str) -> None:
        line = writer.state.segments.get(SegmentId(f"line-{number}"))
        assert line is not None
        command = do.CorrectSegment(
            channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=len(line.words), text=text
        )
        assert isinstance(await writer.send(Actor(Role.CAPTIONER, "c1"), CommandId(f"m{number}"), command), Receipt)

    def proposal(number: int, new: str, stays: float = 0.9) -> Proposal:
        line = writer.state.segments.get(SegmentId(f"line-{number}"))
        assert line is not None
        return Proposal(
            segment=line.id,
            channel=FLOOR,
            base_revision=line.revision,
            t0=line.t0,
            old=line.whole,
            new=new,
            stays=stays,
            machine=not line.mended,
        )

    assert isinstance(await writer.send(SYSTEM, CommandId("seal"), do.SealRecord(version=SealVersion.RAW)), Receipt)
    await mend(2, "Questions from remote hubs come first.")
    texts = (
        (0, "The session is open for everyone, wherever they may be.", 0.8),
        (1, "يمكن للجميع طرح أسئلتهم، أينما كانوا.", 0.8),
        (2, "Questions from remote hubs go first & foremost.", 0.7),
        (3, "The session is over.", 0.6),
        (4, "لا أحد هنا.", 0.1),
        (5, "Questions come <first>.", 0.5),
        (6, "The session was open to everybody.", 0.9),
    )
    found = tuple(proposal(number, new, stays) for number, new, stays in texts)
    await running.office.propose(
        ProposeOrder(session=session, model="whisper-small", through=writer.offset, proposals=found)
    )
    await mend(5, "Questions come at the end.")
    await mend(6, texts[6][1])


async def _translated(running: RunningServer) -> None:
    """Make a meeting with a translation of record, and a requested one; the last lines have no translation yet."""
    writer = (await running.backend.sessions.open(SessionId("translated"))).writer
    for language, text in TRANSLATIONS.items():
        channel = ChannelId(f"mt-{language}")
        added = do.AddChannel(
            channel=channel, kind=ChannelKind.TRANSLATION, languages=(language,), of_record=language == "es"
        )
        receipt = await writer.send(SYSTEM, CommandId(f"add-{channel}"), added)
        assert isinstance(receipt, Receipt), receipt
        for number in range(LINES - 2):
            line = writer.state.segments.get(SegmentId(f"line-{number}"))
            assert line is not None
            made = do.SetTranslation(
                channel=channel,
                source=SourceSegment(line.id, line.revision),
                text=line.whole if line.language == language else text,
                route="" if line.language == language else f"bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>{language}",
            )
            receipt = await writer.send(Actor(Role.TRANSLATOR, "mt"), CommandId(f"{channel}-{number}"), made)
            assert isinstance(receipt, Receipt), receipt


async def _meeting(running: RunningServer, name: str) -> None:
    writer = (await running.backend.sessions.open(SessionId(name))).writer

    async def told(by: Actor, what: str, *commands: do.AnyCommand) -> None:
        assert isinstance(await writer.send(by, CommandId(what), commands), Receipt)

    await told(
        SYSTEM,
        "made",
        do.CreateSession(title="Plenary & <questions>", languages=("en", "ar")),
        do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en", "ar")),
        do.AddChannel(channel=ChannelId("fr"), kind=ChannelKind.INTERPRETATION, languages=("fr",)),
    )
    if name == "tomorrow":
        return
    await told(
        SYSTEM,
        "begun",
        do.OpenSession(),
        do.IntroduceSpeaker(speaker=SpeakerId("anez"), name="Ms. Añez <chair>"),
        do.AttachEngine(channel=FLOOR, model="scripted"),
    )
    for number in range(LINES):
        await told(Actor(Role.ENGINE, "scripted"), f"line-{number}", *_line(number, *TEXT[number % len(TEXT)]))
    named = tuple(SegmentId(f"line-{number}") for number in range(3))
    await told(SYSTEM, "named", do.AssignSpeaker(segments=named, speaker=SpeakerId("anez")))
    await told(Actor(Role.CAPTIONER, "c1"), "noted", do.LeaveNote(text="The second microphone crackles."))
    await told(
        Actor(Role.CAPTIONER, "c1"),
        "terms",
        do.ChooseTerm(term="Añez & Söhne", wanted=True, language="ar"),
        do.ChooseTerm(term="Potable", wanted=False),
    )
    for number in (6, 9):  # corrected twice, so that the desk proposes a term
        line = writer.state.segments.get(SegmentId(f"line-{number}"))
        assert line is not None
        fix = do.CorrectSegment(
            channel=FLOOR,
            segment=line.id,
            base_revision=0,
            base_words=1,
            text=TEXT[0][1].replace("The session", "The Moothall"),
        )
        await told(Actor(Role.CAPTIONER, "c1"), f"fix-{number}", fix)
    await told(
        SYSTEM,
        "hubs",
        do.SetHubPresence(hub="kisumu", title="Kisumu <library>", people=23, here=False, since=1_764_000_000_000),
        do.SetHubPresence(hub="north", title="مكتبة الشمال", people=None, here=True, since=1_764_000_000_000),
        do.SetHubPresence(hub="north.pole", title="Pole", people=4, here=True, since=1_764_000_000_000),
    )
    await every_question(told)
    await every_note(told)
    office = Actor(Role.SECRETARIAT, "s1")
    await told(office, "counted", do.CountPeople(people=40, source=CountSource.TYPED))
    if name == "yesterday":
        await told(SYSTEM, "closed", do.CloseSession())
        await told(office, "released", do.ReleaseAttendance())
    else:
        await told(office, "roll", do.ArrangeRoll(open=True))
        ana = Actor(Role.PARTICIPANT, "e1")
        signed = do.SignRoll(entry=RollEntryId("e1"), name="Ana <Souza>", representing="Radio & Kisumu")
        await told(ana, "signed", signed)


def _line(number: int, language: str, text: str) -> Sequence[do.AnyCommand]:
    segment, t0 = SegmentId(f"line-{number}"), 1_000 * number
    start = do.SegmentStart(t0=t0, language=language, origin=Origin.MACHINE)
    said = (Word(text, t0, t0 + 900),)
    commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=said, start=start)
    return (
        commit,
        do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t0 + 900, reason=EndReason.SENTENCE),
    )
