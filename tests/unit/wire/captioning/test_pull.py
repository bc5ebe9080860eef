from __future__ import annotations

from msgspec.structs import replace

from moothall.core.events import types as ev
from moothall.core.events.lines import ChannelRewound, Origin
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView, Line
from moothall.wire.captioning.pull import LINE, MOST_LOOKED, Pulled, pull
from support.halls.stage import FLOOR, corrected, ended, opened
from support.sessions.recorder import EPOCH, SESSION
from support.sessions.splitting import split, timed


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
    view = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR, live=False))
    for each in lines:
        view = replace(view, lines=view.lines.append(each))
    return pull(replace(view, skipped=first), last, length, "en", source=source)


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


def test_what_is_split_off_a_line_is_pulled_once_and_no_later_line_again() -> None:
    view = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR, live=False))

    def tell(*events: ev.AnyEvent, by: Role = Role.ENGINE) -> None:
        nonlocal view
        for event in events:
            view = view.apply(view.offset + 1, by, event)

    def heard(last: int, length: int = 32) -> tuple[str, int]:
        said = ""
        while (pulled := pull(view, last, length, "en", source=source)).content:
            said, last = said + pulled.content, pulled.last_position
        return said, last

    tell(opened("a", 1_000), ended("a", " Who? I do."), opened("b", 3_000), ended("b", "So be it."))
    before, last = heard(0)
    assert before == "Who? I do. So be it. "
    amid = pull(view, 0, 6, "en", source=source).last_position
    tell(*split("a", "a-2", timed(1_000, "Who?"), timed(1_200, "I", "do.")))
    tell(*split("a-2", "a-3", timed(1_200, "I"), timed(1_300, "do.")))
    assert heard(last) == ("", last)
    assert heard(0) == (before, last)
    assert heard(amid) == ("I do. So be it. ", last)
    assert pull(view, -1, 32, "en", source=source).last_position == last
    tell(opened("c", 5_000), ended("c", "Next."))
    assert heard(last) == ("Next. ", last + LINE)
    tell(corrected("a-3", "did."), by=Role.CAPTIONER)
    tell(ChannelRewound(channel=FLOOR, t=1_200, segments=(SegmentId("a-2"),)))
    assert heard(0)[0] == "Who? did. So be it. Next. "
