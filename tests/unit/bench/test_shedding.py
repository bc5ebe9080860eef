from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events.lines import Word, WordsCommitted
from moothall.core.events.types import GapNoted, GapReason
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.signals import AnySignal, ChannelState, Partial, Sound
from moothall.services.log.publication import Publication
from shedding import Class, Shedding, disorder

FLOOR = ChannelId("floor")
ONE, TWO = SessionId("one"), SessionId("two")
NO_RECORD: LogRecord = None  # type: ignore[assignment]  # nobody looks at it
COMMIT = WordsCommitted(
    channel=FLOOR, segment=SegmentId("a"), first=0, words=tuple(Word(text="x", t0=0, t1=1) for _ in range(3))
)


def late(ms: int) -> Publication:
    return shown(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=ms, t=0))


def shown(*signals: AnySignal) -> Publication:
    return Publication(session=ONE, signals=signals)


def partial(text: str) -> Partial:
    return Partial(channel=FLOOR, segment=SegmentId("a"), first=0, text=text, language="en")


def test_what_comes_is_counted_by_how_late_the_text_was_announced_to_be() -> None:
    shed = Shedding()
    shed.seen(ONE, late(500), 1_000)
    shed.seen(ONE, shown(partial("w"), partial("")), 2_000)
    shed.seen(ONE, late(5_000), 3_000)
    shed.seen(TWO, late(20_000), 3_000)
    shed.seen(ONE, Publication(session=ONE, records=(NO_RECORD,), events=(COMMIT,)), 33_000)
    assert shed.classes == [Class(2_000, 1, 0, 0), Class(), Class(), Class(30_000, 0, 1, 3), Class(), Class()]
    assert shed.lag == {ONE: 5_000, TWO: 20_000}
    assert shed.table().splitlines()[2:] == [
        "| below 1 s      |     0.0 |             30 |             0 |              - |           0 |",
        "| 4-8 s          |     0.5 |              0 |             2 |            3.0 |           6 |",
    ]


def test_gaps_are_counted() -> None:
    shed = Shedding()
    gap = GapNoted(channel=FLOOR, t0=0, t1=1, reason=GapReason.OVERLOAD)
    shed.seen(ONE, Publication(session=ONE, records=(NO_RECORD,), events=(gap,)), 0)
    assert shed.gaps == {ONE: 1}


def test_orderly_is_when_nothing_is_lost_and_nothing_comes_later_than_announced() -> None:
    alone = {"never_shown": 1, "ref_words": 100}
    good = {"never_shown": 2, "ref_words": 100, "announced": 4.0, "_commit": [1.0, 6.5]}
    assert disorder([("s0", good), ("s1", good)], alone, 0) == []
    bad = {**good, "never_shown": 5, "announced": 3.0}
    assert disorder([("s0", good), ("s1", bad)], None, 0) == [
        "In s1 a word was 6.5 s late, and 3.0 s were announced at most."
    ]
    # As late as it is by itself: a line that the engine put right.
    assert disorder([("s0", {**good, "announced": 0.5})], {**alone, "_commit": [6.2]}, 0) == []
    assert disorder([("s0", {**good, "never_shown": 4})], alone, 2) == [
        "2 gaps were noted: sound was lost.",
        "3 of 100 words were never shown that one session alone shows.",
    ]
