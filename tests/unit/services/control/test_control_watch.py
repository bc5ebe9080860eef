from __future__ import annotations

import msgspec

from moothall.core.events.lines import ChannelRewound, Origin, SegmentOpened, Word, WordsCommitted
from moothall.core.events.types import AnyEvent, ChannelKind, SessionResumed
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State, evolve
from moothall.core.signals import AnySignal, ChannelState, Sound
from moothall.services.control.control_watch import RATE_MS, TREND_MS, TREND_POINTS, Watched
from moothall.services.log.publication import Publication
from support.sessions.recorder import Recorder
from support.sessions.splitting import split, timed

FLOOR, LINE = ChannelId("floor"), SegmentId("a")
STATE = State(id=SessionId("s"))


def published(*events: AnyEvent, signals: tuple[AnySignal, ...] = ()) -> Publication:
    records = tuple(map(Recorder().record, events))
    return Publication(session=STATE.id, records=records, events=events, signals=signals)


def heard(sound: Sound) -> ChannelState:
    return ChannelState(channel=FLOOR, sound=sound, lag=0, t=0)


def test_words_count_for_a_minute() -> None:
    seen = Watched(0)
    words = WordsCommitted(channel=FLOOR, segment=LINE, first=0, words=(Word(text="a", t0=0, t1=9),) * 3)
    seen.take(published(words), STATE, 1_000)
    assert (seen.rate(1_000 + RATE_MS), seen.words) == (3, 1_000)
    assert seen.rate(1_001 + RATE_MS) == 0


def test_silence_begins_once_and_anew_after_a_break() -> None:
    seen = Watched(0)
    for now, sound in ((1_000, Sound.SPEECH), (2_000, Sound.SILENCE), (3_000, Sound.SILENCE), (4_000, Sound.NONE)):
        seen.take(published(signals=(heard(sound),)), STATE, now)
    assert (seen.sound, seen.speech, seen.silent_since) == (3_000, 1_000, 2_000)
    seen.take(published(SessionResumed(t=0)), STATE, 5_000)
    assert (seen.since, seen.silent_since) == (5_000, None)


def test_the_language_is_that_of_the_newest_line_that_was_spoken() -> None:
    seen = Watched(0)
    line = SegmentOpened(channel=FLOOR, segment=LINE, t0=0, language="pt", origin=Origin.MACHINE)
    seen.take(published(line), STATE, 1_000)
    assert (seen.heard, seen.words) == ("pt", 1_000)


def test_trends_have_a_point_each_ten_seconds_for_ten_minutes_and_a_gap_where_no_sound_comes() -> None:
    seen = Watched(0)
    seen.note(0)
    seen.note(TREND_MS - 1)
    assert (list(seen.delays), list(seen.rates)) == ([None], [0]), "too soon for a second one"
    late = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=3_900, t=0)
    words = WordsCommitted(channel=FLOOR, segment=LINE, first=0, words=(Word(text="a", t0=0, t1=9),) * 3)
    seen.take(published(words, signals=(late,)), STATE, TREND_MS)
    seen.note(TREND_MS)
    seen.note(2 * TREND_MS)
    assert (list(seen.delays), list(seen.rates)) == ([None, 3, None], [0, 3, 3])
    for n in range(3, TREND_POINTS + 3):
        seen.note(n * TREND_MS)
    assert (len(seen.delays), len(seen.rates), sum(seen.rates)) == (TREND_POINTS, TREND_POINTS, 3 * 5)


def test_words_that_a_split_says_again_do_not_count_again() -> None:
    seen, said = Watched(0), timed(0, "Who", "I")
    events = split("a", "part", said[:1], said[1:])
    channel = Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
    state = msgspec.structs.replace(STATE, channels={FLOOR: channel})
    for event in events:
        state = evolve(state, event)
    seen.take(published(*events), state, 1_000)
    assert (seen.rate(1_000), seen.words) == (0, None)
    struck = ChannelRewound(channel=FLOOR, t=9, segments=(SegmentId("part"),))
    again = WordsCommitted(channel=FLOOR, segment=LINE, first=1, words=said[1:])
    seen.take(published(struck, again), state, 2_000)
    assert (seen.rate(2_000), seen.words) == (0, None)
