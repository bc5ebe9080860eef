from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
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
    named = tuple(replace(each, segment=SegmentId(f"l{n}")) for n, each in enumerate(lines))
    view = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR, live=False))
    snapshot = replace(view.snapshot(), lines=named, before=first)
    return pull(CaptionsView.of(snapshot, view.feed), last, length, "en", source=source)


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


class Pulling:
    """A text, and the program that pulls it."""

    def __init__(self) -> None:
        self.view = CaptionsView.empty(SESSION, EPOCH, Feed(FLOOR, live=False))

    def tell(self, *events: ev.AnyEvent, by: Role = Role.ENGINE) -> None:
        for event in events:
            self.view = self.view.apply(self.view.offset + 1, by, event)

    def pull(self, last: int, length: int = 32) -> Pulled:
        return pull(self.view, last, length, "en", source=source)

    def heard(self, last: int) -> tuple[str, int]:
        said = ""
        while (pulled := self.pull(last)).content:
            said, last = said + pulled.content, pulled.last_position
        return said, last


def test_a_line_that_goes_before_others_in_time_is_pulled_after_them() -> None:
    text = Pulling()
    text.tell(opened("a", 1_000), ended("a", "Good morning."), opened("typed", 5_000), ended("typed", "Link: x."))
    said, last = text.heard(0)
    assert said == "Good morning. Link: x. "
    text.tell(opened("b", 3_000), ended("b", "So be it."), opened("c", 6_000), ended("c", "Next."))
    assert [each.segment for each in text.view.lines] == ["a", "b", "typed", "c"]
    assert text.heard(last) == ("So be it. Next. ", 4 * LINE)
    snapshot = replace(text.view.snapshot(), lines=text.view.newest[1:], before=1)
    text.view = CaptionsView.of(snapshot, text.view.feed)
    assert text.heard(0)[0] == "So be it. Link: x. Next. "
    text.tell(opened("old", 100), ended("old", "It belongs to an older page."))
    assert text.heard(4 * LINE) == ("", 4 * LINE)


@given(st.lists(st.tuples(st.integers(0, 9_000), st.booleans()), max_size=12))
def test_whenever_a_program_pulls_it_gets_each_line_once(lines: list[tuple[int, bool]]) -> None:
    text, said, last = Pulling(), "", 0
    for n, (t0, pulls) in enumerate(lines):
        text.tell(opened(f"l{n}", t0), ended(f"l{n}", f"Line {n}."))
        if pulls:
            more, last = text.heard(last)
            said += more
    assert said + text.heard(last)[0] == "".join(f"Line {n}. " for n in range(len(lines)))


def test_what_is_split_off_a_line_is_pulled_once_and_no_later_line_again() -> None:
    text = Pulling()
    tell, heard = text.tell, text.heard
    tell(opened("a", 1_000), ended("a", " Who? I do."), opened("b", 3_000), ended("b", "So be it."))
    before, last = heard(0)
    assert before == "Who? I do. So be it. "
    amid = text.pull(0, 6).last_position
    tell(*split("a", "a-2", timed(1_000, "Who?"), timed(1_200, "I", "do.")))
    tell(*split("a-2", "a-3", timed(1_200, "I"), timed(1_300, "do.")))
    assert heard(last) == ("", last)
    assert heard(0) == (before, last)
    assert heard(amid) == ("I do. So be it. ", last)
    assert text.pull(-1).last_position == last
    tell(opened("c", 5_000), ended("c", "Next."))
    assert heard(last) == ("Next. ", last + LINE)
    tell(corrected("a-3", "did."), by=Role.CAPTIONER)
    tell(ChannelRewound(channel=FLOOR, t=1_200, segments=(SegmentId("a-2"),)))
    assert heard(0)[0] == "Who? did. So be it. Next. "
