"""Law 1: a snapshot and the events after it give the later snapshot, for either kind of feed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.translation.lines import line_of
from moothall.core.views.captions import SNAPSHOT_LINES, CaptionsView, Line, Snapshot
from moothall.core.views.reading_order import EARLY
from support.sessions.recorder import EPOCH, SESSION
from support.sessions.strategies import Told, stories

FEEDS = [Feed(ChannelId("floor"), live=True), Feed(ChannelId("floor"), live=False), Feed(ChannelId("pt"))]


def folded(view: CaptionsView, told: Iterable[Told]) -> CaptionsView:
    for each in told:
        if each.lane in view.feed.lanes:
            view = view.apply(each.offset, each.role, each.event)
    return view


def carried(snapshot: Snapshot) -> Snapshot:
    """The snapshot as it arrives: through JSON."""
    return msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot)


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
@given(told=stories(), data=st.data())
def test_a_snapshot_and_what_follows_is_the_later_snapshot(feed: Feed, told: list[Told], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(told)))
    start = CaptionsView.empty(SESSION, EPOCH, feed)
    early = folded(start, told[:cut])
    late = folded(early, told[cut:])
    assert late == folded(start, told)
    joined = CaptionsView.of(carried(early.snapshot()), feed)
    assert joined.snapshot() == early.snapshot()
    assert folded(joined, told[cut:]).snapshot() == late.snapshot()


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
@given(told=stories(), data=st.data())
def test_what_comes_twice_changes_nothing(feed: Feed, told: list[Told], data: st.DataObject) -> None:
    once = folded(CaptionsView.empty(SESSION, EPOCH, feed), told)
    again = data.draw(st.integers(0, len(told)))
    assert folded(once, told[again:]) == once


@given(told=stories())
def test_snapshot_and_pages_together_are_all_lines_each_once(told: list[Told]) -> None:
    view = folded(CaptionsView.empty(SESSION, EPOCH, FEEDS[0]), told)
    snapshot = view.snapshot()
    assert len(snapshot.lines) == min(SNAPSHOT_LINES, len(view.lines))
    lines: list[Line] = list(snapshot.lines)
    before = snapshot.before
    while before:
        page = view.page(before)
        assert 0 < len(page) <= SNAPSHOT_LINES
        lines[:0] = page
        before -= len(page)
        assert before % SNAPSHOT_LINES == 0
    assert lines == list(view.lines)


@given(told=stories(), before=st.integers(-5, 700))
def test_any_page_is_a_part_of_the_lines(told: list[Told], before: int) -> None:
    view = folded(CaptionsView.empty(SESSION, EPOCH, FEEDS[0]), told)
    page = view.page(before)
    lines = list(view.lines)
    stop = max(0, min(before, len(lines)))
    assert list(page) == lines[stop - len(page) : stop]
    assert (not page) == (stop == 0)


@given(told=stories())
def test_both_feeds_end_with_the_same_finished_lines(told: list[Told]) -> None:
    """What was opened, ended and not corrected in between reads the same with and without the words."""
    live, lines = (folded(CaptionsView.empty(SESSION, EPOCH, feed), told) for feed in FEEDS[:2])
    assert live.session == lines.session
    assert [line.segment for line in live.lines] == [line.segment for line in lines.lines]
    assert [line.t1 for line in live.lines] == [line.t1 for line in lines.lines]
    assert [line.revision for line in live.lines] == [line.revision for line in lines.lines]
    assert [line.speaker for line in live.lines] == [line.speaker for line in lines.lines]


@given(
    times=st.lists(st.integers(0, 50).map(lambda n: n * (EARLY + 1)), min_size=1, max_size=SNAPSHOT_LINES + 40),
    cut=st.integers(0, SNAPSHOT_LINES + 40),
    speaker=st.integers(0, SNAPSHOT_LINES),
)
def test_a_translation_is_in_the_order_of_time_in_whatever_order_it_is_made(
    times: list[int], cut: int, speaker: int
) -> None:
    """Law 1 holds for it too, though older lines come between newer ones."""
    spanish = ChannelId("mt-es")
    events: list[ev.AnyEvent] = []
    for number, t0 in enumerate(times):
        made = le.MadeFrom(sources=(le.SourceSegment(SegmentId(f"s{number}"), 0),), route="echo 1 en>es")
        name = line_of(SegmentId(f"s{number}"), spanish)
        origin = le.Origin.TRANSLATED
        events.append(
            le.SegmentOpened(channel=spanish, segment=name, t0=t0, language="es", origin=origin, made_from=made)
        )
        events.append(
            le.SegmentEnded(channel=spanish, segment=name, t1=t0, reason=le.EndReason.SENTENCE, text=str(number))
        )
    events.append(ev.SpeakerAssigned(segments=(SegmentId(f"s{speaker}"),), speaker=SpeakerId("ana")))
    told = [Told(offset, Role.TRANSLATOR, event, event.lane()) for offset, event in enumerate(events, 1)]
    start = CaptionsView.empty(SESSION, EPOCH, Feed(spanish))
    early, late = folded(start, told[: 2 * cut]), folded(start, told)
    assert [(line.t0, int(line.text)) for line in late.lines] == sorted((t0, number) for number, t0 in enumerate(times))
    named = [line.text for line in late.lines if line.speaker == "ana"]
    assert named == [str(speaker)] * (speaker < len(times))
    joined = folded(CaptionsView.of(carried(early.snapshot()), Feed(spanish)), told[2 * cut :])
    assert joined.snapshot() == late.snapshot()
