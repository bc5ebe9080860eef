from __future__ import annotations

from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import SegmentId
from moothall.core.questions.interventions import Questions, evolve_questions
from moothall.record.citation.contents import MOST_TURNS, SECTION, RecordContents, SpeakerIndex, contents_of
from moothall.record.citation.history import shown_lines
from moothall.record.wrapping import EXCERPT
from support.sessions.history_maker import history
from support.sessions.record_maker import FLOOR, Telling
from support.sessions.record_maker import Questions as Asking


def contents(told: Telling) -> RecordContents:
    view = history(told).view
    questions = Questions()
    for record in told.records:
        event = decode_event(record.body or b"")
        if isinstance(event, qe.QuestionFact):
            questions = evolve_questions(questions, event)
    return contents_of(view.session, shown_lines(view), questions)


def test_a_chapter_begins_at_least_every_ten_minutes() -> None:
    told = Telling()
    for minute in range(0, 31, 3):
        told.line(f"Minute {minute}.", minute * 60_000, minute * 60_000 + 900)
    assert [(each.t // 60_000, each.words) for each in contents(told).chapters] == [
        (0, "Minute 0."),
        (12, "Minute 12."),
        (24, "Minute 24."),
    ]


def test_what_happened_begins_a_chapter_with_the_line_that_was_said_then() -> None:
    told = Telling()
    asking = Asking(told)
    one = told.line("Welcome.", 0, 900)
    asked = asking.ask("Who pays?", 5_000)
    asking.stand(asked, InterventionStatus.CALLED, 61_000)
    two = told.line("The question is who pays.", 61_100, 62_000)
    told.tell(ev.GapNoted(channel=FLOOR, t0=70_000, t1=80_000, reason=ev.GapReason.SOURCE_LOST))
    three = told.line("We pay.", 80_000, 81_000)
    told.tell(ev.GapNoted(channel=FLOOR, t0=90_000, t1=95_000, reason=ev.GapReason.OVERLOAD))
    first, second, third = contents(told).chapters
    assert (first.segment, first.happening, first.words) == (one, None, "Welcome.")
    assert second.happening is not None
    assert second.happening.question is not None
    assert (second.t, second.segment, second.happening.question.number) == (61_000, two, 1)
    assert third.happening is not None
    assert third.happening.gap is not None
    assert (third.t, third.segment) == (70_000, three)


def test_what_is_taken_up_begins_a_chapter() -> None:
    told = Telling()
    told.line("Welcome.", 0, 900)
    told.tell(ev.TopicTaken(title="Item 1", t=5_000))
    line = told.line("We begin.", 5_100, 6_000)
    _, chapter = contents(told).chapters
    assert chapter.happening is not None
    assert chapter.happening.topic is not None
    assert (chapter.t, chapter.segment, chapter.happening.topic.title) == (5_000, line, "Item 1")


def test_an_excerpt_ends_with_a_word() -> None:
    told = Telling()
    told.line("word " * 40, 0, 900)
    told.line("字" * 100, SECTION, SECTION + 900, language="zh")
    first, second = contents(told).chapters
    assert first.words == "word word word word word word word word word word word word…"
    assert second.words == "字" * EXCERPT + "…"
    assert (first.language, second.language) == ("en", "zh")


def test_speakers_are_listed_with_their_turns() -> None:
    told = Telling()
    lines: list[SegmentId] = [
        told.line(f"Line {n}.", n * 1_000, n * 1_000 + 900, name=name)
        for n, name in enumerate(("Ana", "Ana", "Bob", "", "Bob", "Ana"))
    ]
    assert contents(told).speakers == (
        SpeakerIndex(name="Ana", turns=((0, lines[0]), (5_000, lines[5]))),
        SpeakerIndex(name="Bob", turns=((2_000, lines[2]), (4_000, lines[4]))),
    )


def test_of_too_many_turns_the_longest_are_listed_and_each_speakers_first() -> None:
    told = Telling()
    for n in range(MOST_TURNS):
        for name in ("Ana", "Bob"):
            told.line(f"Line {n}.", n * 1_000, n * 1_000 + 900, name=name)
    long = told.line("Well.", MOST_TURNS * 1_000, MOST_TURNS * 1_000 + 900, name="Ana")
    told.line("As I said.", MOST_TURNS * 1_000, MOST_TURNS * 1_000 + 900, name="Ana")
    last = told.line("Yes.", MOST_TURNS * 2_000, MOST_TURNS * 2_000 + 900, name="Zoe")
    ana, bob, zoe = contents(told).speakers
    assert sum(len(each.turns) for each in (ana, bob, zoe)) == MOST_TURNS
    assert ana.turns[-1] == (MOST_TURNS * 1_000, long)
    assert (ana.turns[0][0], bob.turns[0][0]) == (0, 0)
    assert zoe.turns == ((MOST_TURNS * 2_000, last),)
    for n in range(MOST_TURNS):
        told.line("Here.", MOST_TURNS * 3_000 + n, MOST_TURNS * 3_000 + n, name=f"Delegate {n}")
    assert len(contents(told).speakers) == MOST_TURNS


def test_a_text_without_lines_has_no_contents() -> None:
    assert contents(Telling()) == RecordContents(chapters=(), speakers=())
