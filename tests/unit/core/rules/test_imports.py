from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.rules.authority import may_send
from moothall.core.rules.decide import decide
from moothall.core.rules.imports import MAX_GROUND, MAX_PART, MAX_PARTS, MOST_LINES, MOST_MS, is_imported, unpublished
from moothall.core.rules.notes_and_tags import MAX_QUESTION
from moothall.core.sessions.state import State, Status
from support.record.imported import LATER, carried_out
from support.sessions.recorder import MORNING

FLOOR, FR = ChannelId("floor"), ChannelId("fr")
CREATE = do.CreateSession(title="Past", languages=("en",), access=ev.Access.STAFF)
ADD = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
BEGIN = do.BeginImport(channel=FLOOR, form="vtt", digest="0" * 64)
LINE = do.ImportedLine(segment=SegmentId("a"), t0=1_000, t1=2_000, language="en", text="Hello.")
LINES = do.ImportLines(channel=FLOOR, lines=(LINE,))
END = do.EndImport(channel=FLOOR, wall=MORNING, t=9_000)
QUESTION = do.ImportedQuestion(
    intervention=InterventionId("q1"),
    number=1,
    kind=InterventionKind.QUESTION,
    text="Why?",
    language="en",
    name="",
    origin="remote",
    t=500,
    status=InterventionStatus.ANSWERED,
)
TOPIC = do.ImportedChapter(t=4_000, number=2, title="Who pays?")
GROUND = do.StateGround(access=ev.Access.PUBLIC, ground="It was held in public.")


def state_of(*commands: do.AnyCommand) -> State:
    return carried_out(State(id=SessionId("past")), *commands)[0]


def refused(state: State, command: do.AnyCommand, wall: int = LATER) -> RefusalCode:
    answer = decide(state, command, SYSTEM, wall)
    assert isinstance(answer, Refusal), answer
    return answer.code


BEGUN = state_of(CREATE, ADD, BEGIN)
DONE = state_of(CREATE, ADD, BEGIN, LINES, END)


@pytest.mark.parametrize(
    "command",
    [
        BEGIN,
        do.KeepOriginal(channel=FLOOR, name="a", part=1, parts=1, content=b"x"),
        LINES,
        do.ImportQuestions(questions=(QUESTION,)),
        do.ImportChapters(chapters=(TOPIC,)),
        END,
        GROUND,
    ],
)
def test_only_the_server_imports_and_never_into_a_session_that_is_on(command: do.AnyCommand) -> None:
    assert [role for role in Role if may_send(role, command)] == [Role.SYSTEM]
    live = state_of(CREATE, ADD, do.OpenSession())
    for state in (live, carried_out(live, do.PauseSession())[0]):
        assert refused(state, command) in (RefusalCode.CONFLICT, RefusalCode.UNKNOWN)


def test_a_past_meeting_is_closed_at_once_and_for_the_staff_alone() -> None:
    assert BEGUN.status is Status.CREATED
    assert is_imported(BEGUN)
    assert not is_imported(state_of(CREATE, ADD))
    assert (DONE.status, DONE.access, DONE.closed_at, DONE.clock.wall) == (
        Status.CLOSED,
        ev.Access.STAFF,
        9_000,
        MORNING,
    )


def test_a_line_has_its_captions_and_its_corrections() -> None:
    words = (le.Word("Hello", 1_000, 1_400), le.Word(" all.", 1_400, 2_000))
    line = msgspec.structs.replace(LINE, text="Hello all.", words=words, revision=3, mended=True, accepted=True)
    state, events = carried_out(BEGUN, do.ImportLines(channel=FLOOR, lines=(line,)))
    opened, committed, ended, corrected = events
    assert isinstance(opened, le.SegmentOpened)
    assert opened.cues is True
    assert isinstance(committed, le.WordsCommitted)
    assert committed.words == words
    assert isinstance(ended, le.SegmentEnded)
    assert isinstance(corrected, le.SegmentCorrected)
    known = state.segments.get(SegmentId("a"))
    assert known is not None
    assert (known.whole, known.revision, known.mended, known.accepted) == ("Hello all.", 3, True, True)


def test_a_line_of_many_captions_takes_several_events() -> None:
    words = tuple(le.Word("x", 1_000, 1_000) for _ in range(201))
    line = msgspec.structs.replace(LINE, text="x" * 201, words=words)
    _, events = carried_out(BEGUN, do.ImportLines(channel=FLOOR, lines=(line,)))
    assert [event.first for event in events if isinstance(event, le.WordsCommitted)] == [0, 200]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (do.BeginImport(channel=FR, form="vtt", digest="0" * 64), RefusalCode.UNKNOWN),
        (msgspec.structs.replace(BEGIN, form="Web VTT"), RefusalCode.INVALID),
        (msgspec.structs.replace(BEGIN, digest="0"), RefusalCode.INVALID),
        (msgspec.structs.replace(BEGIN, producer="x" * (MAX_GROUND + 1)), RefusalCode.INVALID),
        (msgspec.structs.replace(BEGIN, names="x" * (MAX_GROUND + 1)), RefusalCode.INVALID),
    ],
)
def test_an_import_that_does_not_begin(command: do.AnyCommand, code: RefusalCode) -> None:
    assert refused(state_of(CREATE, ADD), command) is code


def test_a_text_comes_from_one_file_and_has_no_lines_of_its_own() -> None:
    assert refused(BEGUN, BEGIN) is RefusalCode.CONFLICT
    public = state_of(msgspec.structs.replace(CREATE, access=ev.Access.PUBLIC), ADD)
    assert refused(public, BEGIN) is RefusalCode.CONFLICT
    held = state_of(CREATE, ADD, do.OpenSession(), do.CloseSession())
    assert refused(held, BEGIN) is RefusalCode.CONFLICT
    moved = do.MovedSegment(
        segment=SegmentId("m"), t0=0, t1=0, language="en", origin=le.Origin.PERSON, text="Written here."
    )
    there = do.MoveSegmentsHere(channel=FLOOR, session=None, lines=(moved,))
    written, _ = carried_out(state_of(CREATE, ADD, do.OpenSession(age=600_000)), there)
    unbegun = msgspec.structs.replace(written, status=Status.CREATED)
    assert refused(unbegun, BEGIN) is RefusalCode.CONFLICT


def test_an_import_goes_on_with_the_statement_that_it_was_begun_with() -> None:
    answer = decide(BEGUN, msgspec.structs.replace(BEGIN, names="They agreed."), SYSTEM, LATER)
    assert isinstance(answer, Refusal)
    assert (answer.code, "another statement" in answer.message) == (RefusalCode.CONFLICT, True)
    other = decide(BEGUN, msgspec.structs.replace(BEGIN, names="They agreed.", digest="1" * 64), SYSTEM, LATER)
    assert isinstance(other, Refusal)
    assert "from another file" in other.message


def test_another_text_of_the_same_meeting_comes_later() -> None:
    interpretation = do.AddChannel(channel=FR, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
    french = msgspec.structs.replace(LINE, segment=SegmentId("f"), language="fr")
    state, _ = carried_out(
        DONE,
        interpretation,
        msgspec.structs.replace(BEGIN, channel=FR),
        do.ImportLines(channel=FR, lines=(french,)),
    )
    assert state.segments.get(SegmentId("f")) is not None
    assert refused(state, msgspec.structs.replace(END, channel=FR)) is RefusalCode.CONFLICT


def test_where_young_people_take_part_neither_names_nor_the_file_are_kept() -> None:
    young = state_of(msgspec.structs.replace(CREATE, young_people=True), ADD)
    assert refused(young, msgspec.structs.replace(BEGIN, names="They agreed.")) is RefusalCode.INVALID
    begun, _ = carried_out(young, BEGIN, do.IntroduceSpeaker(speaker=SpeakerId("s"), name="Ann"))
    assert (
        refused(begun, do.KeepOriginal(channel=FLOOR, name="a", part=1, parts=1, content=b"x")) is RefusalCode.INVALID
    )
    named = msgspec.structs.replace(LINE, speaker=SpeakerId("s"))
    assert refused(begun, do.ImportLines(channel=FLOOR, lines=(named,))) is RefusalCode.UNKNOWN
    asked = msgspec.structs.replace(QUESTION, name="Ann")
    assert refused(begun, do.ImportQuestions(questions=(asked,))) is RefusalCode.INVALID


def test_the_file_is_kept_in_parts_for_the_staff() -> None:
    part = do.KeepOriginal(channel=FLOOR, name="a.vtt", part=1, parts=2, content=b"WEBVTT")
    _, (kept,) = carried_out(BEGUN, part)
    assert isinstance(kept, ev.OriginalKept)
    assert kept.lane() == "staff"
    for wrong in (
        msgspec.structs.replace(part, part=3),
        msgspec.structs.replace(part, parts=MAX_PARTS + 1),
        msgspec.structs.replace(part, content=b""),
        msgspec.structs.replace(part, content=b"x" * (MAX_PART + 1)),
        msgspec.structs.replace(part, name=""),
    ):
        assert refused(BEGUN, wrong) is RefusalCode.INVALID
    assert refused(state_of(CREATE, ADD), part) is RefusalCode.UNKNOWN


@pytest.mark.parametrize(
    "changed",
    [
        {"t0": 3_000},
        {"t1": MOST_MS + 1},
        {"text": "  "},
        {"language": "no language"},
        {"revision": -1},
        {"mended": True},
        {"words": (le.Word("Something else.", 1_000, 2_000),)},
        {"words": (le.Word("Hello.", 0, 2_000),)},
        {"segment": SegmentId("A name")},
        {"speaker": SpeakerId("nobody")},
    ],
)
def test_what_is_no_line(changed: dict[str, object]) -> None:
    line = msgspec.structs.replace(LINE, **changed)
    assert refused(BEGUN, do.ImportLines(channel=FLOOR, lines=(line,))) in (RefusalCode.INVALID, RefusalCode.UNKNOWN)


def test_lines_come_once_a_few_at_a_time_and_after_the_beginning() -> None:
    assert refused(state_of(CREATE, ADD), LINES) is RefusalCode.UNKNOWN
    assert refused(carried_out(BEGUN, LINES)[0], LINES) is RefusalCode.CONFLICT
    for lines in ((), (LINE, LINE), (LINE,) * (MOST_LINES + 1)):
        assert refused(BEGUN, do.ImportLines(channel=FLOOR, lines=lines)) is RefusalCode.INVALID


def test_questions_come_with_what_became_of_them() -> None:
    written = msgspec.structs.replace(
        QUESTION,
        intervention=InterventionId("q3"),
        number=3,
        status=InterventionStatus.WRITTEN,
        answer="Because.",
        answer_language="en",
        support=4,
    )
    state, _ = carried_out(BEGUN, do.ImportQuestions(questions=(QUESTION, unpublished(2), written)))
    first, second, third = (state.questions.numbered(number) for number in (1, 2, 3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.status, first.published, second.published) == (InterventionStatus.ANSWERED, True, False)
    assert (third.answer, third.support, third.after_close) == ("Because.", 4, False)
    assert refused(state, do.ImportQuestions(questions=(QUESTION,))) is RefusalCode.INVALID


def test_topics_and_turns_come_back_and_a_question_stands_where_it_stood() -> None:
    turn = do.ImportedChapter(t=5_000, intervention=QUESTION.intervention)
    again = msgspec.structs.replace(TOPIC, t=8_000)
    state, _ = carried_out(
        BEGUN, do.ImportQuestions(questions=(QUESTION,)), do.ImportChapters(chapters=(TOPIC, turn, again))
    )
    state, _ = carried_out(state, do.ImportChapters(chapters=(do.ImportedChapter(t=8_001, title="Item 1"),)))
    assert [(each.t, each.number, each.title) for each in state.topics] == [
        (4_000, 2, "Who pays?"),
        (7_999, 0, ""),
        (8_000, 2, "Who pays?"),
        (8_001, 0, "Item 1"),
    ]
    assert [(each.intervention, each.t) for each in state.questions.turns] == [(QUESTION.intervention, 5_000)]
    asked = state.questions.get(QUESTION.intervention)
    assert asked is not None
    assert (asked.status, asked.since, state.questions.called) == (QUESTION.status, QUESTION.t, None)


@pytest.mark.parametrize(
    ("chapters", "code"),
    [
        ((), RefusalCode.INVALID),
        ((TOPIC,) * (MOST_LINES + 1), RefusalCode.INVALID),
        ((TOPIC, TOPIC), RefusalCode.INVALID),
        ((msgspec.structs.replace(TOPIC, t=-1),), RefusalCode.INVALID),
        ((msgspec.structs.replace(TOPIC, number=-1),), RefusalCode.INVALID),
        ((msgspec.structs.replace(TOPIC, title=""),), RefusalCode.INVALID),
        ((msgspec.structs.replace(TOPIC, title="x" * (MAX_QUESTION + 1)),), RefusalCode.INVALID),
        ((do.ImportedChapter(t=1, intervention=QUESTION.intervention),), RefusalCode.UNKNOWN),
        ((do.ImportedChapter(t=1, intervention=unpublished(2).intervention),), RefusalCode.UNKNOWN),
    ],
)
def test_what_is_no_chapter(chapters: tuple[do.ImportedChapter, ...], code: RefusalCode) -> None:
    begun, _ = carried_out(BEGUN, do.ImportQuestions(questions=(unpublished(2),)))
    assert refused(begun, do.ImportChapters(chapters=chapters)) is code


@pytest.mark.parametrize(
    "changed",
    [{"number": 0}, {"since": -1}, {"intervention": InterventionId("A name")}, {"t": -1}, {"text": "x" * 20_001}],
)
def test_what_is_no_question(changed: dict[str, object]) -> None:
    wrong = msgspec.structs.replace(QUESTION, **changed)
    assert refused(BEGUN, do.ImportQuestions(questions=(wrong,))) is RefusalCode.INVALID


def test_questions_come_with_the_first_text_a_few_at_a_time() -> None:
    assert refused(BEGUN, do.ImportQuestions(questions=())) is RefusalCode.INVALID
    assert refused(DONE, do.ImportQuestions(questions=(QUESTION,))) is RefusalCode.CONFLICT
    assert refused(DONE, do.ImportChapters(chapters=(TOPIC,))) is RefusalCode.CONFLICT


def test_spans_without_text_are_those_of_the_file() -> None:
    spans = (
        do.ImportedSpan(t0=0, t1=900, gap=ev.GapReason.OVERLOAD),
        do.ImportedSpan(t0=3_000, t1=4_000, pause=True),
        do.ImportedSpan(t0=5_000, t1=6_000),
    )
    state, events = carried_out(BEGUN, LINES, msgspec.structs.replace(END, spans=spans))
    assert state.breaks == ((3_000, 4_000),)
    assert state.not_recorded == ((5_000, 6_000),)
    assert any(isinstance(event, ev.GapNoted) for event in events)
    assert state.status is Status.CLOSED


@pytest.mark.parametrize(
    "end",
    [
        msgspec.structs.replace(END, t=-1),
        msgspec.structs.replace(END, wall=0),
        msgspec.structs.replace(END, wall=LATER),
        msgspec.structs.replace(END, spans=(do.ImportedSpan(t0=5, t1=5),)),
        msgspec.structs.replace(END, spans=(do.ImportedSpan(t0=5, t1=9_001),)),
    ],
)
def test_what_is_no_end(end: do.EndImport) -> None:
    assert refused(BEGUN, end) is RefusalCode.INVALID


def test_only_an_import_that_has_begun_ends() -> None:
    assert refused(state_of(CREATE, ADD), END) is RefusalCode.UNKNOWN


def test_others_may_read_it_once_a_ground_is_stated() -> None:
    state, (stated, arranged) = carried_out(DONE, msgspec.structs.replace(GROUND, ground="  Held in\npublic. "))
    assert isinstance(stated, ev.GroundStated)
    assert stated.ground == "Held in public."
    assert isinstance(arranged, ev.SessionArranged)
    assert state.access is ev.Access.PUBLIC
    for given in ("", "It isn't public after all."):
        back, (told, _) = carried_out(state, do.StateGround(access=ev.Access.STAFF, ground=given))
        assert isinstance(told, ev.GroundStated)
        assert (back.access, back.ground, told.ground) == (ev.Access.STAFF, "", "")


def test_nobody_reads_it_without_a_ground() -> None:
    assert refused(DONE, msgspec.structs.replace(GROUND, ground=" ")) is RefusalCode.INVALID
    assert refused(DONE, msgspec.structs.replace(GROUND, ground="x" * (MAX_GROUND + 1))) is RefusalCode.INVALID
    assert refused(BEGUN, GROUND) is RefusalCode.CONFLICT
    assert refused(state_of(CREATE, ADD, do.OpenSession(), do.CloseSession()), GROUND) is RefusalCode.CONFLICT
    arrange = do.ArrangeSession(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE)
    assert refused(BEGUN, arrange) is RefusalCode.CONFLICT
    assert refused(DONE, arrange) is RefusalCode.CONFLICT
    carried_out(BEGUN, msgspec.structs.replace(arrange, access=ev.Access.STAFF, listed=False))


def test_an_imported_meeting_is_never_on() -> None:
    assert refused(BEGUN, do.OpenSession()) is RefusalCode.CONFLICT
    assert refused(DONE, do.ReopenSession()) is RefusalCode.CONFLICT
