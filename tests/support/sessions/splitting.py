"""The events that split a line, as `core.rules.corrections` makes them."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId

FLOOR = ChannelId("floor")


def split(
    segment: str,
    into: str,
    kept: Sequence[le.Word],
    rest: Sequence[le.Word],
    *,
    revision: int = 0,
    reason: le.EndReason = le.EndReason.SENTENCE,
) -> list[ev.AnyEvent]:
    """A line of the words `kept` and `rest`, which nobody has corrected, is split between both."""
    name, second = SegmentId(segment), SegmentId(into)
    texts = ["".join(word.text for word in words) for words in (kept, rest)]
    return [
        le.SegmentSplit(channel=FLOOR, segment=name, revision=revision, word=len(kept), into=second, t1=kept[-1].t1),
        le.SegmentCorrected(
            channel=FLOOR,
            segment=name,
            base_revision=revision,
            base_words=0,
            text="",
            tail=texts[0],
            machine=True,
        ),
        le.SegmentOpened(
            channel=FLOOR,
            segment=second,
            t0=rest[0].t0,
            language="en",
            origin=le.Origin.MACHINE,
            part_of=name,
        ),
        le.WordsCommitted(channel=FLOOR, segment=second, first=0, words=tuple(rest)),
        le.SegmentEnded(channel=FLOOR, segment=second, t1=rest[-1].t1, reason=reason, text=texts[1]),
    ]


def timed(t0: int, *texts: str) -> tuple[le.Word, ...]:
    """Words of 90 ms, each with a space before it."""
    return tuple(le.Word(f" {text}", t0 + 100 * n, t0 + 100 * n + 90) for n, text in enumerate(texts))
