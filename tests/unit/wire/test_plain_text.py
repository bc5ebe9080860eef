from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.views.captions import CaptionsView, Line, Session, Snapshot
from moothall.core.views.reading_order import Gap
from moothall.wire.frames import Format, Received, carry, events_frame
from moothall.wire.plain_text import DOUBT, REMEMBERED, PlainText, behind_doubts, clock, plain
from support.sessions.meeting import FLOOR, LINES, Meeting, ended, frames_of, opened
from support.sessions.splitting import split, timed

ANA = SpeakerId("ana")


def plain_text() -> PlainText:
    return PlainText("Speaker not named", lambda gap: f"No text until\n{gap.t1}: {gap.reason}", LINES)


class Terminal:
    """A reader who gets the frames of a log."""

    def __init__(self) -> None:
        self.meeting = Meeting()
        self.text = plain_text()
        self.printed = ""

    async def say(self, *events: ev.AnyEvent) -> str:
        """What one frame with these events prints."""
        prev = self.meeting.recorder.offset
        publication = await self.meeting.store(*events)
        (frame,) = frames_of(carry(events_frame(publication.records, prev, (), 0), Format.SSE))
        return self.text.take(frame)


@pytest.fixture
async def terminal() -> Terminal:
    made = Terminal()
    await made.meeting.open()
    return made


def snapshot(*lines: Line, speakers: dict[SpeakerId, str] | None = None) -> Snapshot:
    view = CaptionsView.empty(SessionId("s"), Meeting().recorder.epoch, LINES)
    session = Session(id=SessionId("s"), speakers=speakers or {})
    return msgspec.structs.replace(view.snapshot(), session=session, lines=lines)


def line(name: str, text: str = "", *, t0: int = 0, done: bool = True, gone: bool = False) -> Line:
    return Line(
        segment=SegmentId(name),
        t0=t0,
        t1=t0 + 1 if done else None,
        language="en",
        origin=le.Origin.MACHINE,
        speaker=ANA,
        text=text,
        gone=gone,
    )


async def test_a_line_is_given_once_it_is_finished_with_its_name_and_time(terminal: Terminal) -> None:
    assert await terminal.say(ev.SpeakerIntroduced(speaker=ANA, name="Ana"), opened("s1", 61_999)) == ""
    assert await terminal.say(ev.SpeakerAssigned(segments=(SegmentId("s1"), SegmentId("s0")), speaker=ANA)) == ""
    assert await terminal.say(ended("s1", " Good morning.")) == "00:01:01 Ana: Good morning.\n"
    assert await terminal.say(ended("s1", " Good morning.")) == ""
    assert await terminal.say(opened("s2"), ended("s2", "  ")) == ""


async def test_a_line_of_nobody_who_is_named_says_so_once_somebody_was(terminal: Terminal) -> None:
    assert await terminal.say(opened("s1"), ended("s1", "Good morning.")) == "00:00:00 Good morning.\n"
    await terminal.say(ev.SpeakerIntroduced(speaker=ANA, name="Ana"), opened("s2"))
    await terminal.say(ev.SpeakerAssigned(segments=(SegmentId("s2"),), speaker=ANA), opened("s3"), opened("s4"))
    assert await terminal.say(ended("s2", "Thanks."), ended("s3", "And on."), ended("s4", "On.")) == (
        "00:00:00 Ana: Thanks.\n00:00:00 Speaker not named: And on.\n00:00:00 Speaker not named: On.\n"
    )


async def test_lines_that_are_struck_are_not_given(terminal: Terminal) -> None:
    await terminal.say(opened("s1"), opened("s2"))
    away = le.SegmentsMovedAway(channel=FLOOR, segments=(SegmentId("s1"),), session=SessionId("b"))
    again = le.ChannelRewound(channel=FLOOR, segments=(SegmentId("s2"), SegmentId("s0")), t=0)
    assert await terminal.say(away, again, ended("s1", "Elsewhere."), ended("s2", "Once more.")) == ""


async def test_spans_without_text_stand_in_the_order_of_media_time(terminal: Terminal) -> None:
    await terminal.say(opened("s1", 1_000), opened("s2", 9_000))
    assert await terminal.say(ended("s1", "One.")) == "00:00:01 One.\n"
    set_back = (ev.SessionPaused(t=40_000, t0=20_000), ev.SessionResumed(t=90_000, t1=70_000))
    lost = ev.GapNoted(channel=FLOOR, t0=5_000, t1=6_000, reason=ev.GapReason.SOURCE_LOST)
    other = ev.GapNoted(channel=ChannelId("es"), t0=5_500, t1=6_000, reason=ev.GapReason.SOURCE_LOST)
    assert await terminal.say(*set_back, lost, other) == "", "lines from before may still come"
    assert await terminal.say(ended("s2", "Two.")) == "00:00:05 No text until 6000: source-lost\n00:00:09 Two.\n"
    assert await terminal.say(opened("s3", 70_000), ended("s3", " ")) == "", "no line stands there"
    assert await terminal.say(opened("s4", 71_000), ended("s4", "Three.")) == (
        "00:00:20 No text until 70000: break-set-back\n00:01:11 Three.\n"
    )
    await terminal.say(ev.NotRecordedBegan(t0=80_000), ev.NotRecordedEnded(t1=85_000))
    assert await terminal.say(ev.SessionClosed(t=90_000)) == "00:01:20 No text until 85000: not-recorded\n"
    assert await terminal.say(ev.SessionReopened(t=90_000), ev.SessionClosed(t=91_000)) == "", "each is told of once"


def test_spans_that_lie_before_what_is_given_are_passed_over() -> None:
    gaps = tuple(Gap(t0=t0, t1=t0 + 500, reason="break") for t0 in (1_000, 3_000, 9_000))
    lines = (line("a", "One.", t0=2_000), line("b", "Two.", t0=4_000))
    stands = msgspec.structs.replace(snapshot(*lines), session=Session(id=SessionId("s"), gaps=gaps))
    marks = [f"00:00:0{gap.t0 // 1_000} No text until {gap.t1}: break\n" for gap in gaps]
    said = ["00:00:02 One.\n", "00:00:04 Two.\n"]
    assert plain_text().start(stands, quiet=False) == marks[0] + said[0] + marks[1] + said[1]
    later = msgspec.structs.replace(stands, before=7)
    text = plain_text()
    assert text.start(later, quiet=False) == said[0] + marks[1] + said[1]
    assert text.end() == marks[2]
    text = plain_text()
    assert text.start(stands, quiet=True) == ""
    assert text.lines([line("c", "Three.", t0=10_000)]) == marks[2] + "00:00:10 Three.\n"


async def test_it_says_when_the_session_is_over(terminal: Terminal) -> None:
    assert await terminal.say(ev.SessionClosed(t=1)) == ""
    assert terminal.text.closed
    await terminal.say(ev.SessionReopened(t=2), ev.SessionPaused(t=3))
    assert not terminal.text.closed


def test_a_snapshot_gives_what_was_not_given() -> None:
    text = plain_text()
    names = {ANA: "Ana"}
    first = (line("a", "One.", t0=1_000), line("b", "Gone.", gone=True), line("c", done=False))
    assert text.start(snapshot(*first, speakers=names), quiet=False) == "00:00:01 Ana: One.\n"
    assert text.take(Received(sent=0, snapshot=snapshot(*first, speakers=names))) == ""
    second = (line("a", "One."), line("c", "Three.", t0=3_000))
    assert text.start(snapshot(*second, speakers=names), quiet=False) == "00:00:03 Ana: Three.\n"


def test_who_wants_only_what_comes_is_spared_the_rest() -> None:
    text = plain_text()
    assert text.start(snapshot(line("a", "One.")), quiet=True) == ""
    assert text.start(snapshot(line("a", "One."), line("b", "Two.")), quiet=False) == "00:00:00 Two.\n"


def test_the_names_can_be_known_before_the_lines() -> None:
    text = plain_text()
    text.know(Session(id=SessionId("s"), speakers={ANA: "Ana"}))
    assert text.lines([line("a", "One."), line("b", done=False)]) == "00:00:00 Ana: One.\n"


async def test_what_it_remembers_is_bounded(terminal: Terminal) -> None:
    many = [line(f"l{n}", f"{n}") for n in range(REMEMBERED + 1)]
    assert terminal.text.lines(many).count("\n") == REMEMBERED + 1
    assert terminal.text.lines(many[1:]) == ""
    assert terminal.text.lines(many[:1]) != ""
    await terminal.say(*[opened(f"o{n}") for n in range(REMEMBERED + 1)])
    assert await terminal.say(ended("o0", "Forgotten.")) == ""
    assert await terminal.say(ended("o1", "Remembered.")) != ""


async def test_what_was_removed_is_passed_over(terminal: Terminal) -> None:
    publication = await terminal.meeting.store(opened("s1"))
    record = msgspec.structs.replace(publication.records[0], body=None, salt=None)
    (frame,) = frames_of(carry(events_frame((record,), 3, (), 0), Format.SSE))
    assert terminal.text.take(frame) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  two\twords\n", "two words"),
        ("\x1b[2Jgone\x07", "[2Jgone"),
        ("a\x9b31mb\u2028c\x00", "a 31mb c"),
        ("نعم\u200f!", "نعم\u200f!"),
    ],
)
def test_a_terminal_has_nothing_to_obey(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(("ms", "text"), [(-1, "00:00:00"), (59_999, "00:00:59"), (360_000_000, "100:00:00")])
def test_times_are_from_the_beginning(ms: int, text: str) -> None:
    assert clock(ms) == text


async def test_from_a_feed_with_words_those_that_are_not_sure_are_marked_once_the_line_is_finished(
    terminal: Terminal,
) -> None:
    said = (
        le.Word("The", 0, 1),
        le.Word(" regulator", 1, 2, 0.3),
        le.Word(" regulator", 2, 3, 0.4),
        le.Word(" left.", 3, 4),
    )
    unsure = le.WordsCommitted(channel=FLOOR, segment=SegmentId("a"), first=0, words=said)
    assert await terminal.say(opened("a"), unsure) == ""
    assert (
        await terminal.say(ended("a", "The regulator regulator left."))
        == "00:00:00 The regulator (?) regulator (?) left.\n"
    )


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Other water, the a.", ("Other", " water,", " ?the", " ?a."), "Other water, the (?) a. (?)"),
        ("The data", ("The", " ?a", " data"), "The data"),
        ("他说水的权利", ("他", "说", "?水", "的", "权利"), "他说水 (?)的权利"),
    ],
    ids=["a short word inside others", "a word that is gone", "no spaces"],
)
def test_a_doubtful_word_is_found_where_it_was_said(text: str, words: tuple[str, ...], marked: str) -> None:
    said = [le.Word(each.replace("?", ""), n, n + 1, 0.2 if "?" in each else 1.0) for n, each in enumerate(words)]
    assert DOUBT.join(behind_doubts(text, said)) == marked


async def test_a_row_says_how_lines_came_about_at_the_beginning_and_at_each_change(terminal: Terminal) -> None:
    def source(line: Line) -> str:
        return f"tool\n{line.tool}" if line.tool else str(line.origin)

    terminal.text = PlainText("Speaker not named", lambda _: "", LINES, source=source)
    assert await terminal.say(opened("s1"), ended("s1", "One.")) == "00:00:00 (machine)\n00:00:00 One.\n"
    assert await terminal.say(opened("s2"), ended("s2", "Two.")) == "00:00:00 Two.\n"
    sent = msgspec.structs.replace(opened("s3", 2_000), tool="CART")
    assert await terminal.say(sent, ended("s3", "Three.")) == "00:00:02 (tool CART)\n00:00:02 Three.\n"
    assert terminal.text.lines([line("s4", "Four.", t0=3_000)]) == "00:00:03 (machine)\n00:00:03 Four.\n"


@given(
    st.lists(st.text("ab ?", max_size=5), max_size=6),
    st.lists(st.tuples(st.text("ab ", max_size=4), st.sampled_from([0.2, 1.0])), max_size=6),
)
def test_marks_of_doubt_change_nothing_else(words: list[str], said: list[tuple[str, float]]) -> None:
    text = plain(" ".join(words).replace("?", ""))
    marked = DOUBT.join(behind_doubts(text, [le.Word(each, 0, 1, p) for each, p in said]))
    assert marked.replace(DOUBT, "") == text
    assert marked.count(DOUBT) <= sum(p < 1 for _, p in said)


async def test_what_was_split_after_it_was_printed_is_not_printed_again(terminal: Terminal) -> None:
    kept, rest = timed(100, "Who", "asks?"), timed(300, "I")
    assert await terminal.say(opened("a", 100), ended("a", " Who asks? I")) == "00:00:00 Who asks? I\n"
    assert await terminal.say(*split("a", "part", kept, rest)) == ""
    assert await terminal.say(*split("part", "last", rest, timed(400, "do."))) == ""
    assert await terminal.say(*split("before", "new", kept, rest)) == "00:00:00 I\n"
