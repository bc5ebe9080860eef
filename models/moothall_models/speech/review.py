"""Better passes over lines that have ended: with their neighbours, and by themselves.

Words are committed as soon as they are likely to stay, and some are committed too early: at the end of a window, or
after a cut. When somebody pauses, all sound of the lines before is available, and nothing else has to be recognised. So
the last lines are recognised once more as a whole, in one window.

Where that pass hears other words than those that are committed, neither is always right, and how sure it is of its own
words says little. So the window of the line by itself judges them: words are replaced or removed where its sound makes
the text more probable so, and clearly so where no text is probable; or, where the recogniser can't tell that, where it
hears the same. That window is another view of the line's sound, if the recogniser has one; what it proposes besides is
judged by a third one, in the usual view. No window judges what it proposed itself. Live passes stop early, or skip what
was said fast; so where no word is committed, words of the first pass alone are added. Terms of the glossary stay. A
line is corrected at most once, and soon after its end. Figures: `docs/why/speech.md`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from moothall.core.commands import CommitWords, EndSegment, SplitSegment
from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.ports import Hypothesis, Samples, Window
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.revision import EndedLine, Replacement, changes, merged
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame

BEAM = 5
"""Beam width that is requested, for a better text at the cost of time."""
DOUBT = 180.0
"""A change has to gain the squared log probability of the committed text, divided by this, in nats: 0.27 where that is
-7, as in clear sound, and 9 where it is -40, since the scores of badly heard texts tell less (`bench/README.md`)."""
LINES = 16
"""Lines that are remembered. Overflow: the oldest is forgotten and keeps its text."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that are recognised again in one window."""

    lines: tuple[EndedLine, ...]
    """All lines in the window, in order."""
    start: int
    """Media ms of the window's first sample."""
    edge: int
    """Media ms where the window ends."""
    after: int
    """Media ms up to which words belong to the line before, of which the window may have a little sound."""
    before: int
    """Media ms from which words belong to the line behind, of which it may have a little too."""
    proposals: tuple[Replacement, ...] = ()
    """Changes of the one line in this window that an earlier pass proposed, and that the window judges; empty for the
    first pass over its lines."""
    wider: bool = False
    """Whether the window proposes changes of its own besides, by another view of its sound."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The committed text of the window; then that text with each of the proposals alone."""
        committed = "".join(f" {line.text}" for line in self.lines)
        return committed, *(f" {merged(self.lines[0], [change])}" for change in self.proposals)


class _Line(msgspec.Struct):
    """A line that has ended, and what better passes have heard of it. Mutable."""

    line: EndedLine
    waits: bool = True
    """Whether it waits for a better pass."""
    proposals: tuple[Replacement, ...] = ()
    """What the last better pass proposed, and the next one judges; empty before."""
    taken: tuple[Replacement, ...] = ()
    """The changes that are decided on, in order."""
    judged: bool = False
    """Whether its own window has judged the first proposals."""


class Reviewer:
    """Keeps recent sound and the lines that have ended, prepares their better passes, and evaluates the results."""

    def __init__(self, settings: SpeechSettings, through: int, glossary: ChannelGlossary) -> None:
        """`through`: media ms where the last word of an earlier engine ends."""
        self._settings = settings
        self._glossary = glossary
        self._through = through
        reach = settings.review_reach + settings.review_within
        self._frames: deque[SpeechFrame] = deque(maxlen=reach // FRAME_MS)  # Overflow: the oldest sound is forgotten.
        self._lines: deque[_Line] = deque(maxlen=LINES)
        self._split: deque[SegmentId] = deque(maxlen=LINES)
        """Lines that were split, and so keep their text. Overflow: the oldest, which isn't remembered any more."""
        self._open: tuple[SegmentId, str, list[Word]] | None = None

    def hear(self, frame: SpeechFrame) -> None:
        """Take in the next frame of the channel's sound. After a gap the sound before it is forgotten."""
        if self._frames and frame.t != self._frames[-1].t + FRAME_MS:
            self._frames.clear()
        self._frames.append(frame)

    def note(self, outputs: Iterable[object], now: int) -> None:
        """Take in the commands of the channel, at media ms `now`. A line that another engine began is ignored."""
        for output in outputs:
            match output:
                case CommitWords():
                    if output.start is not None:
                        self._open = (output.segment, output.start.language, [])
                    if self._open is not None:
                        self._open[2].extend(output.words)
                    else:
                        self._through = output.words[-1].t1
                case EndSegment() if self._open is not None:
                    segment, language, words = self._open
                    self._lines.append(_Line(EndedLine(segment, language, tuple(words), now)))
                    self._open = None
                case SplitSegment() if output.into is not None:
                    self._split.append(output.segment)
                case _:
                    pass

    def next(self, now: int) -> Review | None:
        """The lines to be recognised again; None when there are none. `now` in media ms.

        A line that has waited for too long has no further pass (`overdue`).
        """
        waiting = [index for index, each in enumerate(self._lines) if each.waits and not self._late(each, now)]
        for index in waiting:
            line = self._lines[index]
            if line.proposals and (found := self._over(index, index)) is not None:
                return msgspec.structs.replace(found, proposals=line.proposals, wider=not line.judged)
        return self._over(0, waiting[-1]) if waiting else None

    def overdue(self, now: int) -> list[tuple[EndedLine, str]]:
        """The better texts of lines that have waited too long for their last pass, by what is decided on already."""
        late = [each for each in self._lines if each.waits and self._late(each, now)]
        for each in late:
            each.waits = False
        return self._texts(late)

    def _late(self, each: _Line, now: int) -> bool:
        return now - each.line.ended > self._settings.review_within

    def _over(self, first: int, last: int) -> Review | None:
        """The window over the lines with these indices, without the first of them where it would reach too far."""
        lines = list(self._lines)
        end = lines[last].line
        edge = min(self._frames[-1].t + FRAME_MS, end.words[-1].t1 + self._settings.review_margin)
        begin = last + 1
        for index in range(last, first - 1, -1):
            line = lines[index].line
            start = line.words[0].t0 - self._settings.review_margin
            far = edge - start > self._settings.review_reach or max(0, start) < self._frames[0].t
            if far or line.language != end.language:
                break
            begin = index
        taken = lines[begin : last + 1]
        if not taken:
            return None
        sound = self._frames[0].t
        ahead = max(0, taken[0].line.words[0].t0 - self._settings.review_margin - sound) // FRAME_MS * FRAME_MS
        return Review(
            lines=tuple(each.line for each in taken),
            start=sound + ahead,
            edge=edge,
            after=lines[begin - 1].line.words[-1].t1 if begin else self._through,
            before=lines[last + 1].line.words[0].t0 if last + 1 < len(lines) else edge + 1,
        )

    def window(self, review: Review, glossary: tuple[str, ...]) -> Window:
        """The window of a better pass."""
        frames = [frame.samples for frame in self._frames if review.start <= frame.t < review.edge]
        audio: Samples = np.concatenate(frames)
        texts = review.texts
        return Window(
            audio=audio,
            languages=(review.lines[-1].language,),
            glossary=glossary,
            draft=texts[0],
            rivals=texts if review.proposals else (),
            beam=BEAM,
            wider=review.wider,
        )

    def heard(self, review: Review, hypothesis: Hypothesis) -> list[tuple[EndedLine, str]]:
        """The better texts of lines that need no further window, from the hypothesis of this one."""
        words = [
            Word(text=word.text, t0=review.start + word.t0, t1=review.start + word.t1, p=word.p)
            for word in hypothesis.words
            if review.after <= review.start + (word.t0 + word.t1) // 2 < review.before
        ]
        found = dict(zip((line.segment for line in review.lines), changes(review.lines, words), strict=True))
        # What waits for its judge has had its first pass.
        waited = [each for each in self._lines if each.waits and (review.proposals or not each.proposals)]
        for each in waited:
            if each.line.segment not in found:
                # It is too far back for a first pass, unless it ended since the pass was requested.
                later = each.line.words[0].t0 >= review.lines[-1].words[-1].t1
                each.waits = later or bool(review.proposals)
                continue
            heard = [change for change in found[each.line.segment] if not self._loses_term(each.line, change)]
            if review.proposals:
                held = _held(review, hypothesis, heard)
                each.taken = tuple(sorted((*each.taken, *held), key=lambda change: change.first))
                each.proposals = _others(review, each.taken, heard) if review.wider and hypothesis.scores else ()
                each.judged = True
            else:
                each.taken = tuple(change for change in heard if not change.old)
                each.proposals = tuple(change for change in heard if change.old)
            each.waits = bool(each.proposals)
        return self._texts([each for each in waited if not each.waits])

    def _texts(self, done: Iterable[_Line]) -> list[tuple[EndedLine, str]]:
        """The better texts of lines for which no pass is to come; of those that were split none."""
        decided = [each for each in done if each.taken and each.line.segment not in self._split]
        return [(each.line, text) for each in decided if (text := merged(each.line, each.taken))]

    def _loses_term(self, line: EndedLine, change: Replacement) -> bool:
        """Whether a term of the glossary would go: the pass that committed it was told it, and this one needn't be."""
        return self._glossary.loses(line.text, merged(line, [change]))


def _held(review: Review, hypothesis: Hypothesis, heard: Sequence[Replacement]) -> list[Replacement]:
    """The proposals that the window confirms. `heard`: what was heard in it in the place of the line's words."""
    if hypothesis.scores:
        committed, *changed = hypothesis.scores
        needed = committed + committed**2 / DOUBT
        return [change for change, p in zip(review.proposals, changed, strict=True) if p > needed]
    return [change for change in review.proposals if any(map(change.same, heard))]


def _others(review: Review, taken: Sequence[Replacement], heard: Sequence[Replacement]) -> tuple[Replacement, ...]:
    """What a window heard in the place of committed words that nobody proposed, and that is decided on nowhere."""
    return tuple(
        change
        for change in heard
        if change.old and not any(map(change.same, review.proposals)) and not any(map(change.overlaps, taken))
    )
