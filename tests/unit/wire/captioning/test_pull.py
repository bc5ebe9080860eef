from __future__ import annotations

from moothall.core.events.lines import Origin
from moothall.core.kernel.ids import SegmentId
from moothall.core.views.captions import Line
from moothall.wire.captioning.pull import LINE, MOST_LOOKED, Pulled, pull


def line(text: str, *, ended: bool = True, gone: bool = False) -> Line:
    return Line(
        segment=SegmentId("a"),
        t0=0,
        t1=1 if ended else None,
        language="en",
        origin=Origin.MACHINE,
        text=text,
        gone=gone,
    )


def source(line: Line) -> str:
    return f"of {line.origin}"


def ask(lines: list[Line], last: int, length: int = 32, first: int = 0) -> Pulled:
    return pull(
        lambda number: lines[number - first], range(first, first + len(lines)), last, length, "en", source=source
    )


SAID = [
    line("Five score years ago, a great American"),
    line("x", gone=True),
    line(""),
    line("In whose  shadow"),
    line("We", ended=False),
]


def test_pieces_end_with_words_and_lines_and_go_on_where_the_last_ended() -> None:
    heard, last, pieces = "", 0, list[str]()
    while (pulled := ask(SAID, last)).content:
        pieces.append(pulled.content)
        heard += pulled.content
        last = pulled.last_position
    assert pieces == ["Five score years ago, a great ", "American ", "In whose shadow "]
    assert pulled == Pulled("", 4 * LINE, "en")
    assert ask(SAID, 0) == Pulled("Five score years ago, a great ", 30, "en", source="of machine")


def test_a_word_that_is_longer_is_cut_and_a_place_behind_a_text_s_end_goes_on_with_the_next() -> None:
    assert ask([line("abcdefgh")], 0, 3).content == "abc"
    assert ask([line("ab"), line("c")], 7).content == "c "


def test_the_head_is_behind_what_is_finished_and_older_lines_are_passed_over() -> None:
    assert ask(SAID, -1).last_position == 4 * LINE
    assert ask([line("c")], 0, first=9) == Pulled("c ", 10 * LINE, "en", source="of machine")
    assert ask([], -1) == Pulled("", 0, "en")
    assert ask([line("x", gone=True)] * (MOST_LOOKED + 2), 0).last_position == MOST_LOOKED * LINE
