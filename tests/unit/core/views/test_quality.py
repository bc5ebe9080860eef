from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.views.quality import (
    EDGES,
    LANGUAGES,
    LINES,
    MIN_WORDS,
    PERIOD_MS,
    PERIODS,
    Corrected,
    Delay,
    Quality,
    QualityView,
)
from support.sessions.splitting import split

FLOOR, FRENCH = ChannelId("floor"), ChannelId("fr")
NINE = 1_764_000_000_000
"""Unix ms of media time 0."""
HOUR = 3_600_000


class Story:
    """A session told event by event; `view` is what has come of it."""

    def __init__(self, *, opened: bool = True) -> None:
        self.view = QualityView()
        self.count = 0
        if opened:
            self.tell(0, ev.SessionOpened(wall=NINE))

    def tell(self, at: int, event: ev.AnyEvent | UnknownEvent | None, role: Role = Role.ENGINE) -> None:
        """An event that is written `at` ms after the session began."""
        self.view = self.view.apply(NINE + at, role, event)

    def line(
        self,
        t0: int,
        late: Sequence[int],
        *,
        channel: ChannelId = FLOOR,
        language: str = "en",
        role: Role = Role.ENGINE,
    ) -> SegmentId:
        """A line of words of 400 ms each, that come so late one by one."""
        self.count += 1
        segment = SegmentId(f"s{self.count}")
        opened = le.SegmentOpened(channel=channel, segment=segment, t0=t0, language=language, origin=le.Origin.MACHINE)
        self.tell(t0, opened, role)
        for n, ms in enumerate(late):
            self.words(segment, t0 + 400 * n, ms, channel=channel, role=role)
        return segment

    def words(
        self, segment: SegmentId, t0: int, late: int, *, channel: ChannelId = FLOOR, role: Role = Role.ENGINE
    ) -> None:
        word = le.Word("word", t0, t0 + 400)
        committed = le.WordsCommitted(channel=channel, segment=segment, first=0, words=(word,))
        self.tell(t0 + 400 + late, committed, role)

    def correct(
        self, segment: SegmentId, role: Role = Role.CAPTIONER, *, machine: bool = False, unmended: bool = False
    ) -> None:
        corrected = le.SegmentCorrected(
            channel=FLOOR,
            segment=segment,
            base_revision=0,
            base_words=1,
            text="Word",
            tail="",
            machine=machine,
            unmended=unmended or msgspec.UNSET,
        )
        self.tell(900_000, corrected, role)

    def quality(self, channel: ChannelId | None = FLOOR) -> Quality:
        found = self.view.quality(channel)
        assert found is not None
        return found


def test_a_text_as_a_whole() -> None:
    story = Story()
    for n in range(10):
        story.line(n * 5_000, [1_000] * 6 + [1_500] * 4)
    assert story.quality() == Quality(
        words=100,
        lines=10,
        delay=Delay(p50=1_000, p95=1_500),
        gaps=0,
        corrected=Corrected(lines=0, by_machine=0, by_person=0),
        words_a_minute=150,
        languages={"en": 100},
    )


def test_too_few_words_say_nothing() -> None:
    story = Story()
    assert story.view.quality() is None
    assert story.view.quality(FLOOR) is None
    story.line(0, [900] * (MIN_WORDS - 1))
    assert story.view.quality(FLOOR) is None
    story.line(60_000, [900])
    assert story.quality().words == MIN_WORDS


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (0, 50),
        (-200, 50),
        (50, 50),
        (51, 100),
        (4_999, 5_000),
        (5_001, 5_250),
        (60_000, 60_089),
        (9_000_000, 3_600_000),
    ],
)
def test_a_delay_is_rounded_up_to_its_class(late: int, told: int) -> None:
    story = Story()
    for n in range(MIN_WORDS):
        story.line(n * 1_000, [late])
    assert story.quality().delay == Delay(p50=told, p95=told)


def test_words_from_before_a_break_was_ended_are_not_late() -> None:
    story = Story()
    for n in range(MIN_WORDS):
        story.line(n * 1_000, [1_000])
    story.tell(60_000, ev.SessionPaused(t=60_000, t0=60_000), Role.CHAIR)
    story.tell(200_000, ev.SessionResumed(t=200_000, t1=180_000), Role.CHAIR)
    segment = story.line(180_000, [])
    for n in range(10):
        story.words(segment, 180_000 + 2_000 * n, 22_000 - 2_000 * n)
    assert story.quality().words == MIN_WORDS + 10
    assert story.quality().delay == Delay(p50=1_000, p95=1_000)
    assert story.quality().gaps == 0, "nobody was to see them before"
    for n in range(20):
        story.line(200_000 + n * 1_000, [3_000])
    assert story.quality().delay == Delay(p50=1_000, p95=3_000)


def test_words_from_before_a_break_was_ended_that_do_not_come_are_a_gap() -> None:
    story = Story()
    for n in range(MIN_WORDS):
        story.line(n * 1_000, [1_000])
    story.tell(200_000, ev.SessionResumed(t=200_000, t1=180_000), Role.CHAIR)
    story.line(180_000, [31_000])
    assert story.quality().gaps == 1


def test_after_a_break_that_was_not_set_back_all_words_are_timed() -> None:
    story = Story()
    story.tell(0, ev.SessionResumed(t=30_000), Role.CHAIR)
    story.tell(0, ev.SessionResumed(t=30_000, t1=30_000), Role.CHAIR)
    for n in range(MIN_WORDS):
        story.line(n * 1_000, [1_000])
    assert story.quality().delay == Delay(p50=1_000, p95=1_000)


def test_the_classes_fit_a_byte() -> None:
    assert len(EDGES) < 256
    assert list(EDGES) == sorted(set(EDGES))
    assert all(after - before <= max(50, before // 20) for before, after in pairwise(EDGES))


def test_what_is_written_before_it_was_said_was_not_live() -> None:
    story = Story()
    story.line(0, [500] * 24)
    story.line(60_000, [-201] * 26)
    assert story.quality().delay is None
    story.line(120_000, [500] * 2)
    assert story.quality().delay == Delay(p50=500, p95=500)


def test_words_that_are_said_again_are_not_timed() -> None:
    story = Story()
    story.line(0, [500] * 40)
    story.line(30_000, [600_000] * 20, role=Role.SECRETARIAT)
    quality = story.quality()
    assert (quality.words, quality.delay, quality.gaps) == (60, Delay(p50=500, p95=500), 0)


def test_without_a_clock_nothing_is_timed() -> None:
    story = Story(opened=False)
    story.line(0, [500] * MIN_WORDS)
    assert story.quality().delay is None
    assert story.quality().words == MIN_WORDS


def test_the_mapping_counts_that_held_when_it_was_said() -> None:
    """After a crash media time goes on where it stopped; words from before it count as late as they were."""
    story = Story()
    story.line(0, [500] * 49)
    segment = story.line(20_000, [])
    story.tell(90_000, ev.ClockMapped(t=25_000, wall=NINE + 90_000))
    story.words(segment, 24_000, 70_000)  # said 24 s after the beginning, written at 94.4 s
    for n in range(50):
        story.words(segment, 25_000 + 400 * n, 65_000 + 700)  # 700 ms late by the new mapping
    assert story.quality().delay == Delay(p50=700, p95=700)
    figures = story.view.texts[FLOOR].figures
    assert figures.delays == {9: 49, 13: 50, len([edge for edge in EDGES if edge < 70_000]): 1}
    assert figures.gaps == 1


def test_only_the_last_mappings_are_kept() -> None:
    story = Story()
    for n in range(100):
        story.tell(n * 60_000, ev.ClockMapped(t=n * 60_000, wall=NINE + n * 60_000))
    assert len(story.view.mappings) == 64
    story.line(0, [500] * MIN_WORDS)
    assert story.quality().delay == Delay(p50=500, p95=500)


def test_a_gap_is_speech_whose_words_keep_a_reader_waiting() -> None:
    story = Story()
    story.line(0, [500] * 25)
    story.line(60_000, [500] * 25)  # nobody spoke for 50 s
    assert story.quality().gaps == 0
    segment = story.line(80_000, [])
    story.words(segment, 80_000, 9_600)  # 10 s after it began to be said
    assert story.quality().gaps == 0
    story.words(segment, 95_000, 9_601)
    assert story.quality().gaps == 1
    story.words(segment, 95_400, 9_300)  # late too, but words had just come
    assert story.quality().gaps == 1


def test_words_that_are_late_from_the_beginning_are_a_gap() -> None:
    story = Story()
    story.line(0, [20_000] * MIN_WORDS)
    assert story.quality().gaps == 1


def test_a_gap_is_what_was_noted_as_one_in_one_piece_or_several() -> None:
    story = Story()
    story.line(0, [500] * MIN_WORDS)

    def note(t0: int, t1: int) -> int:
        story.tell(t1, ev.GapNoted(channel=FLOOR, t0=t0, t1=t1, reason=ev.GapReason.ENGINE_LOST))
        return story.quality().gaps

    assert note(0, 10_000) == 0
    assert note(20_000, 30_001) == 1
    assert note(40_000, 46_000) == 1
    assert note(46_000, 51_000) == 2
    assert note(50_000, 70_000) == 2


def test_lines_count_once_however_often_they_are_corrected() -> None:
    story = Story()
    lines = [story.line(n * 10_000, [500] * 10) for n in range(6)]
    story.correct(lines[0], Role.ENGINE)
    story.correct(lines[0])
    story.correct(lines[0])
    story.correct(lines[1])
    story.correct(lines[2], Role.SYSTEM, machine=True)
    story.correct(SegmentId("unknown"))
    assert story.quality().corrected == Corrected(lines=3, by_machine=2, by_person=2)
    story.correct(lines[0], unmended=True)
    story.correct(lines[1], unmended=True)
    assert story.quality().corrected == Corrected(lines=2, by_machine=2, by_person=0), "their corrections were undone"


def test_lines_without_recognised_words_count_for_nothing() -> None:
    story = Story()
    story.line(0, [500] * MIN_WORDS)
    typed = story.line(30_000, [], role=Role.CAPTIONER)
    story.correct(typed)
    nothing = le.WordsCommitted(channel=FLOOR, segment=typed, first=0, words=())
    story.tell(31_000, nothing)
    story.words(SegmentId("unknown"), 30_000, 500)
    assert (story.quality().lines, story.quality().words) == (1, MIN_WORDS)
    assert story.quality().corrected.lines == 0


def test_struck_lines_leave_nothing() -> None:
    story, other = Story(), Story()
    for each in (story, other):
        each.line(0, [500] * MIN_WORDS)
    wrong = story.line(30_000, [3_000] * 10, language="cy")
    moved = story.line(40_000, [3_000] * 10)
    story.correct(wrong)
    story.tell(50_000, le.ChannelRewound(channel=FLOOR, t=30_000, segments=(wrong, SegmentId("unknown"))))
    gone = le.SegmentsMovedAway(channel=FLOOR, segments=(moved,), session=SessionId("other"))
    story.tell(51_000, gone, Role.TECHNICIAN)
    story.words(moved, 44_000, 500)
    assert story.quality() == other.quality()


def test_texts_are_told_apart_and_added_up() -> None:
    story = Story()
    story.line(0, [500] * 60)
    story.line(0, [2_500] * 40, channel=FRENCH, language="fr")
    assert story.view.quality(FRENCH) is None
    assert story.quality().languages == {"en": 60}
    both = story.quality(None)
    assert both.languages == {"en": 60, "fr": 40}
    assert both.delay == Delay(p50=500, p95=2_500)


def test_languages_stand_in_order_of_their_words_and_the_last_are_not_told_apart() -> None:
    story = Story()
    story.line(0, [500], language="pt")
    story.line(1_000, [500], language="en")
    story.line(2_000, [500] * MIN_WORDS, language="es")
    assert list(story.quality().languages) == ["es", "en", "pt"]
    for n in range(LANGUAGES):
        story.line(60_000 + n * 1_000, [500], language=f"x-{n}")
    languages = story.quality().languages
    assert len(languages) == LANGUAGES + 1
    assert languages["und"] == 3


def test_of_very_old_lines_nothing_is_kept_but_their_figures() -> None:
    story = Story()
    first = story.line(0, [500] * MIN_WORDS)
    for n in range(2 * LINES):
        story.line(60_000 + n, [], channel=FLOOR)
        if n == LINES:
            story.correct(first)
    assert story.quality().corrected.lines == 1
    story.tell(0, le.ChannelRewound(channel=FLOOR, t=0, segments=(first,)))
    assert story.quality().words == MIN_WORDS


def test_what_says_nothing_changes_nothing() -> None:
    story = Story()
    story.line(0, [500] * MIN_WORDS)
    before = story.view
    for event in (None, UnknownEvent(type="floor.asked", v=1), ev.SessionClosed(t=1)):
        story.tell(30_000, event)
    assert story.view is before


def test_figures_by_periods_of_five_minutes() -> None:
    story = Story()
    story.line(0, [500] * 60)
    story.correct(story.line(PERIOD_MS, [900] * 60))
    first, second = story.view.periods()
    assert (first[0], second[0]) == (NINE, NINE + PERIOD_MS)
    assert (first[1].words, first[1].by_person, first[1].gaps) == (60, 0, 0)
    assert (second[1].words, second[1].by_person, second[1].gaps) == (60, 1, 0)


def test_the_earliest_period_goes_and_does_not_come_back() -> None:
    story = Story()
    lines = [story.line(n * PERIOD_MS, [500]) for n in range(PERIODS + 1)]
    story.correct(lines[0])
    found = story.view.periods()
    assert len(found) == PERIODS
    assert found[0][0] == NINE + PERIOD_MS
    assert story.view.texts[FLOOR].figures.by_person == 1, "the whole has it still"


def test_before_it_is_opened_a_session_has_no_periods() -> None:
    story = Story(opened=False)
    story.line(0, [500] * 60)
    assert story.view.periods() == ()


def test_of_a_split_line_both_parts_count_with_their_words_and_no_correction() -> None:
    story = Story()
    for n in range(10):
        story.line(n * 5_000, [1_000] * 6)
    before = story.view.texts[FLOOR].figures
    kept, rest = (
        tuple(le.Word("word", 400 * n, 400 * n + 400) for n in numbers) for numbers in (range(2), range(2, 6))
    )
    for event in split("s1", "part", kept, rest):
        story.tell(60_000, event)
    after = story.view.texts[FLOOR].figures
    assert (after.words, after.delays, after.lines) == (before.words, before.delays, before.lines + 1)
    assert (after.corrected, after.gaps) == (0, 0)
    story.correct(SegmentId("s1"))
    story.correct(SegmentId("part"), machine=True)
    assert story.quality().corrected == Corrected(lines=2, by_machine=1, by_person=1)


def test_a_split_that_is_undone_leaves_all_words_and_no_correction() -> None:
    story = Story()
    for n in range(10):
        story.line(n * 5_000, [1_000] * 6)
    before = story.view.texts[FLOOR].figures
    said = tuple(le.Word("word", 400 * n, 400 * n + 400) for n in range(6))

    def join(name: str, part: str, first: int, last: int, *, machine: bool = True) -> None:
        line, words = SegmentId(name), said[first:last]
        back: list[ev.AnyEvent] = [
            le.ChannelRewound(channel=FLOOR, t=50_000, segments=(SegmentId(part),)),
            le.WordsCommitted(channel=FLOOR, segment=line, first=2, words=words),
            le.SegmentEnded(channel=FLOOR, segment=line, t1=2_400, reason=le.EndReason.SENTENCE, text=""),
            le.SegmentCorrected(
                channel=FLOOR, segment=line, base_revision=1, base_words=0, text="", tail="", machine=machine
            ),
        ]
        for event in back:
            story.tell(60_000, event, Role.CAPTIONER)

    for event in split("s1", "part", said[:2], said[2:]) + split("part", "third", said[2:4], said[4:]):
        story.tell(60_000, event)
    join("part", "third", 4, 6)
    after = story.view.texts[FLOOR].figures
    assert (after.words, after.lines, after.corrected) == (before.words, before.lines + 1, 0)
    join("s1", "part", 2, 6, machine=False)
    after = story.view.texts[FLOOR].figures
    assert (after.words, after.lines, after.by_person) == (before.words, before.lines, 1)


def test_a_split_of_a_line_that_is_not_known_or_has_no_such_words_changes_nothing() -> None:
    story = Story()
    story.line(0, [900] * 3)
    before = story.view.texts[FLOOR].figures
    for segment, word in (("nothing", 1), ("s1", 3), ("s1", 0)):
        event = le.SegmentSplit(
            channel=FLOOR, segment=SegmentId(segment), revision=0, word=word, into=SegmentId("x"), t1=1
        )
        story.tell(5_000, event)
    assert story.view.texts[FLOOR].figures == before
