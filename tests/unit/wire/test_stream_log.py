from __future__ import annotations

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal, ChannelState, Partial, Sound
from moothall.core.views.captions import CaptionsView, Line
from moothall.wire.cached_feed import CachedLine
from moothall.wire.frames import FrameEvent, Received
from moothall.wire.stream_log import CachedLog, StreamLog
from support.sessions.splitting import split, timed

FLOOR = ChannelId("floor")


def frame(*events: ev.AnyEvent, signals: tuple[AnySignal, ...] = ()) -> Received:
    made = tuple(
        FrameEvent(offset=n, at=0, by="engine", body=msgspec.Raw(encode_event(event)))
        for n, event in enumerate(events, 1)
    )
    return Received(sent=0, events=made, signals=signals)


def opened(name: str) -> le.SegmentOpened:
    return le.SegmentOpened(channel=FLOOR, segment=SegmentId(name), t0=0, language="en", origin=le.Origin.MACHINE)


def words(name: str, first: int, *texts: str) -> le.WordsCommitted:
    made = tuple(le.Word(text=text, t0=1000 * n, t1=1000 * n + 500) for n, text in enumerate(texts, first))
    return le.WordsCommitted(channel=FLOOR, segment=SegmentId(name), first=first, words=made)


def partial(name: str, first: int, text: str) -> Partial:
    return Partial(channel=FLOOR, segment=SegmentId(name), first=first, text=text, language="en")


def ended(name: str) -> le.SegmentEnded:
    return le.SegmentEnded(channel=FLOOR, segment=SegmentId(name), t1=1, reason=le.EndReason.PAUSE, text="x")


def test_a_commit_and_the_partial_behind_it_are_rows_of_one_moment() -> None:
    rows = StreamLog().rows(frame(opened("a"), words("a", 0, "Good", " day"), signals=(partial("a", 2, " to"),)), 1.5)
    assert rows == [
        {"at": 1.5, "kind": "commit", "segment": "a", "text": "Good day", "t0": 0.0, "t1": 1.5, "lang": "en"},
        {"at": 1.5, "kind": "partial", "segment": "a", "text": "to", "lang": "en"},
    ]


def test_a_partial_that_does_not_fit_is_not_shown_and_takes_the_one_before_away() -> None:
    log = StreamLog()
    assert [row["text"] for row in log.rows(frame(signals=(partial("a", 0, "Go"),)), 1)] == ["Go"]
    assert log.rows(frame(signals=(partial("a", 1, " day"),)), 2) == [
        {"at": 2, "kind": "partial", "segment": "a", "text": "", "lang": "en"}
    ]
    assert log.rows(frame(signals=(partial("a", 1, " day"),)), 3) == []


def test_a_partial_of_another_line_takes_the_one_before_away() -> None:
    log = StreamLog()
    log.rows(frame(signals=(partial("a", 0, "Good"),)), 1)
    rows = log.rows(frame(signals=(partial("b", 0, "Well"),)), 2)
    assert [(row["segment"], row["text"]) for row in rows] == [("a", ""), ("b", "Well")]


def test_a_commit_takes_its_partial_away_by_itself_and_an_ended_line_shows_none() -> None:
    log = StreamLog()
    log.rows(frame(signals=(partial("a", 0, "Good"),)), 1)
    rows = log.rows(frame(opened("a"), words("a", 0, "Good"), signals=(partial("a", 1, ""),)), 2)
    assert [row["kind"] for row in rows] == ["commit"]
    rows = log.rows(frame(words("a", 1, " day"), ended("a"), signals=(partial("a", 2, " to"),)), 3)
    assert [row["kind"] for row in rows] == ["commit"]
    # Words of another line leave a partial where it is.
    log.rows(frame(signals=(partial("c", 0, "But"),)), 4)
    assert [row["kind"] for row in log.rows(frame(opened("b"), words("b", 0, "And")), 5)] == ["commit"]


def test_a_correction_is_the_whole_text() -> None:
    corrected = le.SegmentCorrected(
        channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=1, text="Well", tail=" met"
    )
    assert StreamLog().rows(frame(corrected), 2) == [{"at": 2, "kind": "correct", "segment": "a", "text": "Well met"}]


def test_an_engines_correction_has_the_times_of_all_its_words() -> None:
    log = StreamLog()
    log.rows(frame(opened("a"), words("a", 0, "Bone"), words("a", 1, " deer."), ended("a")), 2)
    better = le.SegmentCorrected(
        channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=2, text="Bom dia.", tail="", machine=True
    )
    assert log.rows(frame(better), 3) == [
        {"at": 3, "kind": "correct", "segment": "a", "text": "Bom dia.", "t0": 0.0, "t1": 1.5, "lang": "en"}
    ]


def test_events_without_text_make_no_row() -> None:
    added = ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
    rows = StreamLog().rows(frame(ev.SessionCreated(title="Plenary", languages=("en",)), added, words("a", 0, "Hi")), 1)
    assert [row["kind"] for row in rows] == ["commit"]


def test_it_keeps_the_clock_and_sees_the_close() -> None:
    log = StreamLog()
    log.rows(frame(ev.SessionOpened(wall=500)), 0)
    assert (log.opened, log.clock, log.closed) == (500, (0, 500), False)
    removed = Received(sent=0, events=(FrameEvent(offset=1, at=0, by="engine", type="x"),))
    state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=0)
    assert log.rows(removed, 1) == []
    assert log.rows(frame(signals=(state,)), 1) == []
    log.rows(frame(ev.ClockMapped(t=60_000, wall=60_600), ev.SessionClosed(t=61_000)), 1)
    assert (log.clock, log.closed) == ((60_000, 60_600), True)


def test_a_snapshot_tells_what_was_before() -> None:
    lines = (
        Line(segment=SegmentId("a"), t0=0, t1=9, language="en", origin=le.Origin.MACHINE, text="Hi.", words=1),
        Line(segment=SegmentId("b"), t0=9, language="pt", origin=le.Origin.MACHINE, text="Bom", words=1),
    )
    snapshot = CaptionsView.empty(SessionId("s"), Epoch("e"), Feed(FLOOR)).snapshot()
    snapshot = msgspec.structs.replace(snapshot, lines=lines)
    log = StreamLog()
    assert log.rows(Received(sent=0, snapshot=snapshot), 1) == []
    rows = log.rows(frame(signals=(partial("b", 1, " dia"),)), 2)
    assert rows == [{"at": 2, "kind": "partial", "segment": "b", "text": "dia", "lang": "pt"}]
    assert log.rows(frame(signals=(partial("a", 1, " no"),)), 3)[0]["text"] == ""


def finished(name: str, text: str) -> CachedLine:
    return CachedLine(
        segment=SegmentId(name), t0=1_000, t1=2_500, language="en", origin=le.Origin.MACHINE, text=text
    )  # fmt: skip


def test_the_cached_feed_has_rows_for_what_is_new_has_changed_or_is_gone() -> None:
    log = CachedLog()
    first = log.rows([finished("a", "One."), finished("b", "Two.")], 3.0)
    assert [(row["kind"], row["segment"], row["text"]) for row in first] == [
        ("commit", "a", "One."),
        ("commit", "b", "Two."),
    ]
    assert first[0] == {
        "at": 3.0, "kind": "commit", "segment": "a", "text": "One.", "t0": 1.0, "t1": 2.5, "lang": "en",
    }  # fmt: skip
    later = log.rows([finished("b", "Two, mended."), finished("c", "Three.")], 8.0)
    assert [(row["kind"], row["segment"], row["text"]) for row in later] == [
        ("correct", "b", "Two, mended."),
        ("commit", "c", "Three."),
        ("correct", "a", ""),
    ]
    assert log.rows([finished("b", "Two, mended."), finished("c", "Three.")], 9.0) == []


def test_a_split_is_a_correction_and_another_line() -> None:
    log, kept, rest = StreamLog(), timed(0, "Who"), timed(1_000, "I")
    log.rows(frame(opened("a"), words("a", 0, " Who", " I"), ended("a")), 2)
    assert [
        (row["segment"], row["kind"], row["text"], row["t0"], row["t1"])
        for row in log.rows(frame(*split("a", "part", kept, rest), *split("other", "x", kept, rest)[:1]), 3)
    ] == [("a", "correct", "Who", 0.0, 0.09), ("part", "commit", "I", 1.0, 1.09)]
