from __future__ import annotations

import hashlib
import zlib

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import ImportRefused, Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Speaker
from moothall.core.removal.selection import Lines
from moothall.core.rules.imports import MOST_LINES
from moothall.core.sessions.state import State, Status
from moothall.record.imports.about import AboutMeeting
from moothall.record.imports.acts import ImportAct, ImportChoice, PastMeeting, acts_of, key_of_name, meeting_of
from moothall.record.imports.past import PastText
from moothall.record.imports.reading import read_past
from moothall.services.programme.past_records import ImportBegun, PastRecords, PublishOrder
from moothall.testing import loop
from support.memory.programme import ProgrammeHouse, programme_house

PAST = SessionId("past")
DATA = b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hello.\n\n00:02.000 --> 00:03.000\n<v Bob>Yes.\n"
START = 1
STAFF = Actor(Role.SECRETARIAT, "s1")


class Import:
    """A file, read."""

    def __init__(self, data: bytes = DATA, **about: object) -> None:
        self.data = data
        self.past: PastText = read_past(data)
        given = {"title": "Past", "start": START, "language": "en", "session": "past", **about}
        known = msgspec.convert(given, AboutMeeting)
        digest = hashlib.sha256(data).hexdigest()
        self.meeting: PastMeeting = meeting_of(self.past, known, file="a.vtt", digest=digest, young_people=False)

    def acts(self, begun: ImportBegun, names: str = "") -> list[ImportAct]:
        listed = {key_of_name(each.name): each for each in begun.speakers}
        choice = ImportChoice(names=names, listed=listed, file="a.vtt", original=zlib.compress(self.data))
        return list(acts_of(self.past, self.meeting, choice, further=begun.further))

    async def whole(self, house: ProgrammeHouse) -> State:
        records = PastRecords(house.programme)
        for act in self.acts(await records.begin(self.meeting)):
            await records.act(act)
        live = await house.sessions.find(self.meeting.session)
        assert live is not None
        return live.state


def test_a_file_becomes_a_closed_meeting_of_the_staff_in_the_programme() -> None:
    async def story() -> None:
        async with programme_house() as house:
            plan = Planned(session=SessionId("other"), title="x", speakers=(Speaker(id=SpeakerId("ann"), name="Ann"),))
            await house.programme.make(plan)
            state = await Import().whole(house)
            assert (state.status, state.access, state.clock.wall) == (Status.CLOSED, ev.Access.STAFF, START)
            assert {line.t0: line.speaker for _, line in state.segments.items()} == {1_000: "ann", 2_000: None}
            planned = house.programme.plan_of(PAST)
            assert planned is not None
            assert (planned.starts, planned.ends, planned.title) == (START, START + 60_000, "Past")

    loop.run(story())


def test_it_is_never_on_and_is_begun_signed_and_sealed() -> None:
    async def story() -> None:
        async with programme_house() as house:
            seen: list[Status] = []
            house.sessions.observe(lambda live, _: seen.append(live.state.status))
            await Import().whole(house)
            assert set(seen) == {Status.CREATED, Status.CLOSED}
            *_, sealed, signed = await house.events(PAST)
            assert isinstance(sealed, ev.RecordSealed)
            assert isinstance(signed, ev.RecordCheckpoint)

    loop.run(story())


def test_an_import_that_was_cut_off_goes_on_and_one_that_is_done_changes_nothing() -> None:
    async def story() -> None:
        async with programme_house() as house:
            file, records = Import(), PastRecords(house.programme)
            for act in file.acts(await records.begin(file.meeting))[:-1]:
                await records.act(act)
            again = await records.begin(file.meeting)
            assert (again.done, again.further) == (False, False)
            await file.whole(house)
            before = await house.events(PAST)
            assert (await records.begin(file.meeting)).done
            await file.whole(house)
            assert await house.events(PAST) == before

    loop.run(story())


CUES = b"".join(
    b"00:%02d:%02d.000 --> 00:%02d:%02d.900\n<v Ann>Well %d.\n\n" % (*divmod(n, 60), *divmod(n, 60), n)
    for n in range(4 * MOST_LINES)
)


def test_an_import_that_goes_on_when_other_people_are_listed_loses_no_line() -> None:
    async def story() -> None:
        async with programme_house() as house:
            file, records = Import(b"WEBVTT\n\n" + CUES), PastRecords(house.programme)
            speaker = Speaker(id=SpeakerId("ann"), name="Ann")
            await house.programme.make(Planned(session=SessionId("other"), title="x", speakers=(speaker,)))
            acts = file.acts(await records.begin(file.meeting))
            first = next(n for n, act in enumerate(acts) if isinstance(act.commands[0], do.ImportLines))
            for act in acts[: first + 2]:
                await records.act(act)
            await house.programme.drop(SessionId("other"))
            state = await file.whole(house)
            lines = sorted((line for _, line in state.segments.items()), key=lambda line: line.t0)
            assert [line.t0 for line in lines] == [1_000 * n for n in range(4 * MOST_LINES)]
            assert [line.speaker for line in lines] == ["ann"] * 2 * MOST_LINES + [None] * 2 * MOST_LINES

    loop.run(story())


def test_an_import_that_goes_on_gives_nobody_the_lines_of_another() -> None:
    async def story() -> None:
        async with programme_house() as house:
            file, records = Import(), PastRecords(house.programme)
            acts = file.acts(await records.begin(file.meeting), "They agreed.")
            for act in acts[:2]:
                await records.act(act)
            speaker = Speaker(id=SpeakerId("ann"), name="Ann")
            await house.programme.make(Planned(session=SessionId("other"), title="x", speakers=(speaker,)))
            for act in file.acts(await records.begin(file.meeting), "They agreed."):
                await records.act(act)
            live = await house.sessions.find(PAST)
            assert live is not None
            lines = sorted((line for _, line in live.state.segments.items()), key=lambda line: line.t0)
            assert [live.state.speakers[line.speaker] for line in lines if line.speaker] == ["Ann", "Bob"]

    loop.run(story())


def test_an_import_that_goes_on_with_another_statement_on_names_is_refused() -> None:
    async def story() -> None:
        async with programme_house() as house:
            file, records = Import(), PastRecords(house.programme)
            await records.act(file.acts(await records.begin(file.meeting))[0])
            with pytest.raises(ImportRefused, match="another statement on names"):
                await records.act(file.acts(await records.begin(file.meeting), "They agreed.")[0])

    loop.run(story())


def test_a_meeting_leaves_memory_once_it_is_imported() -> None:
    async def story() -> None:
        async with programme_house() as house:
            file, records = Import(), PastRecords(house.programme)
            for act in file.acts(await records.begin(file.meeting)):
                assert house.sessions.loaded(PAST) is not None
                await records.act(act)
            assert house.sessions.loaded(PAST) is None
            assert (await records.begin(file.meeting)).done
            assert house.sessions.loaded(PAST) is None

    loop.run(story())


def test_another_file_of_the_same_text_or_of_another_meeting_is_refused() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await Import().whole(house)
            with pytest.raises(ImportRefused, match="from another file"):
                await Import(DATA + b"\n").whole(house)
            young = msgspec.structs.replace(Import().meeting, young_people=True)
            with pytest.raises(ImportRefused, match="no young people take part"):
                await PastRecords(house.programme).begin(young)
            await house.programme.make(Planned(session=SessionId("later"), title="x", starts=900_000_000_000))
            with pytest.raises(ImportRefused, match="another meeting 'later'"):
                await Import(session="later").whole(house)

    loop.run(story())


def test_another_text_of_the_meeting_joins_it() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await Import().whole(house)
            french = Import(DATA.replace(b"Hello", b"Bonjour"), language="fr", kind="interpretation")
            assert (await PastRecords(house.programme).begin(french.meeting)).further
            state = await french.whole(house)
            assert sorted(line.channel for _, line in state.segments.items()) == ["floor", "floor", "fr", "fr"]
            assert state.seals == 2
            assert (await PastRecords(house.programme).begin(french.meeting)).done

    loop.run(story())


def test_what_can_not_be_imported_leaves_nothing_behind() -> None:
    async def story() -> None:
        async with programme_house() as house:
            records = PastRecords(house.programme)
            with pytest.raises(ImportRefused, match="isn't over yet"):
                await Import(start=house.clock.wall() - 2_999).whole(house)
            assert (house.programme.plan_of(PAST), await house.sessions.names()) == (None, [])
            await Import().whole(house)
            await records.publish(PublishOrder(session=PAST, access=ev.Access.PUBLIC, ground="It was held in public."))
            before = await house.events(PAST)
            french = Import(DATA.replace(b"Hello", b"Bonjour"), language="fr", kind="interpretation")
            with pytest.raises(ImportRefused, match="Take that back"):
                await french.whole(house)
            assert await house.events(PAST) == before
            await records.publish(PublishOrder(session=PAST, access=ev.Access.STAFF, ground=""))
            await french.whole(house)

    loop.run(story())


def test_a_meeting_that_was_planned_for_everybody_is_for_the_staff_once_it_is_imported() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.programme.make(Planned(session=PAST, title="Planned", starts=5_000))
            state = await Import().whole(house)
            assert (state.title, state.access) == ("Planned", ev.Access.STAFF)

    loop.run(story())


def test_others_read_it_once_a_ground_is_stated() -> None:
    async def story() -> None:
        async with programme_house() as house:
            records = PastRecords(house.programme)
            order = PublishOrder(session=PAST, access=ev.Access.PUBLIC, ground="It was held in public.")
            with pytest.raises(ImportRefused, match="no imported meeting"):
                await records.publish(order)
            await Import().whole(house)
            with pytest.raises(ImportRefused, match="State on what ground"):
                await records.publish(msgspec.structs.replace(order, ground=""))
            await records.publish(order)
            live = await house.sessions.find(PAST)
            assert live is not None
            assert live.state.access is ev.Access.PUBLIC

    loop.run(story())


def test_what_is_refused_raises_a_sentence() -> None:
    async def story() -> None:
        async with programme_house() as house:
            act = Import().acts(ImportBegun(done=False))[0]
            with pytest.raises(ImportRefused):
                await PastRecords(house.programme).act(act)
            await Import().whole(house)
            wrong = msgspec.structs.replace(act, id=CommandId("another"))
            with pytest.raises(ImportRefused, match="already imported"):
                await PastRecords(house.programme).act(wrong)

    loop.run(story())


def test_the_file_goes_with_the_first_words_that_are_removed() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await Import().whole(house)
            live = await house.sessions.find(PAST)
            assert live is not None
            kept = [
                record.header for record in await house.log.read(PAST, 0, 100) if record.header.type == "original.kept"
            ]
            assert len(kept) == 1
            answer = await live.writer.remove(STAFF, CommandId("r"), Lines(segments=(SegmentId("floor-i1"),)))
            assert not isinstance(answer, Refusal)
            records = {record.header.offset: record for record in await house.log.read(PAST, 0, 100)}
            assert records[kept[0].offset].body is None

    loop.run(story())


def test_a_translation_that_was_imported_alone_can_be_removed() -> None:
    async def story() -> None:
        async with programme_house() as house:
            channel = ChannelId("mt-fr")
            await Import().whole(house)
            live = await house.sessions.find(PAST)
            assert live is not None
            line = do.ImportedLine(
                segment=SegmentId("s9-mt-fr"),
                t0=50_000,
                t1=51_000,
                language="fr",
                text="Oui.",
                made_from=le.MadeFrom(sources=(le.SourceSegment(SegmentId("s9"), 0),), route="argos"),
            )
            commands: list[do.AnyCommand] = [
                do.StateGround(access=ev.Access.STAFF, ground=""),
                do.AddChannel(channel=channel, kind=ev.ChannelKind.TRANSLATION, languages=("fr",), of_record=True),
                do.BeginImport(channel=channel, form="json", digest="1" * 64),
                do.ImportLines(channel=channel, lines=(line,)),
            ]
            answer = await live.writer.send(Actor(Role.SYSTEM, "o"), CommandId("t"), commands)
            assert not isinstance(answer, Refusal)
            removed = await live.writer.remove(STAFF, CommandId("r"), Lines(segments=(SegmentId("s9-mt-fr"),)))
            assert not isinstance(removed, Refusal)
            assert live.state.segments.get(SegmentId("s9-mt-fr")) is None

    loop.run(story())
