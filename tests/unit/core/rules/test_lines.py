from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId, SpeakerId
from moothall.core.removal.moves import returned
from moothall.core.removal.selection import not_kept
from moothall.core.rules.lines import MAX_LINES, MAX_TEXT, MOST_BACK, unkept_now
from moothall.core.sessions.state import State
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    events,
    line_of,
    opened,
    refused,
    segment,
    speaking,
    word,
)

ANA = SpeakerId("ana")
OTHER = SessionId("other")
LATER = WALL + 60_000


def typed(name: str = "t1", text: str = " Welcome, all. ", **fields: object) -> do.TypeSegment:
    line = do.TypeSegment(channel=FLOOR, segment=segment(name), text=text, language="en")
    return msgspec.structs.replace(line, **fields)


def test_a_line_command_names_a_channel_of_the_session() -> None:
    nowhere = ChannelId("xx")
    for command in (
        do.ForceLanguage(channel=nowhere, language="en"),
        do.RewindChannel(channel=nowhere, t=0),
        typed(channel=nowhere),
        do.MoveSegmentsAway(channel=nowhere, segments=(segment("a"),), session=OTHER),
        do.MoveSegmentsHere(channel=nowhere, session=OTHER, lines=()),
    ):
        assert refused(speaking(), command).code is RefusalCode.UNKNOWN


def test_a_language_is_forced_among_those_of_the_channel_and_let_go() -> None:
    force = do.ForceLanguage(channel=FLOOR, language="pt")
    assert events(speaking(), force) == [ev.LanguageForced(channel=FLOOR, language="pt")]
    assert carry_out(speaking(), force).channels[FLOOR].forced == "pt"
    let_go = msgspec.structs.replace(force, language=None)
    assert carry_out(speaking(), force, let_go).channels[FLOOR].forced is None
    assert refused(speaking(), msgspec.structs.replace(force, language="fr")).code is RefusalCode.INVALID


def rewound(state: State, t: int) -> le.ChannelRewound:
    event = events(state, do.RewindChannel(channel=FLOOR, t=t))[-1]
    assert isinstance(event, le.ChannelRewound)
    return event


def test_rewinding_strikes_the_lines_from_there_on_whole() -> None:
    state = speaking()
    assert rewound(state, 1100) == le.ChannelRewound(channel=FLOOR, t=1100, segments=(segment("b"),))
    assert rewound(state, 1300) == le.ChannelRewound(channel=FLOOR, t=1200, segments=(segment("b"),))
    assert rewound(state, 500) == le.ChannelRewound(channel=FLOOR, t=0, segments=(segment("a"), segment("b")))
    after = carry_out(state, do.RewindChannel(channel=FLOOR, t=500))
    assert after.channels[FLOOR].committed_through == 0
    assert after.channels[FLOOR].open_segment is None
    assert after.channels[FLOOR].last_words == ()
    assert line_of(after, "a").gone
    assert rewound(after, 0).segments == ()
    # The same sound is heard again, under another name.
    again = carry_out(after, commit("c", 0, word("Bom", 0, 300), start=0), actor=ENGINE)
    assert again.channels[FLOOR].open_segment == "c"


def test_rewinding_never_skips_what_was_not_heard_yet() -> None:
    assert rewound(speaking(), 90_000) == le.ChannelRewound(channel=FLOOR, t=1500, segments=())


def test_an_open_line_that_stays_is_ended_before_its_channel_is_rewound() -> None:
    mended = carry_out(speaking(), correct("b", 0, 1, "Well"), actor=CAPTIONER)
    for state, text in ((speaking(), "Welcome"), (mended, "Well")):
        assert events(state, do.RewindChannel(channel=FLOOR, t=90_000)) == [
            le.SegmentEnded(channel=FLOOR, segment=segment("b"), t1=1500, reason=le.EndReason.LANGUAGE, text=text),
            le.ChannelRewound(channel=FLOOR, t=1500, segments=()),
        ]
    assert len(events(speaking(), do.RewindChannel(channel=FLOOR, t=1100))) == 1


def test_rewinding_stops_behind_what_a_person_mended_and_what_was_not_recorded() -> None:
    by_machine = carry_out(speaking(), correct("a", 0, 3, "Good"), actor=ENGINE)
    assert rewound(by_machine, 0).segments == (segment("a"), segment("b"))
    mended = carry_out(speaking(), correct("a", 0, 3, "Good"), actor=CAPTIONER)
    assert rewound(mended, 0) == le.ChannelRewound(channel=FLOOR, t=1000, segments=(segment("b"),))
    state = carry_out(speaking(), end("b", 1500), actor=ENGINE)
    state = carry_out(state, do.BeginNotRecorded(), wall=WALL + 1600)
    assert refused(state, do.RewindChannel(channel=FLOOR, t=0)).code is RefusalCode.CONFLICT
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 2000)
    state = carry_out(state, commit("c", 0, word("So", 2100, 2200), start=2100), actor=ENGINE)
    assert rewound(state, 0) == le.ChannelRewound(channel=FLOOR, t=2000, segments=(segment("c"),))


def test_rewinding_leaves_what_people_wrote_and_what_came_from_elsewhere() -> None:
    moved = do.MovedSegment(segment=segment("m"), t0=100, t1=9000, language="en", origin=le.Origin.MACHINE, text="Hm")
    state = carry_out(speaking(), typed(), actor=CAPTIONER)
    state = carry_out(state, do.MoveSegmentsHere(channel=FLOOR, session=OTHER, lines=(moved,)), wall=LATER)
    assert rewound(state, 0).segments == (segment("a"), segment("b"))


def test_sound_is_rewound_while_there_is_some() -> None:
    assert refused(speaking(), do.RewindChannel(channel=FLOOR, t=-1)).code is RefusalCode.INVALID
    closed = carry_out(speaking(), do.CloseSession())
    assert refused(closed, do.RewindChannel(channel=FLOOR, t=0)).code is RefusalCode.CONFLICT


def test_a_typed_line_comes_whole_at_the_time_of_now_and_leaves_the_open_one_open() -> None:
    state = carry_out(
        speaking(), do.IntroduceSpeaker(speaker=ANA, name="Ana"), do.SetSpeaker(channel=FLOOR, speaker=ANA)
    )
    assert events(state, typed(), actor=CAPTIONER, wall=WALL + 1400) == [
        le.SegmentOpened(
            channel=FLOOR, segment=segment("t1"), t0=1400, language="en", origin=le.Origin.PERSON, speaker=ANA
        ),
        le.SegmentEnded(
            channel=FLOOR, segment=segment("t1"), t1=1400, reason=le.EndReason.SENTENCE, text="Welcome, all."
        ),
    ]
    after = carry_out(state, typed(), actor=CAPTIONER, wall=WALL + 1400)
    assert (line_of(after, "t1").whole, line_of(after, "t1").ended) == ("Welcome, all.", True)
    assert after.channels[FLOOR] == state.channels[FLOOR]
    corrected = carry_out(after, correct("t1", 0, 0, "Welcome, everybody."), actor=CAPTIONER)
    assert line_of(corrected, "t1").whole == "Welcome, everybody."


INTERPRETER = Actor(Role.INTERPRETER, "i1")
FRENCH = ChannelId("fr")


def test_how_a_typed_line_came_about_follows_from_who_typed_it_and_interpreters_type_only_interpretations() -> None:
    added = do.AddChannel(channel=FRENCH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
    state = carry_out(speaking(), added)
    answer = refused(state, typed(), actor=INTERPRETER)
    assert answer.code is RefusalCode.FORBIDDEN
    own = typed(channel=FRENCH, language="fr")
    for actor, origin in ((INTERPRETER, le.Origin.INTERPRETER), (CAPTIONER, le.Origin.PERSON)):
        opened_line = events(state, own, actor=actor)[0]
        assert isinstance(opened_line, le.SegmentOpened)
        assert opened_line.origin is origin


def test_nobody_types_into_a_translation() -> None:
    added = do.AddChannel(channel=FRENCH, kind=ev.ChannelKind.TRANSLATION, languages=("fr",))
    line = typed(channel=FRENCH, language="fr")
    assert refused(carry_out(speaking(), added), line, actor=CAPTIONER).code is RefusalCode.FORBIDDEN


def test_a_session_without_any_sound_is_captioned_by_a_person() -> None:
    state = carry_out(opened(), typed("t1", "Good"), typed("t2", "day"), actor=CAPTIONER)
    state = carry_out(state, typed("t3", "We go on at ten."), do.PauseSession(), do.CloseSession(), wall=WALL + 9)
    assert [line_of(state, name).whole for name in ("t1", "t2", "t3")] == ["Good", "day", "We go on at ten."]


def test_a_typed_line_has_a_free_name_a_language_a_text_and_a_known_speaker() -> None:
    state = carry_out(speaking(), typed())
    for code, wrong in (
        (RefusalCode.INVALID, typed("No")),
        (RefusalCode.INVALID, typed("t2", language="fr")),
        (RefusalCode.INVALID, typed("t2", "  ")),
        (RefusalCode.INVALID, typed("t2", "x" * (MAX_TEXT + 1))),
        (RefusalCode.CONFLICT, typed("a")),
        (RefusalCode.UNKNOWN, typed("t2", speaker=ANA)),
    ):
        assert refused(state, wrong).code is code


def test_nothing_is_typed_into_what_is_closed_or_not_recorded() -> None:
    closed = carry_out(speaking(), do.CloseSession())
    assert refused(closed, typed()).code is RefusalCode.CONFLICT
    state = carry_out(speaking(), do.BeginNotRecorded(), wall=WALL + 2000)
    assert "not recorded" in refused(state, typed(), wall=WALL + 2100).message
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 3000)
    # A clock that was set back since puts no line into the span.
    opening = events(state, typed(), wall=WALL + 2500)[0]
    assert isinstance(opening, le.SegmentOpened)
    assert opening.t0 == 3000


def test_whether_what_is_written_now_is_kept() -> None:
    state = speaking()
    assert unkept_now(state) is None
    off = carry_out(state, do.BeginNotRecorded())
    for each, code in ((off, RefusalCode.CONFLICT), (carry_out(state, do.PauseSession()), RefusalCode.BREAK)):
        unkept = unkept_now(each)
        assert unkept is not None
        assert unkept.code is code
        assert unkept_now(carry_out(each, do.CloseSession())) is None


def away(*names: str, session: SessionId = OTHER) -> do.MoveSegmentsAway:
    return do.MoveSegmentsAway(channel=FLOOR, segments=tuple(map(segment, names)), session=session)


def test_finished_lines_are_moved_away() -> None:
    event = le.SegmentsMovedAway(channel=FLOOR, segments=(segment("a"),), session=OTHER)
    assert events(speaking(), away("a"), wall=LATER) == [event]
    assert line_of(carry_out(speaking(), away("a"), wall=LATER), "a").gone


@dataclass(frozen=True)
class Wrong:
    names: tuple[str, ...]
    code: RefusalCode
    session: SessionId = OTHER


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong((), RefusalCode.INVALID),
        Wrong(("a",) * (MAX_LINES + 1), RefusalCode.INVALID),
        Wrong(("a",), RefusalCode.INVALID, SessionId("s")),
        Wrong(("b",), RefusalCode.UNKNOWN),
        Wrong(("x",), RefusalCode.UNKNOWN),
    ],
    ids=str,
)
def test_only_finished_lines_that_are_there_are_moved_to_another_session(wrong: Wrong) -> None:
    command = away(*wrong.names, session=wrong.session)
    assert refused(speaking(), command, wall=LATER).code is wrong.code


def test_what_was_moved_away_or_is_of_another_channel_is_not_there() -> None:
    state = carry_out(speaking(), away("a"), wall=LATER)
    assert refused(state, away("a"), wall=LATER).code is RefusalCode.UNKNOWN
    pt = do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",))
    elsewhere = msgspec.structs.replace(away("a"), channel=ChannelId("pt"))
    assert refused(carry_out(speaking(), pt), elsewhere, wall=LATER).code is RefusalCode.UNKNOWN


def test_a_line_that_may_still_be_taken_off_the_record_stays_where_it_would_be_found() -> None:
    assert refused(speaking(), away("a"), wall=WALL + 1000 + MOST_BACK).code is RefusalCode.CONFLICT
    assert len(events(speaking(), away("a"), wall=WALL + 1001 + MOST_BACK)) == 1
    # Nor does one come to where it would be found though it was said long before.
    early = here(moved(t0=0, t1=0))
    assert refused(speaking(), early, wall=WALL + MOST_BACK).code is RefusalCode.CONFLICT
    state = carry_out(speaking(), early, wall=WALL + 1 + MOST_BACK)
    state = carry_out(state, do.BeginNotRecorded(back=MOST_BACK), wall=WALL + 1 + MOST_BACK)
    assert "m1" not in [cut.line.id for cut in not_kept(state)]


def moved(name: str = "m1", **fields: object) -> do.MovedSegment:
    line = do.MovedSegment(segment=segment(name), t0=10, t1=90, language="en", origin=le.Origin.MACHINE, text="Hello.")
    return msgspec.structs.replace(line, **fields)


def here(*lines: do.MovedSegment) -> do.MoveSegmentsHere:
    return do.MoveSegmentsHere(channel=FLOOR, session=OTHER, lines=lines)


def test_lines_arrive_whole_and_keep_that_a_person_mended_them() -> None:
    made = events(speaking(), here(moved(), moved("m2", mended=True, origin=le.Origin.INTERPRETER)), wall=LATER)
    assert made[0] == le.SegmentsMovedHere(channel=FLOOR, segments=(segment("m1"), segment("m2")), session=OTHER)
    assert [type(event) for event in made[1:]] == [
        le.SegmentOpened, le.SegmentEnded, le.SegmentOpened, le.SegmentEnded, le.SegmentCorrected,
    ]  # fmt: skip
    state = carry_out(speaking(), here(moved(), moved("m2", mended=True, text="Bye.")), wall=LATER)
    first, second = line_of(state, "m1"), line_of(state, "m2")
    assert (first.whole, first.t0, first.t1, first.mended) == ("Hello.", 10, 90, False)
    assert (second.whole, second.mended) == ("Bye.", True)
    assert state.channels[FLOOR] == speaking().channels[FLOOR]


def test_lines_that_arrive_have_names_times_texts_and_known_speakers() -> None:
    for code, lines in (
        (RefusalCode.INVALID, ()),
        (RefusalCode.INVALID, (moved(),) * 2),
        (RefusalCode.INVALID, (moved("No"),)),
        (RefusalCode.INVALID, tuple(moved(f"m{n}") for n in range(MAX_LINES + 1))),
        (RefusalCode.INVALID, (moved(t0=-1),)),
        (RefusalCode.INVALID, (moved(t1=9),)),
        (RefusalCode.INVALID, (moved(text=""),)),
        (RefusalCode.INVALID, (moved(text="x" * (MAX_TEXT + 1)),)),
        (RefusalCode.CONFLICT, (moved("a"),)),
        (RefusalCode.UNKNOWN, (moved(speaker=ANA),)),
    ):
        assert refused(speaking(), here(*lines), wall=LATER).code is code


def test_lines_do_not_arrive_where_the_session_was_not_recorded() -> None:
    state = carry_out(speaking(), do.BeginNotRecorded(), wall=WALL + 2000)
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 3000)
    assert refused(state, here(moved(t0=1000, t1=2000)), wall=LATER).code is RefusalCode.CONFLICT
    kept = here(moved(t0=1000, t1=1999), moved("m2", t0=3000, t1=3000))
    assert len(events(state, kept, wall=LATER)) == 5


def back(*names: str, **fields: object) -> do.BringSegmentsBack:
    command = do.BringSegmentsBack(channel=FLOOR, segments=tuple(map(segment, names)), session=OTHER)
    return msgspec.structs.replace(command, **fields)


def moved_away(state: State, *names: str) -> State:
    gone = do.MoveSegmentsAway(channel=FLOOR, segments=tuple(map(segment, names)), session=OTHER)
    return carry_out(state, gone, wall=WALL + 90_000)


def test_lines_that_were_moved_away_stand_again_with_their_words_under_a_name_of_their_own() -> None:
    state = moved_away(speaking(), "a")
    made = events(state, back("a"))
    name = returned(segment("a"))
    assert made[0] == le.SegmentsMovedHere(channel=FLOOR, segments=(name,), session=OTHER)
    after = carry_out(state, back("a"))
    line, was = line_of(after, name), line_of(speaking(), "a")
    assert (line.words, line.whole, line.t0, line.t1) == (was.words, was.whole, was.t0, was.t1)
    assert (line.ended, line.gone, after.channels[FLOOR].open_segment) == (True, False, segment("b"))
    assert refused(after, back("a")).code is RefusalCode.CONFLICT
    again = moved_away(after, name)
    assert line_of(carry_out(again, back(name)), returned(name)).whole == was.whole


def test_what_a_person_mended_comes_back_mended_and_what_a_machine_did_as_it_reads() -> None:
    for who, mended in ((CAPTIONER, True), (ENGINE, False)):
        state = moved_away(carry_out(speaking(), correct("a", 0, 3, "Hello."), actor=who), "a")
        line = line_of(carry_out(state, back("a")), returned(segment("a")))
        assert (line.whole, len(line.words), line.mended) == ("Hello.", 3, mended)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (back(), RefusalCode.INVALID),
        (back(*(f"l{n}" for n in range(MAX_LINES + 1))), RefusalCode.INVALID),
        (back("a", session=SessionId("s")), RefusalCode.INVALID),
        (back("x"), RefusalCode.UNKNOWN),
        (back("b"), RefusalCode.UNKNOWN),
        (back("a", "a"), RefusalCode.UNKNOWN),
        (back("a", channel=ChannelId("pt")), RefusalCode.UNKNOWN),
    ],
)
def test_only_lines_that_were_moved_away_are_brought_back(command: do.BringSegmentsBack, code: RefusalCode) -> None:
    pt = do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.INTERPRETATION, languages=("pt",))
    assert refused(carry_out(moved_away(speaking(), "a"), pt), command).code is code
    rewound = carry_out(speaking(), do.RewindChannel(channel=FLOOR, t=0))
    assert refused(rewound, back("a")).code is RefusalCode.UNKNOWN


def test_a_typed_line_that_was_moved_away_stands_again_whole() -> None:
    state = moved_away(carry_out(speaking(), typed(), actor=CAPTIONER), "t1")
    arrived, opened_again, ended_again = events(state, back("t1"))
    assert isinstance(arrived, le.SegmentsMovedHere)
    assert isinstance(opened_again, le.SegmentOpened)
    assert isinstance(ended_again, le.SegmentEnded)
    assert opened_again.origin is le.Origin.PERSON
    assert ended_again.text == "Welcome, all."
    assert (opened_again.segment, ended_again.segment) == arrived.segments * 2
