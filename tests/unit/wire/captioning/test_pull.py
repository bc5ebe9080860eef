from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import ChannelRewound, Origin
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import SpokenSpan
from moothall.core.views.captions import CaptionsView, Line
from moothall.services.log.act_queue import Receipt
from moothall.wire.captioning.pull import LINE, MOST_LOOKED, Pulled, pull
from support.halls.stage import FLOOR, corrected, ended, opened
from support.memory.writer import TECHNICIAN, Stage, said, stage
from support.memory.writer import opened as begun
from support.sessions.deciding import undoing_of
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
    view = CaptionsView.of(replace(view.snapshot(), lines=named, before=first), view.feed)
    for n, each in enumerate(named, first):
        view = replace(view, arrived=view.arrived.append((n, each.segment)))
    return pull(view, last, length, "en", source=source)


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

    def heard(self, last: int, most: int = 100) -> tuple[str, int]:
        """What comes from a position on in so many lines, and the position behind that."""
        said = ""
        while most and (pulled := self.pull(last, 100)).content:
            said, last, most = said + pulled.content, pulled.last_position, most - 1
        return said, last


def test_a_line_that_goes_before_others_in_time_is_pulled_after_them() -> None:
    text = Pulling()
    text.tell(opened("a", 1_000), ended("a", "Good morning."), opened("typed", 5_000), ended("typed", "Link: x."))
    said, last = text.heard(0)
    assert said == "Good morning. Link: x. "
    text.tell(opened("b", 3_000), ended("b", "So be it."), opened("c", 6_000), ended("c", "Next."))
    assert [each.segment for each in text.view.lines] == ["a", "b", "typed", "c"]
    assert text.heard(last)[0] == "So be it. Next. "
    assert text.heard(0)[0] == "Good morning. Link: x. So be it. Next. "


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
    assert heard(last)[0] == "Next. "
    tell(corrected("a-3", "did."), by=Role.CAPTIONER)
    tell(ChannelRewound(channel=FLOOR, t=1_200, segments=(SegmentId("a-2"),)))
    assert heard(0)[0] == "Who? did. So be it. Next. "


async def test_a_removal_leads_no_program_back_and_costs_it_no_line() -> None:
    async with stage() as on:
        await begun(on)
        for n, line in enumerate(("a", "b", "c", "d")):
            await said(on, line, 5_000 * n, f"{line} one", f" {line} two", f" {line} three.", ends=line != "d")
        text = await folded(on)
        behind, last = text.heard(0, 1)[1], text.pull(-1).last_position
        assert text.heard(0) == ("a one a two a three. b one b two b three. c one c two c three. ", last)
        # A word in the middle of one line, a word of the first, and all of another.
        gone = SpokenSpan(5_500, 5_900), SpokenSpan(0, 400), SpokenSpan(10_000, 12_000)
        for n, span in enumerate(gone):
            assert isinstance(await on.writer.remove(TECHNICIAN, CommandId(f"gone-{n}"), span), Receipt)
        text = await folded(on)
        assert [each.segment for each in text.view.lines][-1] == "d"
        assert text.heard(0)[0] == "a two a three. b one b three. "
        assert text.heard(last) == ("", last)
        assert text.heard(behind)[0] == "b one b three. "
        # A word of what was left already, and one of the line that grows.
        for n, span in enumerate((SpokenSpan(500, 900), SpokenSpan(15_500, 15_900))):
            assert isinstance(await on.writer.remove(TECHNICIAN, CommandId(f"more-{n}"), span), Receipt)
        text = await folded(on)
        assert text.heard(0)[0] == "a three. b one b three. d one d three. "
        assert text.heard(last)[0] == "d one d three. "


async def test_lines_that_stand_again_are_pulled_where_they_were() -> None:
    async with stage() as on:
        await begun(on)
        await said(on, "a", 0, "Good morning.")
        await said(on, "b", 5_000, "So be it.")
        last = (await folded(on)).pull(-1).last_position
        act = do.RewindChannel(channel=FLOOR, t=4_000)
        (back,) = undoing_of(on.writer.state, act)
        await on.done("struck", act, actor=TECHNICIAN)
        assert (await folded(on)).heard(0)[0] == "Good morning. "
        await on.done("again", back, actor=TECHNICIAN)
        text = await folded(on)
        assert (text.heard(0)[0], text.heard(last)[0]) == ("Good morning. So be it. ", "")


async def folded(on: Stage) -> Pulling:
    """The text of a log, read anew as after a restart or a removal."""
    text = Pulling()
    text.view = CaptionsView.empty(SESSION, EPOCH, text.view.feed)
    for record in await on.records():
        if record.header.lane in text.view.feed.lanes:
            event = None if record.body is None else decode_event(record.body)
            text.view = text.view.apply(record.header.offset, record.header.role, event)
    return text
