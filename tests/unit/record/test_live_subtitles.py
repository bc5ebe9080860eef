from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.types import Access, Origin
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.session.state import Status
from moothall.core.views.captions import Line, Session
from moothall.record.cues import LONGEST
from moothall.record.live_subtitles import (
    CLOCK,
    HELD_MS,
    LISTED,
    MOST_LISTED,
    SEGMENT_MS,
    Listed,
    listed,
    playlist,
    segment,
)

ANA = SpeakerId("ana")


def on(status: Status = Status.OPEN) -> Session:
    return Session(
        id=SessionId("s"), access=Access.PUBLIC, status=status, opened=1_764_000_000_000, clock=(0, 1_764_000_000_000)
    )


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


def test_a_segment_is_listed_once_its_words_have_come_and_older_ones_are_listed_no_more() -> None:
    began = 1_764_000_000_000
    assert listed(on(), began + SEGMENT_MS + HELD_MS - 1, 0, None) == Listed(0, 0, over=False)
    assert listed(on(), began + SEGMENT_MS + HELD_MS, 0, None) == Listed(0, 1, over=False)
    assert listed(on(), began - 5_000, 0, None) == Listed(0, 0, over=False)
    late = listed(on(), began + (LISTED + 7) * SEGMENT_MS + HELD_MS, 0, None)
    assert late == Listed(7, LISTED + 7, over=False)
    assert listed(on(Status.CLOSED), 0, 5_001, None) == Listed(0, 3, over=True)


@given(last=st.integers(0, 40_000_000), closed=st.integers(0, 40_000_000), since=st.integers(0, 3_000_000))
def test_at_the_close_nothing_that_was_listed_is_taken_back_and_none_comes_in_before_it(
    last: int, closed: int, since: int
) -> None:
    began = 1_764_000_000_000
    before = listed(on(), began + closed, min(last, closed), None)
    wall = began + closed + since
    live, whole = (listed(on(Status.CLOSED), wall, last, closed, whole=each) for each in (False, True))
    assert before.first <= live.first
    assert before.end <= live.end == whole.end
    assert whole.first == max(0, whole.end - MOST_LISTED) <= live.first
    assert live.over
    assert live.end * SEGMENT_MS >= max(last, closed) + LONGEST


def test_the_playlist_names_segments_and_when_the_first_was_said() -> None:
    text = playlist(on(), Listed(7, 9, over=False), "captions/{n}.vtt?channel=floor")
    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-PROGRAM-DATE-TIME:2025-11-24T16:00:42.000Z",
        "#EXTINF:6.000,",
        "captions/7.vtt?channel=floor",
        "#EXTINF:6.000,",
        "captions/8.vtt?channel=floor",
    ]
    assert playlist(on(), Listed(0, 0, over=True), "").splitlines()[-1] == "#EXT-X-ENDLIST"


def test_a_cue_stands_in_each_segment_that_it_lies_in_with_the_same_times() -> None:
    lines = [
        line("a", 1_000, "Good morning <all>.", 2_500, speaker=ANA),
        line("b", 5_000, "We open the meeting.", 7_000, speaker=ANA),
        line("c", 7_000, "struck", 7_500, gone=True),
        line("d", 13_000, "Typed."),
        line("e", 13_000, "Typed, too.", 13_000),
        line("f", 13_000, " ", 13_000),
    ]
    first, second, third = (segment(lines, {ANA: "Ana"}, n, "en", offset=1_000) for n in range(3))
    head = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:90000\n\n"
    a = "a\n00:00:01.000 --> 00:00:02.500\n<v Ana>Ana: Good morning &lt;all&gt;.</v>\n"
    b = "b\n00:00:05.000 --> 00:00:07.000\n<v Ana>We open the meeting.</v>\n"
    assert first == f"{head}{a}\n{b}"
    assert second == f"{head}{b}"
    assert re.search(r"e\n00:00:13\.000 --> 00:00:1\d\.\d{3}\nTyped, too\.\n\Z", third)
    assert "MPEGTS:90028\n" in segment([], {}, 0, "en", CLOCK // 90 + 1_001)
