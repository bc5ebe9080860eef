from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.lines import Origin
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, Session
from moothall.record.cues import LONGEST
from moothall.record.live_subtitles import (
    CLOCK,
    HELD_MS,
    LEAST,
    LISTED,
    MOST_LISTED,
    SEGMENT_MS,
    Listed,
    listed,
    playlist,
    segment,
    start_of,
)

ANA = SpeakerId("ana")


BEGAN = 1_764_000_003_000
FIRST = BEGAN // SEGMENT_MS
"""The segment in which the session begins, 3 s after the segment does."""


def on(status: Status = Status.OPEN, began: int | None = BEGAN) -> Session:
    clock = None if began is None else (0, began)
    return Session(id=SessionId("s"), access=Access.PUBLIC, status=status, opened=began, clock=clock)


def line(name: str, t0: int, text: str, t1: int | None = None, **more: object) -> Line:
    return Line(
        segment=SegmentId(name),
        t0=t0,
        t1=t1,
        language="en",
        origin=Origin.MACHINE,
        text=text,
        **more,  # type: ignore[arg-type]
    )


def unsaid(_: Line) -> str:
    return ""


def test_a_segment_is_listed_once_its_words_have_come_and_older_ones_are_listed_no_more() -> None:
    ripe = BEGAN - 3_000 + SEGMENT_MS + HELD_MS
    assert listed(on(), ripe - 1, 0, None) == Listed(FIRST - LEAST, FIRST, over=False)
    assert listed(on(), ripe, 0, None) == Listed(FIRST + 1 - LEAST, FIRST + 1, over=False)
    assert listed(on(), ripe + LEAST * SEGMENT_MS, 0, None) == Listed(FIRST, FIRST + 1 + LEAST, over=False)
    late = listed(on(), ripe + (LISTED + 7) * SEGMENT_MS, 0, None)
    assert late == Listed(FIRST + 8, FIRST + 8 + LISTED, over=False)
    assert listed(on(), BEGAN - 5_000, 0, None) == listed(on(), BEGAN, 0, None)
    assert listed(on(Status.CLOSED), 0, 5_001, None, whole=True) == Listed(FIRST, FIRST + 3, over=True)
    assert listed(on(Status.CLOSED, None), BEGAN, 0, None) == Listed(0, 2, over=True)
    assert [start_of(on(), FIRST), start_of(on(), FIRST + 1)] == [-3_000, 3_000]


@given(began=st.integers(0, 5_000_000), steps=st.lists(st.integers(0, 30_000), min_size=2))
def test_a_player_that_comes_before_the_beginning_never_finds_it_empty_nor_a_segment_gone_back(
    began: int, steps: list[int]
) -> None:
    wall, before = BEGAN, listed(on(Status.CREATED, None), BEGAN, 0, None)
    for step in steps:
        wall += step
        begun = wall >= BEGAN + began
        there = listed(on(began=BEGAN + began) if begun else on(Status.CREATED, None), wall, 0, None)
        assert there.end - there.first >= LEAST
        assert (there.first, there.end) >= (before.first, before.end)
        assert there.end >= before.end
        before = there


@given(last=st.integers(0, 40_000_000), closed=st.integers(0, 40_000_000), since=st.integers(0, 3_000_000))
def test_at_the_close_nothing_that_was_listed_is_taken_back_and_none_comes_in_before_it(
    last: int, closed: int, since: int
) -> None:
    before = listed(on(), BEGAN + closed, min(last, closed), None)
    wall = BEGAN + closed + since
    live, whole = (listed(on(Status.CLOSED), wall, last, closed, whole=each) for each in (False, True))
    assert before.first <= live.first
    assert before.end <= live.end == whole.end
    assert whole.first == max(FIRST, whole.end - MOST_LISTED)
    assert live.first <= whole.first or live.end - whole.first > LISTED
    assert live.over
    assert start_of(on(), live.end) >= max(last, closed) + LONGEST


def test_the_playlist_names_segments_and_when_the_first_was_said() -> None:
    text = playlist(Listed(294_000_007, 294_000_009, over=False), "captions/{n}.vtt?channel=floor")
    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:294000007",
        "#EXT-X-PROGRAM-DATE-TIME:2025-11-24T16:00:42.000Z",
        "#EXTINF:6.000,",
        "captions/294000007.vtt?channel=floor",
        "#EXTINF:6.000,",
        "captions/294000008.vtt?channel=floor",
    ]
    assert playlist(Listed(0, 3, over=True), "").splitlines()[-1] == "#EXT-X-ENDLIST"


def test_a_cue_stands_in_each_segment_that_it_lies_in_with_the_same_times() -> None:
    lines = [
        line("a", 1_000, "Good morning <all>.", 2_500, speaker=ANA),
        line("b", 5_000, "We open the meeting.", 7_000, speaker=ANA),
        line("c", 7_000, "struck", 7_500, gone=True),
        line("d", 13_000, "Typed."),
        line("e", 13_000, "Typed, too.", 13_000),
        line("f", 13_000, " ", 13_000),
    ]
    first, second, third = (
        segment(lines, {ANA: "Ana"}, n * SEGMENT_MS, "en", offset=1_000, source=unsaid) for n in range(3)
    )
    head = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000\n\n"
    a = "a\n00:00:01.000 --> 00:00:02.500\n<v Ana>Ana: Good morning &lt;all&gt;.</v>\n"
    b = "b\n00:00:05.000 --> 00:00:07.000\n<v Ana>We open the meeting.</v>\n"
    assert first == f"{head}{a}\n{b}"
    assert second == f"{head}{b}"
    assert re.search(r"e\n00:00:13\.000 --> 00:00:1\d\.\d{3}\nTyped, too\.\n\Z", third)
    assert "MPEGTS:90028\n" in segment([], {}, 0, "en", CLOCK // 90 + 1_001, source=unsaid)
    assert "\n\nNOTE\nBy a machine → x\n" in segment([], {}, 0, "en", note="By a\nmachine --> x", source=unsaid)


def test_a_comment_says_how_lines_came_about_at_the_beginning_and_at_each_change() -> None:
    lines = [
        line("a", 1_000, "One.", 2_000),
        line("b", 3_000, "Two.", 4_000),
        line("c", 4_500, "Three.", 5_000, tool="CART --> x"),
        line("d", 5_500, "Four.", 7_000, tool="CART --> x"),
    ]

    def source(line: Line) -> str:
        return f"Tool: {line.tool}" if line.tool else "A machine"

    first, second = (segment(lines, {}, n * SEGMENT_MS, "en", source=source) for n in range(2))
    notes = re.findall(r"NOTE\n(.+)\n\n(\w)\n", first)
    assert notes == [("A machine", "a"), ("Tool: CART → x", "c")]
    assert re.findall(r"NOTE\n(.+)\n\n(\w)\n", second) == [("Tool: CART → x", "d")]
