from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Position, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.core.views.captions import LONGEST, CaptionsView, ImportedFrom, Line, ReaderChannel, growing
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK, MAX_GAPS, Gap
from support.sessions.recorder import EPOCH, SESSION
from support.sessions.splitting import split, timed

FLOOR = ChannelId("floor")
S1 = SegmentId("s1")
OPENED = le.SegmentOpened(channel=FLOOR, segment=S1, t0=100, language="en", origin=le.Origin.MACHINE)


def words(first: int, *texts: str) -> le.WordsCommitted:
    return le.WordsCommitted(
        channel=FLOOR, segment=S1, first=first, words=tuple(le.Word(text, 100, 200) for text in texts)
    )


def corrected(text: str, tail: str = "", revision: int = 0) -> le.SegmentCorrected:
    return le.SegmentCorrected(channel=FLOOR, segment=S1, base_revision=revision, base_words=1, text=text, tail=tail)


def view(*events: ev.AnyEvent | UnknownEvent | None, live: bool = True, role: Role = Role.ENGINE) -> CaptionsView:
    seen = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR, live))
    for offset, event in enumerate(events, 1):
        seen = seen.apply(offset, role, event)
    return seen


def line(seen: CaptionsView) -> Line:
    (only,) = seen.lines
    return only


@pytest.mark.parametrize("live", [True, False])
def test_a_text_names_its_channel(live: bool) -> None:
    assert view(OPENED, live=live).snapshot().channel == FLOOR


def test_a_line_grows_word_by_word_and_ends() -> None:
    grown = line(view(OPENED, words(0, " Good", " morning"), words(2, ",")))
    assert (grown.text, grown.words, grown.t1) == (" Good morning,", 3, None)
    end = le.SegmentEnded(channel=FLOOR, segment=S1, t1=900, reason=le.EndReason.PAUSE, text=" Good morning, all.")
    ended = line(view(OPENED, words(0, " Good", " morning"), words(2, ","), end))
    assert ended == Line(
        segment=S1, t0=100, t1=900, language="en", origin=le.Origin.MACHINE, text=" Good morning, all.", words=3
    )


def test_a_line_knows_the_words_that_the_recogniser_was_not_sure_of() -> None:
    said = (le.Word(" Good", 0, 1), le.Word(" mourning", 1, 2, 0.3), le.Word(" all", 2, 3, 0.2))
    grown: list[ev.AnyEvent] = [OPENED, le.WordsCommitted(channel=FLOOR, segment=S1, first=0, words=said)]
    assert line(view(*grown)).doubts == ((6, 14), (15, 18))
    end = le.SegmentEnded(channel=FLOOR, segment=S1, t1=900, reason=le.EndReason.PAUSE, text=" Good mourning all")
    assert line(view(*grown, end)).doubts == ((6, 14), (15, 18))
    mended = line(view(*grown, end, corrected(" Good morning all"), role=Role.CAPTIONER))
    assert mended.doubts == ((14, 17),), "what was put in stands for sure"
    assert line(view(*grown, corrected(" Nothing of it."))).doubts is msgspec.UNSET
    assert line(view(*grown, le.ChannelRewound(channel=FLOOR, t=0, segments=(S1,)))).doubts is msgspec.UNSET
    elsewhere = msgspec.structs.replace(end, segment=SegmentId("s9"))
    assert line(view(*grown, elsewhere)).t1 is None


def test_a_correction_stands_before_the_words_that_come_later() -> None:
    seen = view(OPENED, words(0, " Gut"), corrected(" Good"), words(1, " morning"))
    assert (line(seen).text, line(seen).words, line(seen).revision) == (" Good morning", 2, 1)


def test_a_correction_keeps_the_words_behind_those_it_replaces() -> None:
    assert line(view(OPENED, words(0, " Gut", " morning"), corrected(" Good", " morning"))).text == " Good morning"


def test_what_a_machine_corrected_is_its_own_though_somebody_s_act_says_it_again() -> None:
    better = msgspec.structs.replace(corrected(" Good"), machine=True)
    for role in (Role.ENGINE, Role.CAPTIONER):
        seen = line(view(OPENED, words(0, " Gut"), better, role=role))
        assert (seen.text, seen.revision, seen.mended) == (" Good", 1, False)


def test_whether_a_person_mended_a_line_is_never_forgotten() -> None:
    assert not line(view(OPENED, corrected(" Good"))).mended
    by_person = view(OPENED, corrected(" Good"), role=Role.CAPTIONER)
    assert line(by_person).mended
    assert line(by_person.apply(3, Role.ENGINE, corrected(" Hello", revision=1))).mended


def test_a_line_says_that_a_person_accepted_what_the_machine_proposed_and_wrote_nothing() -> None:
    accepting = msgspec.structs.replace(corrected(" Good"), accepted=True)
    seen = view(OPENED, accepting, role=Role.CAPTIONER)
    assert (line(seen).mended, line(seen).accepted) == (True, True)
    assert line(seen.apply(3, Role.ENGINE, corrected(" Hello", revision=1))).accepted
    assert not line(seen.apply(3, Role.CAPTIONER, corrected(" Hello", revision=1))).accepted


def test_a_correction_reaches_the_feed_of_lines_before_the_line_ends() -> None:
    assert line(view(OPENED, corrected(" Good", " morning"), live=False)).text == " Good morning"


def test_speakers_are_given_and_taken_away() -> None:
    given = view(
        ev.SpeakerIntroduced(speaker=SpeakerId("chair"), name="The chair"),
        OPENED,
        ev.SpeakerAssigned(segments=(S1, SegmentId("unknown")), speaker=SpeakerId("chair")),
    )
    assert (line(given).speaker, given.session.speakers) == ("chair", {"chair": "The chair"})
    assert line(given.apply(9, Role.CAPTIONER, ev.SpeakerAssigned(segments=(S1,), speaker=None))).speaker is None


def test_the_session_passes_through_its_life() -> None:
    life: list[tuple[ev.AnyEvent, Status]] = [
        (ev.SessionOpened(wall=1_000), Status.OPEN),
        (ev.SessionPaused(t=1), Status.PAUSED),
        (ev.SessionResumed(t=2), Status.OPEN),
        (ev.SessionClosed(t=3), Status.CLOSED),
        (ev.SessionReopened(t=4), Status.OPEN),
    ]
    seen = view(ev.SessionCreated(title="Plenary", languages=("en", "pt"), access=ev.Access.LINK, young_people=True))
    assert (seen.session.title, seen.session.languages, seen.session.access) == ("Plenary", ("en", "pt"), "link")
    assert seen.session.status is Status.CREATED
    for offset, (event, status) in enumerate(life, 2):
        seen = seen.apply(offset, Role.SYSTEM, event)
        assert seen.session.status is status
    assert (seen.session.opened, seen.session.clock) == (1_000, (0, 1_000))


def test_how_it_is_arranged_and_whether_it_is_cancelled_is_seen() -> None:
    seen = view(
        ev.SessionCreated(title="Plenary", languages=("en",)),
        ev.SessionArranged(access=ev.Access.LINK, sound=ev.SoundKept.PUBLISHED),
        ev.SessionCancelled(reason="Storm"),
    )
    assert (seen.session.access, seen.session.sound, seen.session.cancelled) == ("link", "published", "Storm")
    assert seen.apply(4, Role.SYSTEM, ev.SessionReinstated()).session.cancelled is None


def test_who_has_not_seen_the_beginning_shows_a_session_to_staff_only() -> None:
    assert view().session.access is ev.Access.STAFF


def test_the_newest_mapping_of_the_clock_and_the_newest_seal_hold() -> None:
    seen = view(
        ev.ClockMapped(t=5, wall=1_005),
        ev.ClockMapped(t=6, wall=1_007),
        ev.RecordSealed(version=ev.SealVersion.RAW, n=1),
        ev.RecordSealed(version=ev.SealVersion.CHECKED, n=2),
    )
    assert (seen.session.clock, seen.session.seal) == ((6, 1_007), ev.SealVersion.CHECKED)


def test_since_when_the_walls_are_empty_is_told_and_the_lines_stay() -> None:
    seen = view(OPENED, words(0, " Gut"), ev.WallCleared(t=500))
    assert (seen.session.wall_cleared, line(seen).text) == (500, " Gut")
    assert seen.apply(9, Role.CHAIR, ev.WallCleared(t=None)).session.wall_cleared is None


def test_everybody_sees_which_hubs_take_part() -> None:
    seen = view(
        he.HubPresenceChanged(hub="kisumu", title="Kisumu", people=23, here=True, since=1, t=2),
        he.HubPresenceChanged(hub="kisumu", title="Kisumu", people=20, here=False, since=3, t=4),
    )
    assert seen.session.hubs == {"kisumu": HubNow(title="Kisumu", people=20, most=23, here=False, since=3)}


def test_channels_are_listed_whichever_is_read() -> None:
    seen = view(ev.ChannelAdded(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",)))
    assert seen.session.channels == {"pt": ReaderChannel(kind=ev.ChannelKind.INTERPRETATION, languages=("pt",))}


def test_the_last_gaps_of_this_channel_are_kept() -> None:
    gaps = [
        ev.GapNoted(channel=FLOOR, t0=number, t1=number + 1, reason=ev.GapReason.SOURCE_LOST)
        for number in range(MAX_GAPS + 5)
    ]
    elsewhere = ev.GapNoted(channel=ChannelId("pt"), t0=1, t1=2, reason=ev.GapReason.OVERLOAD)
    seen = view(*gaps, elsewhere)
    assert seen.session.gaps == tuple(
        Gap(t0=number, t1=number + 1, reason=ev.GapReason.SOURCE_LOST) for number in range(5, MAX_GAPS + 5)
    )


@pytest.mark.parametrize(
    ("paused", "over", "gap"),
    [
        (ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=90, t1=90), Gap(t0=50, t1=90, reason=BREAK)),
        (ev.SessionPaused(t=50, t0=20), ev.SessionResumed(t=90, t1=70), Gap(t0=20, t1=70, reason=BREAK_SET_BACK)),
        (ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=90, t1=50), Gap(t0=50, t1=50, reason=BREAK_SET_BACK)),
        (ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=50, t1=50), None),
        (ev.SessionPaused(t=50, t0=50), ev.SessionClosed(t=90), Gap(t0=50, t1=90, reason=BREAK)),
        # Logs of a release in which the text went on through a break.
        (ev.SessionPaused(t=50), ev.SessionResumed(t=90), None),
        (ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=90), Gap(t0=50, t1=90, reason=BREAK)),
    ],
)
def test_a_break_that_is_over_is_a_gap_and_says_where_the_text_begins_before_its_end(
    paused: ev.SessionPaused, over: ev.AnyEvent, gap: Gap | None
) -> None:
    later = ev.GapNoted(channel=FLOOR, t0=3, t1=5, reason=ev.GapReason.OVERLOAD)
    seen = view(paused)
    assert seen.session.paused == paused.t0
    seen = seen.apply(5, Role.CHAIR, over).apply(6, Role.ENGINE, later)
    assert seen.session.paused is None
    noted = Gap(t0=3, t1=5, reason="overload")
    assert seen.session.gaps == ((noted,) if gap is None else (noted, gap)), "in order of time"


def test_other_channels_lines_are_not_ours() -> None:
    theirs = le.SegmentOpened(
        channel=ChannelId("pt"), segment=SegmentId("p1"), t0=0, language="pt", origin=le.Origin.INTERPRETER
    )
    assert len(view(theirs).lines) == 0


def test_what_changes_nothing_still_moves_the_position() -> None:
    seen = view(UnknownEvent(type="floor.asked", v=1), None, ev.SourceEnded(source=SourceId("mic"), t=1))
    assert seen.position == Position(EPOCH, 3)
    assert (len(seen.lines), seen.session) == (0, view().session)


def test_what_is_said_of_a_line_that_is_not_there_is_passed_over() -> None:
    end = le.SegmentEnded(channel=FLOOR, segment=S1, t1=900, reason=le.EndReason.PAUSE, text=" Good morning.")
    seen = view(words(0, " Good"), corrected(" Hello"), end)
    assert (seen.offset, len(seen.lines)) == (3, 0)


def test_a_view_that_began_from_a_snapshot_has_no_pages_of_what_came_before() -> None:
    seen = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR))
    for number in range(250):
        opened = le.SegmentOpened(
            channel=FLOOR, segment=SegmentId(f"s{number}"), t0=number, language="en", origin=le.Origin.MACHINE
        )
        seen = seen.apply(number + 1, Role.ENGINE, opened)
    joined = CaptionsView.of(seen.snapshot(), Feed(FLOOR))
    assert (joined.skipped, len(joined.lines), joined.snapshot().before) == (50, 200, 50)
    assert joined.page(50) == ()
    assert joined.page(250) == seen.page(250) == seen.lines.slice(200, 250)
    # The page that reaches back before the snapshot has what there is of it.
    assert joined.page(200) == seen.lines.slice(50, 200)
    assert [seen.number(SegmentId(name)) for name in ("s0", "s249", "s250")] == [0, 249, None]
    assert [joined.number(SegmentId(name)) for name in ("s0", "s50", "s249")] == [None, 50, 249]


def test_struck_and_moved_lines_are_not_to_be_shown_and_keep_their_number() -> None:
    lines = (S1, SegmentId("unknown"))
    for struck in (
        le.ChannelRewound(channel=FLOOR, t=100, segments=lines),
        le.SegmentsMovedAway(channel=FLOOR, segments=lines, session=SessionId("other")),
    ):
        for live in (True, False):
            seen = view(OPENED, words(0, " Gut"), struck, live=live)
            assert (line(seen).gone, line(seen).text) == (True, "")
            assert seen.number(S1) is None
        elsewhere = msgspec.structs.replace(struck, channel=ChannelId("pt"))
        assert not line(view(OPENED, words(0, " Gut"), elsewhere)).gone


def test_the_session_says_what_is_kept_of_it() -> None:
    created = ev.SessionCreated(
        title="x", languages=("en",), sound=ev.SoundKept.PUBLISHED, young_people=True, rehearsal=True
    )
    seen = view(created, ev.SessionDescribed(title="y"), ev.NotRecordedBegan(t0=700))
    session = seen.session
    assert (session.title, session.sound, session.young_people, session.rehearsal) == ("y", "published", True, True)
    assert session.not_recorded == 700
    assert seen.apply(9, Role.CHAIR, ev.NotRecordedEnded(t1=900)).session.not_recorded is None


def test_the_session_keeps_what_was_not_recorded_in_order_of_time_with_the_gaps() -> None:
    def noted(t0: int) -> ev.GapNoted:
        return ev.GapNoted(channel=FLOOR, t0=t0, t1=t0 + 5, reason=ev.GapReason.OVERLOAD)

    spans: list[ev.AnyEvent] = [ev.NotRecordedBegan(t0=700), ev.NotRecordedEnded(t1=900)]
    seen = view(noted(800), *spans, noted(100), ev.NotRecordedBegan(t0=950), ev.NotRecordedEnded(t1=950))
    reason = ev.GapReason.OVERLOAD
    assert seen.session.gaps == (
        Gap(t0=100, t1=105, reason=reason),
        Gap(t0=700, t1=900, reason="not-recorded"),
        Gap(t0=800, t1=805, reason=reason),
    )
    assert view(ev.NotRecordedEnded(t1=5)).session.gaps == ()  # Its beginning was removed.
    many = view(*spans, *(noted(t0) for t0 in range(1_000, 1_000 + MAX_GAPS + 3))).session.gaps
    assert len(many) == MAX_GAPS + 1
    assert (many[0].reason, many[1].t0) == ("not-recorded", 1_003)


def test_other_languages_are_those_of_what_is_spoken() -> None:
    pt = ev.ChannelAdded(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",))
    forced = ev.LanguageForced(channel=FLOOR, language="fr")
    floor = ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "fr"))
    for languages, left in ((("sw", "fr"), "fr"), (("sw",), None)):
        session = view(floor, pt, forced, ev.SessionDescribed(title="y", languages=languages)).session
        assert (session.title, session.languages, session.forced) == ("y", languages, left)
        assert session.channels[FLOOR].languages == languages
        assert session.channels[ChannelId("pt")].languages == ("pt",)


def test_who_speaks_and_in_which_language_is_told_of_this_channel() -> None:
    chair = SpeakerId("chair")
    here = view(ev.SpeakerChanged(channel=FLOOR, speaker=chair, t=0), ev.LanguageForced(channel=FLOOR, language="pt"))
    assert (here.session.speaking, here.session.forced) == (chair, "pt")
    pt = ChannelId("pt")
    there = view(ev.SpeakerChanged(channel=pt, speaker=chair, t=0), ev.LanguageForced(channel=pt, language="pt"))
    assert (there.session.speaking, there.session.forced) == (None, None)


@pytest.mark.parametrize(("kind", "said_by"), [("translation", "chair"), ("interpretation", None)])
def test_in_a_translation_the_speaker_of_the_floor_speaks(kind: str, said_by: str | None) -> None:
    french, chair = ChannelId("fr"), SpeakerId("chair")
    seen = CaptionsView.empty(SESSION, EPOCH, Feed(french))
    events: list[ev.AnyEvent] = [
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.ChannelAdded(channel=french, kind=ev.ChannelKind(kind), languages=("fr",)),
        ev.SpeakerChanged(channel=FLOOR, speaker=chair, t=0),
    ]
    for offset, event in enumerate(events, 1):
        seen = seen.apply(offset, Role.SYSTEM, event)
    assert seen.session.speaking == said_by


def test_a_note_of_the_staff_and_lines_that_come_from_elsewhere_change_no_view() -> None:
    before = view(OPENED)
    for event in (
        ne.NoteLeft(text="x"),
        le.SegmentsMovedHere(channel=FLOOR, segments=(S1,), session=SessionId("other")),
    ):
        assert before.apply(9, Role.CHAIR, event) == msgspec.structs.replace(before, offset=9)


def test_a_line_that_is_older_than_all_that_is_known_only_moves_their_numbers() -> None:
    made = le.MadeFrom(sources=(le.SourceSegment(S1, 0),), route="echo 1 en>es")
    known = view(msgspec.structs.replace(OPENED, t0=1_000)).snapshot()
    from_there = CaptionsView.of(msgspec.structs.replace(known, before=200), Feed(FLOOR))
    older = msgspec.structs.replace(OPENED, segment=SegmentId("s0"), t0=10, made_from=made)
    seen = from_there.apply(known.offset + 1, Role.TRANSLATOR, older)
    assert ([each.segment for each in seen.lines], seen.skipped) == ([S1], 201)
    assert seen.apply(known.offset + 2, Role.TRANSLATOR, msgspec.structs.replace(older, t0=800)).skipped == 201


def test_a_translated_line_says_what_it_was_made_of_and_a_correction_says_it_anew() -> None:
    made = [le.MadeFrom(sources=(le.SourceSegment(S1, revision),), route="echo 1 en>es") for revision in (0, 1)]
    opened = msgspec.structs.replace(OPENED, made_from=made[0])
    again = msgspec.structs.replace(corrected("Buenas tardes"), machine=True, made_from=made[1])
    assert line(view(opened)).made_from == made[0]
    seen = line(view(opened, again, corrected("Muy buenas", revision=1), role=Role.CAPTIONER))
    assert (seen.made_from, seen.mended) == (made[1], True)
    assert line(view(OPENED)).made_from is msgspec.UNSET


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), None),
        ((("a", 0, None), ("typed", 500, 600)), 0),
        ((("a", 0, None), ("b", 500, 600)), None),
        ((("a", 0, 400), ("b", 500, None)), 1),
        ((("a", 0, None), ("typed", LONGEST + 1, LONGEST + 9)), None),
        ((("a", 0, 400), ("gone", 500, None)), None),
    ],
)
def test_the_newest_line_that_is_open_grows_also_before_what_is_typed_meanwhile(
    lines: tuple[tuple[str, int, int | None], ...], found: int | None
) -> None:
    made = [
        Line(
            segment=SegmentId(name),
            t0=t0,
            t1=t1,
            language="en",
            origin=le.Origin.SPEAKER if name == "typed" else le.Origin.MACHINE,
            gone=name == "gone",
            text="Text.",
        )
        for name, t0, t1 in lines
    ]
    assert growing(made) == found


def test_readers_know_whose_text_it_is_and_whether_the_machine_stands_in() -> None:
    view = CaptionsView.empty(SESSION, EPOCH, Feed(ChannelId("floor")))
    person = le.AirChanged(channel=ChannelId("floor"), source=le.AirSource.PERSON, t=1, t0=0)
    tool = le.AirChanged(channel=ChannelId("floor"), source=le.AirSource.TOOL, t=2, t0=2, tool="StenoCo")
    machine = le.AirChanged(channel=ChannelId("floor"), source=le.AirSource.MACHINE, t=3, t0=3)
    other = le.AirChanged(channel=ChannelId("es"), source=le.AirSource.PERSON, t=4, t0=4)
    assert view.session.on_air is msgspec.UNSET
    view = view.apply(2, Role.CAPTIONER, person).apply(3, Role.TOOL, tool)
    assert (view.session.on_air, view.session.tool) == (le.AirSource.TOOL, "StenoCo")
    view = view.apply(4, Role.CAPTIONER, machine).apply(5, Role.CAPTIONER, other)
    assert (view.session.on_air, view.session.tool) == (le.AirSource.MACHINE, msgspec.UNSET)


def test_a_session_that_was_imported_says_from_which_file_and_on_what_ground() -> None:
    french = ev.TextImported(channel=ChannelId("fr"), form="srt", at=1, digest="0" * 64)
    floor = ev.TextImported(channel=FLOOR, form="vtt", producer="Zoom", at=2, digest="1" * 64, estimated=True)
    ground = ev.GroundStated(access=ev.Access.PUBLIC, ground="It was held in public.")
    assert view(ground).session.imported is msgspec.UNSET
    assert view(french).session.imported == ImportedFrom(form="srt", producer="", at=1, estimated=False)
    known = ImportedFrom(form="vtt", producer="Zoom", at=2, estimated=True, ground="It was held in public.")
    assert view(french, floor, ground).session.imported == known
    assert view(floor, ground, french).session.imported == known


def test_a_split_line_reads_as_two_directly_one_after_the_other() -> None:
    later = le.SegmentOpened(channel=FLOOR, segment=SegmentId("s2"), t0=350, language="en", origin=le.Origin.MACHINE)
    said = le.WordsCommitted(channel=FLOOR, segment=S1, first=0, words=(*timed(100, "Who", "asks?"), *timed(300, "I")))
    ended = le.SegmentEnded(channel=FLOOR, segment=S1, t1=390, reason=le.EndReason.PAUSE, text=" Who asks? I")
    told = [OPENED, said, ended, later, *split("s1", "part", timed(100, "Who", "asks?"), timed(300, "I"))]
    lines = list(view(*told).lines)
    assert [(line.segment, line.text, line.words, line.t1, line.voice_changes) for line in lines] == [
        ("s1", " Who asks?", 2, 290, True),
        ("part", " I", 1, 390, msgspec.UNSET),
        ("s2", "", 0, None, msgspec.UNSET),
    ]
    assert (lines[0].revision, lines[0].mended, lines[1].revision) == (1, False, 0)
    few = [event for event in told if not isinstance(event, le.WordsCommitted)]
    assert [(line.text, line.words) for line in view(*few, live=False).lines] == [(" Who asks?", 0), (" I", 0), ("", 0)]


def test_the_second_part_of_a_line_of_an_older_page_belongs_to_that_page() -> None:
    seen = CaptionsView.of(msgspec.structs.replace(view(OPENED).snapshot(), before=3), Feed(FLOOR))
    for offset, event in enumerate(split("older", "part", timed(100, "Who"), timed(200, "I")), 2):
        seen = seen.apply(offset, Role.ENGINE, event)
    assert (seen.skipped, [line.segment for line in seen.lines]) == (4, [S1])


def test_the_second_part_of_a_removed_line_stands_by_its_time() -> None:
    seen = view(OPENED, *split("removed", "part", timed(900, "Who"), timed(1_000, "I")))
    assert [line.segment for line in seen.lines] == [S1, "part"]


def test_another_voice_begins_where_a_line_ends_with_its_speaker() -> None:
    ended = le.SegmentEnded(channel=FLOOR, segment=S1, t1=390, reason=le.EndReason.SPEAKER, text="Who asks?")
    assert [line.voice_changes for line in view(OPENED, ended).lines] == [True]


FR = ChannelId("fr")
KNOWN, CHANGES = ev.VoicesTold.KNOWN, ev.VoicesTold.CHANGES


def heard(voices: ev.VoicesTold | msgspec.UnsetType = msgspec.UNSET, channel: ChannelId = FLOOR) -> ev.EngineAttached:
    return ev.EngineAttached(channel=channel, generation=1, model="m", voices=voices)


def chosen(use: ev.VoiceUse | msgspec.UnsetType = msgspec.UNSET) -> ev.SessionArranged:
    return ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE, voice_use=use)


@pytest.mark.parametrize(
    ("events", "now", "so_far"),
    [
        ((), msgspec.UNSET, msgspec.UNSET),
        ((heard(), chosen(ev.VoiceUse.NONE)), msgspec.UNSET, msgspec.UNSET),
        ((heard(CHANGES), chosen(), chosen(ev.VoiceUse.ALLOWED)), CHANGES, CHANGES),
        ((heard(CHANGES, FR),), CHANGES, CHANGES),
        ((heard(KNOWN, FR), heard(CHANGES)), KNOWN, KNOWN),
        ((heard(KNOWN), heard(CHANGES)), CHANGES, KNOWN),
        ((heard(KNOWN), heard()), msgspec.UNSET, KNOWN),
        ((heard(KNOWN), chosen(ev.VoiceUse.CHANGES)), CHANGES, KNOWN),
        ((heard(KNOWN), chosen(ev.VoiceUse.NONE)), msgspec.UNSET, KNOWN),
    ],
)
def test_a_session_knows_what_is_measured_of_voices_and_once_it_is_closed_what_was(
    events: tuple[ev.AnyEvent, ...],
    now: ev.VoicesTold | msgspec.UnsetType,
    so_far: ev.VoicesTold | msgspec.UnsetType,
) -> None:
    assert view(*events).session.measured is now
    closed = view(*events, ev.SessionClosed(t=1_000)).session
    assert (closed.measured, closed.voices_so_far) == (so_far, so_far)


def test_an_engine_that_measures_as_before_changes_nothing_for_readers() -> None:
    seen = view(heard(CHANGES))
    assert seen.apply(2, Role.SYSTEM, heard(CHANGES)).session is seen.session
