from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.settings import VoiceSettings
from moothall_models.speech.turns.lines import CHANGES, LineSplit, LineTurns, boundary
from support.sound.talking import said

SETTINGS = VoiceSettings(margin=200, split_within=1_000)
LINE, SECOND = SegmentId("floor-1-1"), SegmentId("floor-1-1.2")


def turns(text: str = "", t: int = 0) -> LineTurns:
    made = LineTurns(SETTINGS)
    made.committed(said(text, t))
    return made


def breaks(line: LineTurns, words: tuple[Word, ...]) -> list[int]:
    """Before which of the words the line breaks, when they come together."""
    found: list[int] = []
    taken: list[Word] = []
    for number, word in enumerate(words):
        if line.breaks_before(word, taken):
            found.append(number)
        taken.append(word)
    return found


def test_words_break_where_the_voice_changes() -> None:
    line = turns("we hold these")
    assert breaks(line, said("truths to be", 900)) == []
    assert line.changed(1_500) is None
    assert breaks(line, said("self evident so he", 900)) == [2]
    assert breaks(line, said("said", 2_100)) == []


def test_nothing_breaks_at_a_lines_own_beginning_or_before_any_line() -> None:
    line = turns()
    line.changed(100)
    assert breaks(line, said("we hold these truths", 50)) == []
    line = turns("we", 0)
    line.changed(190)
    assert breaks(line, said("hold these", 300)) == []


@pytest.mark.parametrize("t", [720, 800, 1_090])
def test_a_sentence_that_ends_about_there_ends_the_turn(t: int) -> None:
    line = turns("so be", 0)
    line.changed(t)
    [word] = said("it.", 600)
    assert not line.breaks_before(word, ())
    assert line.ends_turn(word)
    assert not line.ends_turn(word)


def test_a_sentence_that_ends_long_before_doesnt() -> None:
    line = turns("so be", 0)
    line.changed(2_000)
    assert not line.ends_turn(said("it.", 600)[0])


@pytest.mark.parametrize(("t", "word"), [(1_450, 5), (700, 2), (650, 2)])
def test_a_line_that_has_ended_is_split(t: int, word: int) -> None:
    line = turns("we hold these truths to be")
    assert line.ended(LINE) == []
    line.now = 1_000
    assert line.changed(t) == LineSplit(LINE, word, SECOND)
    assert line.changed(t) is None, "once at a place"
    assert [(part.segment, len(part.words), part.final) for part in line.lines] == [
        (LINE, word, True),
        (SECOND, 6 - word, False),
    ]


def test_an_open_line_is_split_at_each_change_once_it_has_ended() -> None:
    line = turns("we hold these truths to be")
    assert line.changed(650) is None
    assert line.changed(1_250) is None
    line.committed(said("so", 1_800))
    assert line.ended(LINE) == [LineSplit(LINE, 2, SECOND), LineSplit(SECOND, 2, SegmentId("floor-1-1.2.2"))]
    assert ["".join(word.text for word in part.words) for part in line.lines] == [
        "we hold",
        " these truths",
        " to beso",
    ]


def test_a_change_in_an_older_line_while_another_is_open() -> None:
    line = turns("we hold these truths")
    line.ended(LINE)
    line.committed(said("to be", 1_200))
    assert line.changed(640) == LineSplit(LINE, 2, SECOND)


def test_what_cant_be_split_any_more_stays() -> None:
    line = turns("we hold these truths")
    line.ended(LINE)
    line.now = 1_001
    assert line.changed(640) is None, "too late"
    line = turns("we hold these truths")
    line.ended(LINE)
    line.corrected(LINE)
    assert line.changed(640) is None
    line = turns("we hold", 4_000)
    line.ended(LINE)
    assert line.changed(640) is None, "before all lines"


def test_a_line_without_words_of_this_engine_is_no_line() -> None:
    line = turns()
    assert line.ended(LINE) == []
    assert not line.lines


def test_only_so_many_changes_wait() -> None:
    line = turns("we")
    for t in range(CHANGES + 2):
        line.changed(1_000 * t + 1_000)
    assert breaks(line, tuple(Word(" a", t, t + 20) for t in range(2_000, 12_000, 1_000))) != []


@pytest.mark.parametrize(
    ("text", "t", "word"),
    [
        ("we hold these truths to", 640, 2),
        ("we hold these truths to", 100, None),
        ("we hold these truths to", 1_400, None),
        ("so be it. And he", 780, 3),
        ("so be it. And he", 1_080, 3),
        ("so be it. And", 1_190, None),
        ("yes. No.", 320, 1),
        ("a. b. c", 540, 2),
    ],
)
def test_where_a_line_is_split(text: str, t: int, word: int | None) -> None:
    assert boundary(said(text), t, 200) == word


def ended(*starts: int) -> LineTurns:
    """Lines of three words that have ended, each half a second after its beginning."""
    made = LineTurns(SETTINGS)
    for number, start in enumerate(starts, 1):
        made.committed(said("we hold these", start))
        made.now = start + 600
        assert made.ended(SegmentId(f"l{number}")) == []
    return made


@pytest.mark.parametrize("t", [900, 1_400, 1_950])
def test_a_voice_that_begins_after_a_line_is_said_once_with_the_next_words(t: int) -> None:
    made = ended(0)
    assert made.changed(t) is None, "words before it may still come"
    assert made.followed() == []
    assert not made.breaks_before(said("so", 2_000)[0], ())
    assert made.followed() == [LineSplit(SegmentId("l1"), 3, None)]
    made.changed(1_990)
    assert not made.breaks_before(said("so", 2_000)[0], ())
    assert made.followed() == []


def test_a_voice_that_is_known_after_the_next_line_ended_follows_the_line_before() -> None:
    assert ended(0, 1_000).changed(1_050) == LineSplit(SegmentId("l1"), 3, None)
    assert ended(0, 1_000).changed(950) == LineSplit(SegmentId("l1"), 3, None)
    assert ended(1_000).changed(1_050) is None, "no line is before it"


def test_of_a_line_that_a_voice_ended_nothing_more_is_said() -> None:
    made = LineTurns(SETTINGS)
    made.committed(said("we hold these", 0))
    made.now = 900
    made.ended(LINE, apart=True)
    made.changed(1_000)
    assert not made.breaks_before(said("so", 1_100)[0], ())
    assert made.followed() == []


def test_later_than_a_line_may_be_split_nothing_is_said_of_it() -> None:
    made = ended(0)
    made.now = 2_000
    made.changed(1_000)
    assert not made.breaks_before(said("so", 2_000)[0], ())
    assert made.followed() == []


def test_of_a_line_of_which_nothing_can_be_said_the_line_before_has_nothing_either() -> None:
    made = ended(0, 1_000)
    made.corrected(SegmentId("l2"))
    assert made.changed(1_590) is None, "it follows the second line, whose text was changed"
    assert not made.breaks_before(said("so", 1_700)[0], ())
    assert made.followed() == []
    made = ended(0, 1_000)
    made.corrected(SegmentId("l2"))
    assert made.changed(1_300) is None
