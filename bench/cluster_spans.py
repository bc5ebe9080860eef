"""Spans that are not recorded, as the person knows them who says so: when each was asked for, begun, ending and over.

Pure. Between *asked* and *begun*, and between *ending* and *over*, nobody outside the house knows on which side a word
falls; `SLACK_S` is added for what media time may be off by over a take-over.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from cluster_history import Wrong
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event

SLACK_S = 2.5
"""By how much, in s, media time may differ from a watch over a take-over, the house's own 2 s of skew included."""
REFUSED_S = 10.0
"""How long after a span a refusal may still arrive that was decided in it, in s."""


class Span(msgspec.Struct, kw_only=True):
    """One span; all times are seconds of one monotonic clock."""

    asked: float
    back_s: float = 0.0
    """By how much the beginning was set back, in s."""
    begun: float | None = None
    """When the house had acknowledged the beginning; None before that. The same holds for the others."""
    ending: float | None = None
    over: float | None = None


class Spans:
    """All spans of one session, in order."""

    def __init__(self) -> None:
        self.all: list[Span] = []

    @property
    def take_lines(self) -> bool:
        """Whether a span may have taken lines that were acknowledged: those of the time by which its beginning was set
        back, and of the very moment at which it began, since acts that are stored together have one time.
        """
        return bool(self.all)

    @property
    def on(self) -> bool:
        """Whether the newest span may be on: it was asked for, and nobody has acknowledged its end."""
        return bool(self.all) and self.all[-1].over is None

    def may_refuse(self, at: float) -> bool:
        """Whether an answer at `at` may be the refusal of a line that somebody typed in a span."""
        return any(span.asked <= at and (span.over is None or at <= span.over + REFUSED_S) for span in self.all)

    def surely(self, since: float, until: float) -> bool:
        """Whether all of the time from `since` to `until` certainly lies in one span."""
        before = 0.0
        for span in self.all:
            # The beginning is set back to the end of the span before at most.
            if span.begun is not None:
                low = max(before, span.begun - span.back_s) + SLACK_S
                high = until if span.ending is None else span.ending - SLACK_S
                if low <= since and until <= high:
                    return True
            before = span.over or 0.0
        return False

    def perhaps(self, since: float, until: float) -> bool:
        """Whether any of the time from `since` to `until` may lie in a span."""
        return any(
            span.asked - span.back_s - SLACK_S <= until and (span.over is None or since <= span.over + SLACK_S)
            for span in self.all
        )


SECRET = re.compile(rb"x[0-9a-f]{15}")
"""The form of all words that are searched for in files."""


def secret(chance: random.Random) -> str:
    """Return a word that stands nowhere by chance."""
    return f"x{chance.getrandbits(60):015x}"


def own_word(text: str) -> bytes:
    """Return the last word of a line, which no other line has."""
    return text.rpartition(" ")[2].strip(".?").encode()


def without_words(lines: Mapping[str, Mapping[int, str]], records: Sequence[LogRecord]) -> list[bytes]:
    """Return the words of the lines that the log has without their text, since somebody removed them or their time is
    not recorded: no file may have them. `lines`: texts by author and number; a line's act is `AUTHOR:type:NUMBER`.
    """
    found = list[bytes]()
    for record in records:
        author, kind, figure = (*str(record.header.cause).split(":"), "", "")[:3]
        if kind != "type" or record.header.type != le.SegmentEnded.__struct_config__.tag or record.body is not None:
            continue
        text = lines.get(author, {}).get(int(figure))
        if text is not None:
            found.append(own_word(text))
    return found


def spans_against(
    gone: Mapping[str, Iterable[int]], refused: Mapping[str, Mapping[int, str]], records: Sequence[LogRecord]
) -> Wrong:
    """Check that lines of which the house said that it has no words have none, and that refused lines aren't there.

    `gone`, `refused`: numbers and texts of lines by author.
    """
    wrong = Wrong()
    words = {own_word(text) for texts in refused.values() for text in texts.values()}
    for record in records:
        author, kind, figure = (*str(record.header.cause).split(":"), "", "")[:3]
        if record.body is None or kind != "type":
            continue
        event = decode_event(record.body)
        if isinstance(event, le.SegmentEnded):
            if int(figure) in gone.get(author, ()):
                wrong.say("other", f"line {figure} of {author} is there, and its removal was refused")
            if own_word(event.text) in words:
                wrong.say("other", f"line {figure} of {author} is there, and was refused")
    return wrong
