"""Quality figures of a session's text, computed from its log: the latency of words, corrections, languages, gaps.

The latency of a word is the time at which it was written into the log minus the wall time of its end, by the clock
mapping that was valid when it was spoken. So it can be computed years later, and words that waited for an engine to
come back count with their real latency. Only an engine's words are timed: words that are said again (the rest of a line
after a removal, lines that were moved here) show no latency. If somebody sets back the end of a break, the words
between that end and the moment of the act are not timed either, since nobody was to have them before.

Laws: folding a log in parts gives the same as folding it at once; figures can be added up in any order; no word,
latency or correction of struck lines is counted; a removed body changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TypeVar

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.persistent import PersistentMap

MIN_WORDS = 50
"""The least number of words for which figures are given."""
GAP_MS = 10_000
"""How long a speaker's words may be missing before that counts as a gap, in ms."""
JITTER_MS = 200
"""How much before its end, by the clock, a word may be written into the log, in ms: a mapping may be off by this much.
A word that is written even earlier was not heard live, and is not timed."""
MAPPINGS = 64
"""Clock mappings that are kept: about an hour. Overflow: the oldest is dropped, and words from before use the oldest
kept one.
"""
LINES = 10_000
"""Lines of a text that can still change: between this number and twice as many. Overflow: the oldest lines are settled,
and later changes to them are not counted.
"""
PERIOD_MS = 300_000
"""Length of a period in media ms. Each period has figures of its own."""
PERIODS = 144
"""Periods of a text that are kept: twelve hours. Overflow: the earliest is dropped."""
LANGUAGES = 50
"""Languages of a text that are counted separately. Overflow: any further language counts as `und`."""

_FINE_MS, _FINE_UNTIL_MS, _LONGEST_MS = 50, 5_000, 3_600_000


def _edges() -> tuple[int, ...]:
    edges = list(range(_FINE_MS, _FINE_UNTIL_MS + 1, _FINE_MS))
    while edges[-1] < _LONGEST_MS:
        edges.append(min(_LONGEST_MS, edges[-1] * 21 // 20))
    return tuple(edges)


EDGES = _edges()
"""Upper bounds in ms of the classes in which latencies are counted: every 50 ms up to 5 s, then 5 % more each, up to an
hour. The last class also has everything longer. There are fewer than 256 classes, so that one byte holds a class."""


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """Latency of words from the end of each word to the log, ms; rounded up, exact to 50 ms, or to 5 % above 5 s."""

    p50: int
    """Median: half of the words had at most this latency."""
    p95: int
    """95th percentile: 95 of 100 words had at most this latency."""


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines were corrected. A line counts once, however often it was corrected."""

    lines: int
    """Corrected by anybody."""
    by_machine: int
    """Corrected by a second pass of a recogniser, or a tool."""
    by_person: int
    """Corrected by a person."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The quality of a text that was recognised from sound. Lines that people wrote don't count."""

    words: int
    """Words, as the recogniser divides them."""
    lines: int
    """Lines with such words."""
    delay: Delay | None
    """Latency of the words; null when most of them were not heard live."""
    gaps: int
    """Times of more than 10 s in which somebody spoke and no words came, and noted gaps of more than 10 s."""
    corrected: Corrected
    """How many of the lines were corrected."""
    words_a_minute: int
    """Words per minute of the time in which lines were spoken."""
    languages: dict[str, int]
    """Number of words by BCP-47 tag of their line, largest first."""


class QualityFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one or several texts, or of a period, that can be added and subtracted."""

    delays: dict[int, int] = {}
    """Number of words by index of their latency's class in `EDGES`; without zeros."""
    words: int = 0
    lines: int = 0
    spoken_ms: int = 0
    """Total duration of the lines in ms, each from its first word to the end of its last."""
    corrected: int = 0
    by_machine: int = 0
    by_person: int = 0
    gaps: int = 0
    languages: dict[str, int] = {}
    """Number of words by language; without zeros."""

    def __add__(self, other: QualityFigures) -> QualityFigures:
        """Return the sum of both."""
        return self._plus(other, 1)

    def __sub__(self, other: QualityFigures) -> QualityFigures:
        """Return these figures without `other`, which has to be a part of them."""
        return self._plus(other, -1)

    def _plus(self, other: QualityFigures, times: int) -> QualityFigures:
        return QualityFigures(
            delays=_plus(self.delays, other.delays, times),
            words=self.words + times * other.words,
            lines=self.lines + times * other.lines,
            spoken_ms=self.spoken_ms + times * other.spoken_ms,
            corrected=self.corrected + times * other.corrected,
            by_machine=self.by_machine + times * other.by_machine,
            by_person=self.by_person + times * other.by_person,
            gaps=self.gaps + times * other.gaps,
            languages=_plus(self.languages, other.languages, times),
        )

    def quality(self) -> Quality | None:
        """The figures in the form that is shown; None while there are too few words."""
        if self.words < MIN_WORDS:
            return None
        timed = sum(self.delays.values())
        delay = Delay(p50=self._within(timed, 50), p95=self._within(timed, 95)) if 2 * timed >= self.words else None
        return Quality(
            words=self.words,
            lines=self.lines,
            delay=delay,
            gaps=self.gaps,
            corrected=Corrected(lines=self.corrected, by_machine=self.by_machine, by_person=self.by_person),
            words_a_minute=round(self.words * 60_000 / max(1, self.spoken_ms)),
            languages=dict(sorted(self.languages.items(), key=lambda item: (-item[1], item[0]))),
        )

    def _within(self, timed: int, percent: int) -> int:
        """The latency in ms that `percent` of the words do not exceed: the upper bound of the class of the nearest
        rank.
        """
        classes = sorted(self.delays)
        reached = accumulate(self.delays[at] for at in classes)
        rank = -(-timed * percent // 100)
        return EDGES[next(at for at, n in zip(classes, reached, strict=True) if n >= rank)]


_K = TypeVar("_K", int, str)


def _plus(mine: dict[_K, int], theirs: dict[_K, int], times: int) -> dict[_K, int]:
    """The sums by key, `theirs` multiplied by `times`; without zeros."""
    sums = dict(mine)
    for key, n in theirs.items():
        sums[key] = sums.get(key, 0) + times * n
        if not sums[key]:
            del sums[key]
    return sums


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A recognised line, and what it adds to the figures."""

    language: str
    words: int = 0
    t0: int = 0
    t1: int = 0
    """Media ms of the first word's beginning and of the last word's end."""
    delays: bytes = b""
    """The latency class of each timed word, one byte a word."""
    by_machine: bool = False
    by_person: bool = False
    gone: bool = False
    whole: bool = False
    """Whether it is the second part of a line, whose words are counted already."""
    cut: bool = False
    """Whether the next correction only says which text a split, or its undoing, leaves of it."""

    def figures(self) -> QualityFigures:
        """The figures of this line; zero when it has no recognised words or was struck."""
        if self.gone or not self.words:
            return _NOTHING
        return QualityFigures(
            delays=dict(Counter(self.delays)),
            words=self.words,
            lines=1,
            spoken_ms=max(0, self.t1 - self.t0),
            corrected=self.by_machine or self.by_person,
            by_machine=self.by_machine,
            by_person=self.by_person,
            languages={self.language: self.words},
        )


_NOTHING = QualityFigures()
_NO_LINES: PersistentMap[SegmentId, _Line] = PersistentMap()


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one channel, and the lines that can still change."""

    figures: QualityFigures = _NOTHING
    periods: dict[int, QualityFigures] = {}
    """The same figures by number of the period, from 0; a line belongs to the period of its first word."""
    newer: PersistentMap[SegmentId, _Line] = _NO_LINES
    older: PersistentMap[SegmentId, _Line] = _NO_LINES
    came: int | None = None
    """Unix ms of the last words."""
    gap: tuple[int, int] = (0, 0)
    """The newest noted gap, joined with adjacent earlier ones, in media ms."""

    def opened(self, event: le.SegmentOpened) -> _Text:
        if self.line(event.segment) is not None:
            return self  # The second part of a line.
        newer, older = self.newer, self.older
        if len(newer) >= LINES:
            newer, older = _NO_LINES, newer
        line = _Line(language=event.language)
        return msgspec.structs.replace(self, newer=newer.set(event.segment, line), older=older)

    def committed(self, event: le.WordsCommitted, timed: _Timed | None, *, joined: bool) -> _Text:
        """Return the text with words. `joined`: they are said again, since the split of their line was undone."""
        text, replace = self, msgspec.structs.replace
        if timed is not None:
            waited = timed.at - max(timed.began, timed.began if self.came is None else self.came)
            text = replace(self.with_gaps(waited > GAP_MS, event.words[0].t0), came=timed.at)
        line = text.line(event.segment)
        if line is None or not event.words or (line.whole and not joined):
            return text
        return text.changed(
            event.segment,
            line,
            language=line.language if line.words else text.counted_as(line.language),
            words=line.words + len(event.words),
            t0=line.t0 if line.words else event.words[0].t0,
            t1=max(line.t1, event.words[-1].t1),
            delays=line.delays + (b"" if timed is None else timed.delays),
            cut=line.cut or joined,
        )

    def corrected(self, event: le.SegmentCorrected, *, by_machine: bool) -> _Text:
        line = self.line(event.segment)
        if line is None:
            return self
        if line.cut:
            return self.changed(event.segment, line, cut=False, by_person=line.by_person or not by_machine)
        fields = {"by_machine": True} if by_machine else {"by_person": not event.unmended}
        return self.changed(event.segment, line, **fields)

    def split(self, event: le.SegmentSplit) -> _Text:
        """Return the text with two lines in place of one. Both together have its words and their latencies."""
        line, n = self.line(event.segment), event.word
        if line is None or event.into is None or not 0 < n < line.words:
            return self
        first = {"words": n, "t1": event.t1, "delays": line.delays[:n], "cut": True}
        second = _Line(
            language=line.language,
            words=line.words - n,
            t0=event.t1,
            t1=line.t1,
            delays=line.delays[n:],
            gone=line.gone,
            whole=True,
        )
        text = self.changed(event.segment, line, **first)
        text = msgspec.structs.replace(text, newer=text.newer.set(event.into, second))
        return text.with_figures(second.figures(), second.t0)

    def struck(self, segments: tuple[SegmentId, ...]) -> _Text:
        text = self
        for segment in segments:
            line = text.line(segment)
            if line is not None:
                text = text.changed(segment, line, gone=True)
        return text

    def noted(self, event: ev.GapNoted) -> _Text:
        joined = self.gap[0] < self.gap[1] and self.gap[0] <= event.t0 <= self.gap[1]
        gap = (self.gap[0], max(self.gap[1], event.t1)) if joined else (event.t0, event.t1)
        known = joined and self.gap[1] - self.gap[0] > GAP_MS
        text = self.with_gaps(not known and gap[1] - gap[0] > GAP_MS, gap[0])
        return msgspec.structs.replace(text, gap=gap)

    def line(self, segment: SegmentId) -> _Line | None:
        return self.newer.get(segment) or self.older.get(segment)

    def counted_as(self, language: str) -> str:
        known = self.figures.languages
        return language if language in known or len(known) < LANGUAGES else "und"

    def changed(self, segment: SegmentId, old: _Line, **fields: object) -> _Text:
        line = msgspec.structs.replace(old, **fields)
        text = self.with_figures(line.figures(), line.t0, old.figures(), old.t0)
        if segment in self.newer:
            return msgspec.structs.replace(text, newer=self.newer.set(segment, line))
        return msgspec.structs.replace(text, older=self.older.set(segment, line))

    def with_gaps(self, gaps: int, t: int) -> _Text:
        return self.with_figures(QualityFigures(gaps=gaps), t) if gaps else self

    def with_figures(self, added: QualityFigures, t: int, taken: QualityFigures = _NOTHING, since: int = 0) -> _Text:
        """Return the text with the figures `added`, at media ms `t`, and without `taken`, at media ms `since`."""
        at, of, periods = t // PERIOD_MS, since // PERIOD_MS, dict(self.periods)
        if taken != _NOTHING and of in periods:  # A period that was dropped is not changed.
            periods[of] = periods[of] - taken
        if added != _NOTHING:
            periods[at] = periods.get(at, _NOTHING) + added
        # Empty periods are kept: a dropped one could come back with a part of its figures otherwise.
        if len(periods) > PERIODS:
            del periods[min(periods)]
        return msgspec.structs.replace(self, figures=self.figures - taken + added, periods=periods)


class _Timed(msgspec.Struct, frozen=True):
    """When the words of one commit were written into the log, and their latencies."""

    at: int
    """Unix ms when they were written."""
    began: int
    """Unix ms when the first of these words began to be spoken, or when the end of a break was declared if later."""
    delays: bytes
    """The latency class of each word that was heard live, one byte a word."""


class QualityView(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of a session's log, or of some of its lanes. It is immutable."""

    mappings: tuple[tuple[int, int], ...] = ()
    """(media ms, Unix ms) of each mapping, oldest first."""
    texts: dict[ChannelId, _Text] = {}
    """The text of each channel that has one."""
    set_back: tuple[int, int] = (0, 0)
    """The newest break whose end was set back: since when everything is kept again, and when that was declared, media
    ms.
    """

    def apply(self, at: int, role: Role, event: ev.AnyEvent | UnknownEvent | None) -> QualityView:
        """Return the view after an event that was written at Unix ms `at`; None is an event whose body was removed."""
        match event:
            case ev.SessionOpened():
                return self._mapped(0, event.wall)
            case ev.ClockMapped():
                return self._mapped(event.t, event.wall)
            case ev.SessionResumed(t1=int(t1)) if t1 < event.t:
                return msgspec.structs.replace(self, set_back=(t1, event.t))
            case le.SegmentOpened(made_from=msgspec.UNSET):  # Of a translation no words are recognised.
                return self._with(event.channel, self._text(event.channel).opened(event))
            case le.WordsCommitted():
                text = self._text(event.channel)
                known = text.line(event.segment)
                heard = role is Role.ENGINE and (known is None or not known.whole)
                timed, joined = self._timed(at, event) if heard else None, role is not Role.ENGINE and event.first > 0
                return self._with(event.channel, text.committed(event, timed, joined=joined))
            case le.SegmentSplit():
                return self._with(event.channel, self._text(event.channel).split(event))
            case le.SegmentCorrected():
                by_machine = event.machine or role is Role.ENGINE
                return self._with(event.channel, self._text(event.channel).corrected(event, by_machine=by_machine))
            case le.ChannelRewound() | le.SegmentsMovedAway():
                return self._with(event.channel, self._text(event.channel).struck(event.segments))
            case ev.GapNoted():
                return self._with(event.channel, self._text(event.channel).noted(event))
            case _:
                return self

    def quality(self, channel: ChannelId | None = None) -> Quality | None:
        """The quality of one channel's text, or of all texts together; None while there are too few words."""
        if channel is not None:
            return self._text(channel).figures.quality()
        return sum((text.figures for text in self.texts.values()), start=_NOTHING).quality()

    def periods(self) -> tuple[tuple[int, QualityFigures], ...]:
        """Beginning (Unix ms) and figures, for all texts together, of each period with any figures; earliest first.

        It is empty before the session was opened.
        """
        sums: dict[int, QualityFigures] = {}
        for text in self.texts.values():
            for at, figures in text.periods.items():
                sums[at] = sums.get(at, _NOTHING) + figures
        kept = [at for at in sorted(sums) if self.mappings and sums[at] != _NOTHING]
        return tuple((self._wall(at * PERIOD_MS), sums[at]) for at in kept[-PERIODS:])

    def _text(self, channel: ChannelId) -> _Text:
        return self.texts.get(channel) or _Text()

    def _with(self, channel: ChannelId, text: _Text) -> QualityView:
        return msgspec.structs.replace(self, texts={**self.texts, channel: text})

    def _mapped(self, t: int, wall: int) -> QualityView:
        return msgspec.structs.replace(self, mappings=(*self.mappings, (t, wall))[-MAPPINGS:])

    def _timed(self, at: int, event: le.WordsCommitted) -> _Timed | None:
        if not (self.mappings and event.words):
            return None
        since, until = self.set_back
        late = [at - self._wall(word.t1) for word in event.words if not since <= word.t0 < until]
        last = len(EDGES) - 1
        classes = bytes(min(last, bisect_left(EDGES, delay)) for delay in late if delay >= -JITTER_MS)
        began = event.words[0].t0
        return _Timed(at, self._wall(until if since <= began < until else began), classes)

    def _wall(self, t: int) -> int:
        """Unix ms of media ms `t`, by the newest mapping at or before it, or else by the oldest mapping."""
        mapped, wall = next((each for each in reversed(self.mappings) if each[0] <= t), self.mappings[0])
        return wall + t - mapped
