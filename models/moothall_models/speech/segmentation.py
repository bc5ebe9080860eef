"""Divides committed words into segments of about a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment, SegmentStart, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import GapReason
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import Partial
from moothall.wire.engine import Attach
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.text import ends_clause, ends_sentence
from moothall_models.speech.turns.lines import LineSplit, LineTurns

SegmentOutput = CommitWords | EndSegment | SplitSegment | Partial


class Segmenter:
    """Makes commands from committed words and tracks the open segment. Times in its commands never decrease."""

    def __init__(self, attach: Attach, settings: SpeechSettings, turns: LineTurns | None = None) -> None:
        """`turns` says where another voice begins; by default nowhere."""
        self._turns = LineTurns(settings.voices) if turns is None else turns
        self._channel = attach.channel
        self._generation = attach.generation
        self._settings = settings
        self._last = attach.committed_through
        self._number = 1
        self._count = 0
        self._t0 = 0
        self._language = ""
        self.open = False
        """Whether a segment is open."""
        self._segment = self._name()
        if attach.open_segment is not None:
            self.open = True
            self._segment = attach.open_segment.segment
            self._count = len(attach.open_segment.words)
            self._t0 = attach.open_segment.t0
            self._language = attach.open_segment.language
            self._turns.committed(attach.open_segment.words)

    @property
    def through(self) -> int:
        """Media ms where the last committed word, or a gap noted after it, ends."""
        return self._last

    @property
    def written(self) -> tuple[SegmentId | None, int]:
        """The open segment and how many words it has; (None, 0) when no segment is open."""
        return (self._segment, self._count) if self.open else (None, 0)

    def commit(self, words: Sequence[Word], language: str, rest: str) -> list[SegmentOutput]:
        """Commit one or more words; segments begin and end as their sentences and lengths require.

        `rest` is the unconfirmed text after the words. It and the words' texts have their leading spaces.
        """
        out: list[SegmentOutput] = []
        if self.open and language != self._language:
            out += self.end(EndReason.LANGUAGE)
        taken: list[Word] = []
        for number, word in enumerate(words, 1):
            if self._turns.breaks_before(word, taken):
                out += [*([self._words(taken, language, "")] if taken else ()), *self.end(EndReason.SPEAKER)]
                taken = []
            taken.append(word)
            reason = self._break_after(word, (taken[0].t0 if not self.open else self._t0))
            if reason is not None:
                out += [self._words(taken, language, ""), *self.end(reason)]
                taken = []
                if number == len(words) and rest:
                    out.append(self.partial(rest, language))
        if taken:
            out.append(self._words(taken, language, rest))
        return out + [self.split(line) for line in self._turns.followed()]

    def end(self, reason: EndReason) -> list[SegmentOutput]:
        """End the open segment, if there is one."""
        if not self.open:
            return []
        ended = EndSegment(
            channel=self._channel, generation=self._generation, segment=self._segment, t1=self._last, reason=reason
        )
        if self._segment == self._name():
            self._number += 1
        splits = self._turns.ended(self._segment, apart=reason is EndReason.SPEAKER)
        self.open = False
        self._count = 0
        self._segment = self._name()
        return [ended, *(self.split(split) for split in splits)]

    def split(self, at: LineSplit) -> SplitSegment:
        """The command that splits an ended line where another voice begins, or says that one begins after it."""
        return SplitSegment(
            channel=self._channel,
            generation=self._generation,
            segment=at.segment,
            revision=0,
            word=at.word,
            into=at.into,
        )

    def revised(self, segment: SegmentId, words: Sequence[Word], text: str) -> ReviseSegment:
        """The command that gives a line that has ended with `words` a better text."""
        return ReviseSegment(
            channel=self._channel,
            generation=self._generation,
            segment=segment,
            base_words=len(words),
            text=text,
        )

    def skip(self, t0: int, t1: int) -> list[SegmentOutput | NoteGap]:
        """End the open segment, and note a gap from media ms `t0` to `t1`, whose speech no pass could recognise."""
        out: list[SegmentOutput | NoteGap] = [*self.end(EndReason.PAUSE)]
        t0 = max(t0, self._last)
        if t0 < t1:
            self._last = t1
            out.append(NoteGap(channel=self._channel, t0=t0, t1=t1, reason=GapReason.UNHEARD))
        return out

    def partial(self, rest: str, language: str) -> Partial:
        """The signal that shows `rest` after the committed words; an empty `rest` removes the partial."""
        goes_on = self.open and language == self._language
        return Partial(
            channel=self._channel,
            segment=self._segment if goes_on or not self.open else self._next_name(),
            first=self._count if goes_on else 0,
            text=rest if goes_on else rest.lstrip(),
            language=language,
        )

    def _words(self, words: Sequence[Word], language: str, rest: str) -> CommitWords:
        timed = self._in_time(words)
        start = None
        if not self.open:
            first = timed[0]
            timed[0] = Word(text=first.text.lstrip(), t0=first.t0, t1=first.t1, p=first.p)
            start = SegmentStart(t0=first.t0, language=language)
            self._t0, self._language, self.open = first.t0, language, True
        command = CommitWords(
            channel=self._channel,
            generation=self._generation,
            segment=self._segment,
            first=self._count,
            words=tuple(timed),
            start=start,
            rest=rest,
        )
        self._count += len(timed)
        self._turns.committed(timed)
        return command

    def _in_time(self, words: Sequence[Word]) -> list[Word]:
        """The words with times adjusted so that none begins before the previous word ends."""
        timed: list[Word] = []
        for word in words:
            t0 = max(word.t0, self._last)
            self._last = max(t0, word.t1)
            timed.append(Word(text=word.text, t0=t0, t1=self._last, p=word.p))
        return timed

    def _break_after(self, word: Word, t0: int) -> EndReason | None:
        if ends_sentence(word.text):
            return EndReason.SPEAKER if self._turns.ends_turn(word) else EndReason.SENTENCE
        length = word.t1 - t0
        if length >= self._settings.longest_segment:
            return EndReason.LENGTH
        if length >= self._settings.clause_break and ends_clause(word.text):
            return EndReason.LENGTH
        return None

    def _name(self) -> SegmentId:
        return SegmentId(f"{self._channel}-{self._generation}-{self._number}")

    def _next_name(self) -> SegmentId:
        """The id that the segment after the open one will get."""
        number = self._number + (self._segment == self._name())
        return SegmentId(f"{self._channel}-{self._generation}-{number}")
