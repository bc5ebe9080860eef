"""How good a session's text is, told by its log: how late its words came, what was corrected, what was spoken.

The delay of a word is the time at which it was written into the log, less the wall time of its end by the mapping of
the clock that held when it was spoken. So it can be told years later, and words that waited for an engine to come back
count as late as they were. Words that are said again (what a removal left of a line, lines that were moved here) tell
nothing of that: only an engine's words are timed. Words that were said before somebody ended a break, and after
the time to which its end was set back, are not timed either: until then nobody was to have them.

Laws: a log folded in parts gives what it gives folded at once; figures are added up in any order; of struck lines no
word, delay or correction is left; a body that is gone changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TypeVar

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.persistent import PersistentMap

MIN_WORDS = 50
"""Fewer words say nothing."""
GAP_MS = 10_000
"""How long a reader waits for the words of somebody who speaks before it is called a gap."""
JITTER_MS = 200
"""By how much a word may be written before it ended, by the clock: so far a mapping may be off. What is written
earlier than that was not heard live, and is not timed."""
MAPPINGS = 64
"""Mappings of the clock that are kept: about an hour. Overflow: words from before go by the oldest that is kept."""
LINES = 10_000
"""Overflow: beyond twice as many lines the oldest are settled; what becomes of them later is not counted."""
PERIOD_MS = 300_000
"""Media ms of a period, in which the figures of a stretch of a session are told by themselves."""
PERIODS = 144
"""Periods of a text that are kept: twelve hours. Overflow: the earliest one goes."""
LANGUAGES = 50
"""Languages of a text that are told apart. Overflow: those that come later count as `und`."""

_FINE_MS, _FINE_UNTIL_MS, _LONGEST_MS = 50, 5_000, 3_600_000


def _edges() -> tuple[int, ...]:
    edges = list(range(_FINE_MS, _FINE_UNTIL_MS + 1, _FINE_MS))
    while edges[-1] < _LONGEST_MS:
        edges.append(min(_LONGEST_MS, edges[-1] * 21 // 20))
    return tuple(edges)


EDGES = _edges()
"""Upper ends of the classes that delays are counted in, ms: every 50 ms up to 5 s, then each 5 % above the one before,
up to an hour. The last class has all that is longer. There are fewer than 256, so that a byte names one."""


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """How long after they were spoken words stood in the log, ms; exact to 50 ms, above 5 s to 5 %, rounded up."""

    p50: int
    """Half of the words came at most so late."""
    p95: int
    """Of a hundred words 95 came at most so late."""


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines were corrected, each counted once, however often it was."""

    lines: int
    """By anybody."""
    by_machine: int
    """By a recogniser that listened once more."""
    by_person: int
    """By a person."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How good a text that was recognised from sound is. Lines that were written by hand don't count."""

    words: int
    """Words as the recogniser divides them."""
    lines: int
    """Lines with such words."""
    delay: Delay | None
    """How late words came; null where most were not heard live."""
    gaps: int
    """Times over 10 s in which no words came though somebody spoke, and spans over 10 s that were noted as without
    text."""
    corrected: Corrected
    """How many of the lines were corrected."""
    words_a_minute: int
    """Words a minute of the time in which lines were spoken."""
    languages: dict[str, int]
    """Words by BCP-47 tag of their line, most first."""


class QualityFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What can be added up, of one text or of several."""

    delays: dict[int, int] = {}
    """How many words fell into a class of EDGES; none of them 0."""
    words: int = 0
    lines: int = 0
    spoken_ms: int = 0
    """How long the lines took to be said, from the first word of each to the end of its last."""
    corrected: int = 0
    by_machine: int = 0
    by_person: int = 0
    gaps: int = 0
    languages: dict[str, int] = {}
    """Words by language; none of them 0."""

    def __add__(self, other: QualityFigures) -> QualityFigures:
        """The figures of both."""
        return self._plus(other, 1)

    def __sub__(self, other: QualityFigures) -> QualityFigures:
        """What is left without `other`, which has to be part of it."""
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
        """What is shown; None while there are too few words to say anything."""
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
        """Ms within which `percent` of the words came: the upper end of the class of the nearest rank."""
        classes = sorted(self.delays)
        reached = accumulate(self.delays[at] for at in classes)
        rank = -(-timed * percent // 100)
        return EDGES[next(at for at, n in zip(classes, reached, strict=True) if n >= rank)]


_K = TypeVar("_K", int, str)


def _plus(mine: dict[_K, int], theirs: dict[_K, int], times: int) -> dict[_K, int]:
    """The sums; sums of 0 are left out."""
    sums = dict(mine)
    for key, n in theirs.items():
        sums[key] = sums.get(key, 0) + times * n
        if not sums[key]:
            del sums[key]
    return sums


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was recognised, and what it adds to the figures."""

    language: str
    words: int = 0
    t0: int = 0
    t1: int = 0
    """Media ms of its first word's start and its last one's end."""
    delays: bytes = b""
    """Class of each timed word."""
    by_machine: bool = False
    by_person: bool = False
    gone: bool = False

    def figures(self) -> QualityFigures:
        """Nothing, of a line that was written by hand or struck."""
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
    """One channel's."""

    figures: QualityFigures = _NOTHING
    periods: dict[int, QualityFigures] = {}
    """The same by period, which is that of a line's first word; by its number from the beginning on."""
    newer: PersistentMap[SegmentId, _Line] = _NO_LINES
    older: PersistentMap[SegmentId, _Line] = _NO_LINES
    came: int | None = None
    """When words came last, Unix ms."""
    gap: tuple[int, int] = (0, 0)
    """The newest span that was noted as without text, with those that it joins, media ms."""

    def opened(self, event: ev.SegmentOpened) -> _Text:
        newer, older = self.newer, self.older
        if len(newer) >= LINES:
            newer, older = _NO_LINES, newer
        line = _Line(language=event.language)
        return msgspec.structs.replace(self, newer=newer.set(event.segment, line), older=older)

    def committed(self, event: ev.WordsCommitted, timed: _Timed | None) -> _Text:
        text, replace = self, msgspec.structs.replace
        if timed is not None:
            waited = timed.at - max(timed.began, timed.began if self.came is None else self.came)
            text = replace(self.with_gaps(waited > GAP_MS, event.words[0].t0), came=timed.at)
        line = text.line(event.segment)
        if line is None or not event.words:
            return text
        return text.changed(
            event.segment,
            line,
            language=line.language if line.words else text.counted_as(line.language),
            words=line.words + len(event.words),
            t0=line.t0 if line.words else event.words[0].t0,
            t1=max(line.t1, event.words[-1].t1),
            delays=line.delays + (b"" if timed is None else timed.delays),
        )

    def corrected(self, event: ev.SegmentCorrected, *, by_machine: bool) -> _Text:
        line = self.line(event.segment)
        if line is None:
            return self
        fields = {"by_machine": True} if by_machine else {"by_person": True}
        return self.changed(event.segment, line, **fields)

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
        """With what is `added`, of media ms `t`, in place of what is `taken`, of media ms `since`."""
        at, of, periods = t // PERIOD_MS, since // PERIOD_MS, dict(self.periods)
        if taken != _NOTHING and of in periods:  # Of a period that is gone nothing is taken.
            periods[of] = periods[of] - taken
        if added != _NOTHING:
            periods[at] = periods.get(at, _NOTHING) + added
        if len(periods) > PERIODS:  # Empty ones stay: else one that went could come back with a part of what it had.
            del periods[min(periods)]
        return msgspec.structs.replace(self, figures=self.figures - taken + added, periods=periods)


class _Timed(msgspec.Struct, frozen=True):
    """When words came, and how late."""

    at: int
    """Unix ms."""
    began: int
    """When the first of them began to be spoken, or a break was ended since, Unix ms."""
    delays: bytes
    """Class of each that was heard live."""


class QualityView(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of a session's log, or of some lanes of it. Each event gives a new view."""

    mappings: tuple[tuple[int, int], ...] = ()
    """(media ms, Unix ms), oldest first."""
    texts: dict[ChannelId, _Text] = {}
    """By channel; as many as the session has."""
    set_back: tuple[int, int] = (0, 0)
    """The newest break that was set back: since when all is kept again, and when somebody said so, media ms."""

    def apply(self, at: int, role: Role, event: ev.AnyEvent | UnknownEvent | None) -> QualityView:
        """The view after an event that was written at Unix ms `at`; None stands for one whose body was removed."""
        match event:
            case ev.SessionOpened():
                return self._mapped(0, event.wall)
            case ev.ClockMapped():
                return self._mapped(event.t, event.wall)
            case ev.SessionResumed(t1=int(t1)) if t1 < event.t:
                return msgspec.structs.replace(self, set_back=(t1, event.t))
            case ev.SegmentOpened():
                return self._with(event.channel, self._text(event.channel).opened(event))
            case ev.WordsCommitted():
                timed = self._timed(at, event) if role is Role.ENGINE else None
                return self._with(event.channel, self._text(event.channel).committed(event, timed))
            case ev.SegmentCorrected():
                by_machine = event.machine or role is Role.ENGINE
                return self._with(event.channel, self._text(event.channel).corrected(event, by_machine=by_machine))
            case ev.ChannelRewound() | ev.SegmentsMovedAway():
                return self._with(event.channel, self._text(event.channel).struck(event.segments))
            case ev.GapNoted():
                return self._with(event.channel, self._text(event.channel).noted(event))
            case _:
                return self

    def quality(self, channel: ChannelId | None = None) -> Quality | None:
        """Of one channel's text, or of all; None while there are too few words to say anything."""
        if channel is not None:
            return self._text(channel).figures.quality()
        return sum((text.figures for text in self.texts.values()), start=_NOTHING).quality()

    def periods(self) -> tuple[tuple[int, QualityFigures], ...]:
        """When each period began in which anything was, Unix ms, with its figures of all texts; the earliest first.

        Before the session was opened there is none.
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

    def _timed(self, at: int, event: ev.WordsCommitted) -> _Timed | None:
        if not (self.mappings and event.words):
            return None
        since, until = self.set_back
        late = [at - self._wall(word.t1) for word in event.words if not since <= word.t0 < until]
        last = len(EDGES) - 1
        classes = bytes(min(last, bisect_left(EDGES, delay)) for delay in late if delay >= -JITTER_MS)
        began = event.words[0].t0
        return _Timed(at, self._wall(until if since <= began < until else began), classes)

    def _wall(self, t: int) -> int:
        """Unix ms of media ms `t`, by the newest mapping that was not made later than that."""
        mapped, wall = next((each for each in reversed(self.mappings) if each[0] <= t), self.mappings[0])
        return wall + t - mapped
