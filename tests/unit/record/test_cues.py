from __future__ import annotations

from itertools import pairwise

import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import SegmentId
from moothall.record.cues import LONGEST, Cue, cues_of, stamp
from moothall.record.wording import Options
from support.sessions.record_maker import CHINESE, FLOOR, WORDING, Telling, meeting, timed


def cues(told: Telling, *, speakers: bool = True, marks: bool = False, closed: bool = True) -> list[Cue]:
    if closed:
        told.tell(ev.SessionClosed(t=500_000))
    return cues_of(told.record(), WORDING, Options(speakers=speakers, marks=marks))


def times(found: list[Cue]) -> list[tuple[int, int]]:
    return [(cue.t0, cue.t1) for cue in found]


def test_a_line_is_a_cue_of_the_same_name_and_time() -> None:
    told = Telling()
    segment = told.spoken("Thank you, Madam Chair.", 2_000, name="Ann")
    assert cues(told) == [
        Cue(id=segment, t0=2_000, t1=3_500, language="en", voice="Ann", lines=("Ann: Thank you, Madam Chair.",))
    ]


def test_parts_of_a_line_have_the_times_of_their_words() -> None:
    told = Telling()
    segment = told.spoken("If your connection is slow, or if you cannot hear me well, you can follow by reading it.", 0)
    told.line("next", 60_000, 61_000)
    found = cues(told)
    assert [(cue.id, " ".join(cue.lines)) for cue in found] == [
        (segment, "If your connection is slow, or if you cannot hear me well,"),
        (f"{segment}/2", "you can follow by reading it."),
        (found[2].id, "next"),
    ]
    # Twelve words of 300 ms with pauses of 100, and six; the last stands a little longer, to be read.
    assert times(found[:2]) == [(0, 4_700), (4_800, 7_100)]


def test_a_corrected_line_finds_its_place_among_the_words_that_were_heard() -> None:
    told = Telling()
    segment = told.spoken("aaaa bbbb cccc dddd", 0, 1_000, 0)
    told.line("next", 4_000, 5_000)
    told.correct(segment, "eeeeeeee " * 12 + "ffffffff", words=4)
    found = cues(told, speakers=False)[:-1]
    assert found[0].t0 == 0
    assert found[1].t0 == pytest.approx(found[0].t1, abs=1)
    assert found[-1].t1 == 4_000
    letters = len("".join(found[0].lines).replace(" ", ""))
    assert found[0].t1 == pytest.approx(4_000 * letters / (8 * 13), abs=1)


def test_a_corrected_line_with_as_many_words_keeps_the_time_of_each() -> None:
    told = Telling()
    said = "If your connection is slow, or if you cannot hear me well, you can follow by reading it."
    segment = told.spoken(said, 0)
    told.line("next", 60_000, 61_000)
    told.correct(segment, said.replace("connection", "lie").replace("well", "extraordinarily well-"), words=18)
    longer = times(cues(told))
    again = Telling()
    segment = again.spoken(said, 0)
    again.line("next", 60_000, 61_000)
    again.correct(segment, said.replace("connection", "lie").replace("reading", "watching-and-reading"), words=18)
    assert times(cues(again))[:2] == [(0, 4_700), (4_800, 7_100)]
    assert longer[0][0] == 0
    assert longer[:2] != [(0, 4_700), (4_800, 7_100)]


def test_slow_speech_is_cut_after_seven_seconds() -> None:
    told = Telling()
    told.spoken("one two three four five six seven eight nine ten", 0, 900, 600)
    assert all(cue.t1 - cue.t0 <= LONGEST for cue in cues(told))


def test_without_words_a_line_is_spread_over_its_time() -> None:
    told = Telling()
    told.line(CHINESE, 10_000, 16_000, language="zh")
    found = cues(told)
    assert found[0].lines == ("会议现在开始，请各位代表就座；",)  # noqa: RUF001  # as it is written
    assert (found[0].t0, found[-1].t1) == (10_000, 16_000)
    assert found[0].t1 == found[1].t0


def test_what_was_typed_stands_until_it_is_read_or_the_next_comes() -> None:
    told = Telling()
    for text, t0 in [
        ("short", 0),
        ("A line of fifty-two characters to be read in a while", 5_000),
        ("x", 6_000),
        ("y", 6_000),
    ]:
        told.line(text, t0, t0, origin=le.Origin.PERSON)
    assert times(cues(told)) == [(0, 1_000), (5_000, 6_000), (6_000, 7_000), (6_000, 7_000)]


def test_a_cue_ends_where_the_next_begins_if_they_overlap_for_a_blink_only() -> None:
    told = Telling()
    told.line("trembling", 0, 2_100)
    told.line("two speak", 2_000, 6_000)
    told.line("at once", 4_000, 7_000)
    assert times(cues(told)) == [(0, 2_000), (2_000, 6_000), (4_000, 7_000)]


def test_a_line_that_grows_ends_with_its_last_word() -> None:
    told = Telling()
    told.line("", 0, None, words=timed("not yet done", 0, 900, 100))
    said, going_on = cues(told, closed=False)
    assert (said.t0, said.t1) == (0, 2_900)
    assert (going_on.id, going_on.lines) == ("notice:0", ("[The meeting goes on, up to 0:00.]",))


def test_what_is_missing_is_said_where_it_is() -> None:
    told = Telling()
    told.line("said", 0, 900)
    told.tell(ev.GapNoted(channel=FLOOR, t0=20_000, t1=21_500, reason=ev.GapReason.STORAGE))
    told.tell(ev.NotRecordedBegan(t0=60_000))
    found = cues(told)
    assert [cue.id for cue in found[1:]] == ["notice:1", "notice:2"]
    assert found[1].lines == ("[No text from 0:20 to 0:21: storage]",)
    assert found[2].lines == ("[Not recorded since 1:00]",)
    assert times(found[1:]) == [(20_000, 21_728), (60_000, 61_200)]
    assert {cue.voice for cue in found} == {""}


def test_names_are_shown_when_somebody_else_begins() -> None:
    told = Telling()
    for name, text in [("", "A."), ("Ann", "B."), ("Ann", "C."), ("", "D."), ("أحمد", "E.")]:
        told.line(text, 10_000 * len(told.records), 10_000 * len(told.records) + 900, name=name)
    told.line("شكرا", 900_000, 901_000, name="Ann", language="ar")
    told.line("نعم", 910_000, 911_000, name="أحمد", language="ar")
    told.line("…", 920_000, 921_000, name="123", language="und")
    assert [cue.lines[0] for cue in cues(told)] == [
        "A.", "Ann: B.", "C.", "Speaker not named: D.", "\u2068أحمد\u2069: E.", "\u2068Ann\u2069: شكرا", "أحمد: نعم",
        "123: …",
    ]  # fmt: skip
    assert [cue.lines[0] for cue in cues(told, speakers=False)][:3] == ["A.", "B.", "C."]


def test_marks_at_both_ends_of_lines_that_run_from_right_to_left() -> None:
    found = cues(meeting(), marks=True)
    marked = [line for cue in found for line in cue.lines if line.startswith("\u200f")]
    assert len(marked) == 2
    assert all(line.endswith("\u200f") for line in marked)


def test_a_line_of_any_length_is_cut_into_cues_that_follow_each_other() -> None:
    found = [cue for cue in cues(meeting()) if "xxx" in cue.lines[-1]]
    assert len(found) == 120
    assert all(cue.t1 <= following.t0 for cue, following in pairwise(found))


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "00:00:00.000"), (61_042, "00:01:01.042"), (3_600_000, "01:00:00.000"), (400_000_001, "111:06:40.001")],
)
def test_stamps(ms: int, text: str) -> None:
    assert stamp(ms, ".") == text
    assert stamp(ms, ",") == text.replace(".", ",")


def test_captions_of_an_imported_line_stay_as_they_were_until_it_is_corrected() -> None:
    words = (le.Word("We begin", 1_000, 2_000), le.Word(" now, in Kisumu.", 2_500, 4_000))
    told = Telling()
    opened = le.SegmentOpened(
        channel=FLOOR, segment=SegmentId("i1"), t0=1_000, language="en", origin=le.Origin.PERSON, cues=True
    )
    ended = le.SegmentEnded(
        channel=FLOOR, segment=SegmentId("i1"), t1=4_000, reason=le.EndReason.SENTENCE, text="We begin now, in Kisumu."
    )
    told.tell(opened, le.WordsCommitted(channel=FLOOR, segment=SegmentId("i1"), first=0, words=words), ended)
    found = [cue for cue in cues_of(told.record(), WORDING, Options()) if not cue.id.startswith("notice")]
    assert [(cue.id, cue.t0, cue.lines) for cue in found] == [
        ("i1", 1_000, ("We begin",)),
        ("i1/2", 2_500, ("now, in Kisumu.",)),
    ]
    told.correct(SegmentId("i1"), "We begin now, in Nairobi.", words=2)
    found = [cue for cue in cues_of(told.record(), WORDING, Options()) if not cue.id.startswith("notice")]
    assert [cue.lines for cue in found] == [("We begin now, in Nairobi.",)]


def test_a_name_does_not_stand_in_a_caption_of_its_own_before_its_words() -> None:
    told = Telling()
    said = " ".join(["Good"] * 9)
    told.line(said, 0, 7_001, name="Ms. Añez", words=timed(said, 0, 777, 1))
    first, second = cues_of(told.record(), WORDING, Options())[:2]
    assert (first.lines, first.t0, first.t1) == (("Ms. Añez: Good Good Good Good",), 0, 3_111)
    assert (second.lines, second.t0, second.t1) == (("Good Good Good Good Good",), 3_112, 7_001)
