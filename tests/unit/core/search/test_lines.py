"""The lines that can be found are those that were shown, finished, and public; and each says where its text is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, Lane, SegmentId, SpeakerId
from moothall.core.search.lines import FoundBy, SearchFold, SearchLine, Shelf, Strand, folded_lanes, text_in
from moothall.record.json import write_json
from moothall.record.wording import Options
from support.record.imported import carried_out, imported
from support.sessions.record_maker import ENGINE, FLOOR, WORDING, Telling, meeting
from support.sessions.recorder import EPOCH, SESSION, Recorder


def folded(told: Telling) -> SearchFold:
    fold = SearchFold(SESSION, EPOCH)
    lanes = folded_lanes(record.header.lane for record in told.records)
    fold.take([record for record in told.records if record.header.lane in lanes])
    return fold


def texts(fold: SearchFold) -> list[str]:
    return [line.text for line in fold.lines()]


def test_finished_lines_are_found_with_their_newest_text() -> None:
    told = Telling()
    line = told.spoken("We where ready.", 1_000, name="Ana")
    told.correct(line, "We were ready.", words=3)
    told.line("typed", 5_000, 5_000, origin=le.Origin.SPEAKER)
    told.line("still growing", 6_000, None)
    told.line("  ", 7_000, 7_500)
    lines = list(folded(told).lines())
    assert lines[0] == SearchLine(
        line, Strand(FLOOR, "en", FoundBy.PERSON, SpeakerId("p0")), lines[0].offset, 1_000, 2_100, "We were ready."
    )
    assert [each.text for each in lines] == ["We were ready.", "typed"]
    by_offset = {record.header.offset: record for record in told.records}
    assert text_in(by_offset[lines[0].offset], line) == "We were ready."
    assert text_in(by_offset[lines[0].offset - 1], line) == "We where ready."
    assert text_in(by_offset[lines[0].offset], SegmentId("other")) is None
    assert text_in(by_offset[1], line) is None


def test_sources_are_people_machines_and_translations() -> None:
    told = Telling()
    for origin in le.Origin:
        told.line("x", 1_000, 2_000, origin=origin)
    sources = [line.strand.source for line in folded(told).lines()]
    assert sources == [FoundBy.MACHINE, FoundBy.PERSON, FoundBy.PERSON, FoundBy.PERSON, FoundBy.TRANSLATION]


def test_a_line_from_a_file_that_does_not_say_how_it_was_written_is_nobodys() -> None:
    def sources(events: Sequence[ev.AnyEvent]) -> set[FoundBy]:
        told = Telling()
        told.recorder, told.records = Recorder(SESSION), []
        told.tell(*events)
        return {line.strand.source for line in folded(told).lines()}

    vtt = imported("WEBVTT\n\n00:01.000 --> 00:02.000\nx\n")
    mended = do.CorrectSegment(channel=FLOOR, segment=SegmentId("floor-i1"), base_revision=0, base_words=0, text="y")
    assert sources(vtt.events) == {FoundBy.IMPORTED}
    assert sources((*vtt.events, *carried_out(vtt.state, mended)[1])) == {FoundBy.PERSON}
    own = imported(write_json(meeting().record(), WORDING, Options()))
    assert sources(own.events) == {FoundBy.MACHINE, FoundBy.PERSON}


def test_struck_and_moved_lines_are_not_found_and_a_line_gets_its_speaker_later() -> None:
    told = Telling()
    kept, struck, moved = (told.line(text, 1_000, 2_000) for text in ("kept", "struck", "moved"))
    fold = folded(told)
    fold.settle()
    assert fold.touched == set()
    before = len(told.records)
    told.tell(le.ChannelRewound(channel=FLOOR, t=0, segments=(struck,)))
    told.tell(le.SegmentsMovedAway(channel=FLOOR, segments=(moved,), session=None))
    told.tell(ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"))
    told.tell(ev.SpeakerAssigned(segments=(kept,), speaker=SpeakerId("ana")))
    told.tell(ev.LanguageForced(channel=FLOOR, language="en"))
    told.tell(le.AirChanged(channel=FLOOR, source=le.AirSource.MACHINE, t=2_000, t0=2_000))
    assert fold.take(told.records[before:]) == 0
    assert texts(fold) == ["kept"]
    assert {kept, struck, moved} <= (fold.touched or set())
    [line] = fold.lines(fold.touched)
    assert line.strand.speaker == SpeakerId("ana")
    assert list(fold.lines([SegmentId("unknown")])) == []


def test_a_removal_is_reported_with_its_offset() -> None:
    told = Telling()
    told.line("secret", 1_000, 2_000)
    told.tell(ev.BodyRemoved(offsets=(1,), reason="request", by="x"))
    fold = SearchFold(SESSION, EPOCH)
    assert fold.take(told.records) == told.records[-1].header.offset
    assert fold.offset == told.records[-1].header.offset


def test_removed_bodies_are_passed_over() -> None:
    told = Telling()
    told.line("secret", 1_000, 2_000)
    fold = SearchFold(SESSION, EPOCH)
    fold.take(
        [
            record if n < 4 else msgspec.structs.replace(record, salt=None, body=None)
            for n, record in enumerate(told.records)
        ]
    )
    assert texts(fold) == []
    assert fold.offset == len(told.records)


def test_an_unknown_channel_has_no_lines() -> None:
    told = Telling()
    other = ChannelId("other")
    told.tell(
        le.SegmentOpened(channel=other, segment=SegmentId("s"), t0=0, language="en", origin=le.Origin.MACHINE),
        le.SegmentEnded(channel=other, segment=SegmentId("s"), t1=1, reason=le.EndReason.CLOSE, text="x"),
        by=ENGINE,
    )
    assert texts(folded(told)) == []


def test_young_people_have_no_names() -> None:
    told = Telling()
    told.records[0] = told.recorder.record(ev.SessionCreated(title="T", languages=("en",), young_people=True))
    told.line("x", 1_000, 2_000, name="Ana")
    [line] = folded(told).lines()
    assert line.strand.speaker is None


def test_a_session_stands_on_the_shelf_of_those_who_may_find_it() -> None:
    told = Telling()
    assert SearchFold(SESSION, EPOCH).shelf is None
    assert folded(told).shelf is Shelf.PUBLIC
    arranged = (
        (ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE, listed=False), Shelf.LINK),
        (ev.SessionArranged(access=ev.Access.LINK, sound=ev.SoundKept.NONE), Shelf.LINK),
        (ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE), Shelf.STAFF),
        (ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE), Shelf.PUBLIC),
    )
    for event, shelf in arranged:
        told.tell(event)
        assert folded(told).shelf is shelf
    rehearsed = Telling()
    rehearsed.records[0] = rehearsed.recorder.record(ev.SessionCreated(title="T", languages=("en",), rehearsal=True))
    assert folded(rehearsed).shelf is None


def test_only_public_lanes_without_words_are_folded() -> None:
    lanes = [Lane(name) for name in ("session", "ch:floor", "w:floor", "questions", "staff", "hub:x", "later:kind")]
    assert folded_lanes(lanes) == {"session", "ch:floor"}
    told = Telling()
    told.tell(ne.NoteLeft(text="a note"), by=Actor(Role.CHAIR, "c"))
    assert texts(folded(told)) == []
