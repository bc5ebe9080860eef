from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.rules.authority import COMMANDS, may_send
from moothall.core.rules.turn_times import LONGER_MS, said_in, turn_now, typed_ever, typed_language, typed_lines
from moothall.core.rules.turns import LONGEST_LIMIT_MS, MAX_TYPED, MOST_LINES
from moothall.core.sessions.state import State
from support.sessions.deciding import FLOOR, WALL, carry_out, created, events, line_of, refused, segment
from support.sessions.questions import MODERATOR, SOMEBODY, asked, name, of, stand

AUTHOR = Actor(Role.PARTICIPANT, "a")


def called() -> State:
    return carry_out(
        asked(), stand(InterventionStatus.QUEUED, "a", "b"), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )


def types(*lines: str, what: str = "a", first: int = 0) -> do.TypeTurn:
    made = (do.TypedLine(segment=SegmentId(f"i1.{first + n}"), text=text) for n, text in enumerate(lines))
    return do.TypeTurn(intervention=name(what), lines=tuple(made))


def corrected(segment: str, text: str) -> do.CorrectSegment:
    return do.CorrectSegment(channel=FLOOR, segment=SegmentId(segment), base_revision=0, base_words=0, text=text)


def test_the_first_words_introduce_who_types_and_say_so_once() -> None:
    state = called()
    assert events(state, types(), actor=AUTHOR, wall=WALL + 2_000) == [
        ev.SpeakerIntroduced(speaker=SpeakerId("i1"), name="No. 1"),
        qe.TurnTyped(intervention=name("a"), number=1, t=2_000),
    ]
    state = carry_out(state, types(), actor=AUTHOR)
    assert refused(state, types(), actor=AUTHOR).code is RefusalCode.CONFLICT
    assert [type(event) for event in events(state, types("Why?"), actor=AUTHOR)] == [le.SegmentOpened, le.SegmentEnded]


def test_lines_are_the_speakers_own_and_stand_beside_the_line_that_an_engine_has_open() -> None:
    state = carry_out(called(), types(" Why so? ", "And when?"), actor=AUTHOR, wall=WALL + 3_000)
    line = line_of(state, "i1.0")
    assert (line.whole, line.origin, line.speaker, line.language) == ("Why so?", le.Origin.SPEAKER, "i1", "en")
    assert (line.t0, line.t1, line.ended) == (3_000, 3_000, True)
    assert (line_of(state, "i1.1").whole, line_of(state, "i1.1").t0) == ("And when?", 3_001)
    again = carry_out(state, types("Now?", first=2), actor=AUTHOR, wall=WALL + 3_000)
    assert line_of(again, "i1.2").t0 == 3_002, "each has a moment of its own"
    assert [line.whole for line in typed_lines(again, of(again, "a"))] == ["Why so?", "And when?", "Now?"]
    assert typed_lines(again, of(again, "b")) == ()
    emptied = carry_out(again, corrected("i1.1", ""))
    over = carry_out(emptied, stand(InterventionStatus.ANSWERED, "a"), actor=MODERATOR)
    assert typed_lines(over, of(over, "a")) == ()
    assert [line.whole for line in typed_ever(over, of(over, "a"))] == ["Why so?", "Now?"]
    assert typed_ever(over, of(over, "b")) == ()
    assert state.channels[FLOOR].open_segment == "b"
    assert not line_of(state, "b").ended


def test_a_name_that_the_staff_has_mended_stays() -> None:
    state = carry_out(called(), do.IntroduceSpeaker(speaker=SpeakerId("i1"), name="Ana Conceição"))
    state = carry_out(state, types("Why?"), actor=AUTHOR)
    assert state.speakers[SpeakerId("i1")] == "Ana Conceição"


@pytest.mark.parametrize(("language", "written"), [("pt", "pt"), ("en", "en"), ("pt-BR", "pt"), ("fr", "fr")])
def test_it_is_in_the_questions_language(language: str, written: str) -> None:
    state = called()
    each = msgspec.structs.replace(of(state, "a"), language=language)
    assert typed_language(each, state.channels[FLOOR]) == written


def test_what_somebody_has_typed_in_is_one_of_the_languages_of_the_text() -> None:
    state = called()
    assert said_in(state, state.channels[FLOOR]) == ("en", "pt")
    state = msgspec.structs.replace(state, questions=state.questions.with_(name("a"), language="fr"))
    assert said_in(state, state.channels[FLOOR]) == ("en", "pt")
    state = carry_out(state, types("Pourquoi ?"), actor=AUTHOR)
    assert said_in(state, state.channels[FLOOR]) == ("en", "pt", "fr")


def test_nobody_else_types_and_nobody_out_of_turn() -> None:
    state = called()
    assert refused(state, types("Why?"), actor=SOMEBODY).code is RefusalCode.FORBIDDEN
    other = Actor(Role.PARTICIPANT, "b")
    assert refused(state, types("Why?", what="b"), actor=other).code is RefusalCode.CONFLICT
    assert refused(state, types("Why?", what="none"), actor=other).code is RefusalCode.UNKNOWN
    over = carry_out(state, stand(InterventionStatus.ANSWERED, "a"), actor=MODERATOR)
    assert refused(over, types("Why?"), actor=AUTHOR).code is RefusalCode.CONFLICT
    closed = carry_out(state, do.CloseSession())
    assert refused(closed, types("Why?"), actor=AUTHOR).code is RefusalCode.CONFLICT
    assert [role for role in Role if may_send(role, types())] == [Role.PARTICIPANT]


def test_whoever_was_called_may_say_once_that_they_need_longer() -> None:
    longer = do.HoldTurn(intervention=name("a"))
    assert refused(called(), longer, actor=Actor(Role.PARTICIPANT, "b")).code is RefusalCode.FORBIDDEN
    assert refused(called(), do.HoldTurn(intervention=name("x")), actor=AUTHOR).code is RefusalCode.UNKNOWN
    (held,) = events(called(), longer, actor=AUTHOR, wall=WALL + 30_000)
    assert held == qe.TurnHeld(intervention=name("a"), number=1, t=30_000)
    state = carry_out(called(), longer, actor=AUTHOR, wall=WALL + 30_000)
    now = turn_now(state)
    assert now is not None
    assert (now.begin, now.longer) == (30_000 + LONGER_MS, True)
    assert refused(state, longer, actor=AUTHOR).code is RefusalCode.CONFLICT
    begun = carry_out(called(), types(), actor=AUTHOR)
    assert refused(begun, longer, actor=AUTHOR).code is RefusalCode.CONFLICT
    assert [role for role in Role if may_send(role, longer)] == [Role.PARTICIPANT]


def test_there_is_nothing_to_type_in_where_the_room_has_no_text() -> None:
    bare = carry_out(State(id=created().id), do.CreateSession(title="x", languages=("en",)), do.OpenSession())
    assert refused(bare, types("Why?"), actor=AUTHOR).code is RefusalCode.UNKNOWN


def test_what_is_not_recorded_becomes_no_line() -> None:
    state = carry_out(called(), do.BeginNotRecorded(), wall=WALL + 1_000)
    assert refused(state, types("Between us."), actor=AUTHOR).code is RefusalCode.CONFLICT
    assert not any(isinstance(event, le.SegmentOpened) for event in events(state, types(), actor=AUTHOR))
    state = carry_out(state, types(), actor=AUTHOR)
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 5_000)
    state = carry_out(state, types("For all."), actor=AUTHOR, wall=WALL + 4_000)
    assert line_of(state, "i1.0").t0 == 5_000


@pytest.mark.parametrize(
    "command",
    [
        types(" "),
        types("x" * (MAX_TYPED + 1)),
        types(*["x"] * (MOST_LINES + 1)),
        do.TypeTurn(intervention=name("a"), lines=(do.TypedLine(segment=SegmentId("A b"), text="x"),)),
        do.TypeTurn(intervention=name("a"), lines=(do.TypedLine(segment=SegmentId("c"), text="x"),) * 2),
    ],
)
def test_what_is_no_line_is_refused(command: do.TypeTurn) -> None:
    assert refused(called(), command, actor=AUTHOR).code is RefusalCode.INVALID


def test_a_line_is_there_once() -> None:
    state = carry_out(called(), types("Why?"), actor=AUTHOR)
    assert refused(state, types("Why?"), actor=AUTHOR).code is RefusalCode.CONFLICT
    taken = do.TypeTurn(intervention=name("a"), lines=(do.TypedLine(segment=segment("b"), text="x"),))
    assert refused(state, taken, actor=AUTHOR).code is RefusalCode.CONFLICT


def test_the_limit_of_a_turn_is_for_whoever_may_bring_questions_on() -> None:
    state = carry_out(called(), do.LimitTurns(ms=300_000), actor=MODERATOR)
    assert state.questions.limit == 300_000
    assert refused(state, do.LimitTurns(ms=300_000), actor=MODERATOR).code is RefusalCode.CONFLICT
    for ms in (-1, LONGEST_LIMIT_MS + 1):
        assert refused(state, do.LimitTurns(ms=ms), actor=MODERATOR).code is RefusalCode.INVALID
    assert {role for role in Role if do.LimitTurns in COMMANDS[role]} == {
        role for role in Role if do.SetStatus in COMMANDS[role]
    } - {Role.PARTICIPANT}
    assert SYSTEM.role is Role.SYSTEM
