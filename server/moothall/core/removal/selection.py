"""Which lines a removal erases from a log, and which words of these lines stay.

A line of which words are to go is erased as a whole, with every event about it, since several bodies hold its text.
Words that stay are then said again as a new line, which is complete from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import msgspec

from moothall.core.captioning.control_tokens import MOST_LAG_MS
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, InterventionId, RollEntryId, SegmentId, SpeakerId
from moothall.core.retention.periods import KeptKind
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import EARLY_WORDS, State
from moothall.core.translation.lines import made_from, original


class SpokenSpan(msgspec.Struct, frozen=True, tag="span"):
    """Everything said from `t0` up to, but without, `t1` (media ms), in every channel."""

    t0: int
    t1: int


class Lines(msgspec.Struct, frozen=True, tag="lines"):
    """These lines, as a whole."""

    segments: tuple[SegmentId, ...]


class WordsOf(msgspec.Struct, frozen=True, tag="speaker"):
    """Every line that is assigned to a speaker."""

    speaker: SpeakerId
    name: bool = False
    """Whether the speaker's name is removed too."""


class Interventions(msgspec.Struct, frozen=True, tag="interventions"):
    """The words of these interventions, their authors' names, and the answers to them in writing."""

    interventions: tuple[InterventionId, ...]


class RollEntries(msgspec.Struct, frozen=True, tag="roll"):
    """What these entries of the attendance list say: names, and whom they represent."""

    entries: tuple[RollEntryId, ...]


Selection = SpokenSpan | Lines | WordsOf | Interventions | RollEntries


class Expired(msgspec.Struct, frozen=True):
    """What a log holds of these kinds, since it was kept for as long as was stated."""

    kinds: frozenset[KeptKind]


class WithCopies(msgspec.Struct, frozen=True):
    """A selection, and what is removed with it from the same log because lines were moved or recognised again."""

    selection: Selection
    segments: tuple[SegmentId, ...] = ()
    """Lines with the same words, removed as a whole. If the selection takes only some words of such a line, that takes
    precedence.
    """
    names: tuple[SpeakerId, ...] = ()
    """Speakers whose names are removed."""


class Redaction(msgspec.Struct, frozen=True):
    """Events of a report's or document's log that repeat removed words, by offset."""

    offsets: tuple[int, ...]
    anew: Callable[[State], tuple[ev.AnyEvent, ...]]
    """Returns what is said in their place, from what the log holds when they are erased."""


ErasedSelection = Selection | WithCopies | Expired | Redaction


class Cut(msgspec.Struct, frozen=True):
    """A line that is erased, and the words of it that stay."""

    line: Segment
    stays: tuple[tuple[int, int], ...] = ()
    """Runs of words that stay, as (first, one past the last). None in a line without words, and in one that was struck
    of which any word goes."""

    @property
    def goes(self) -> tuple[le.Word, ...]:
        """The words that are removed."""
        stays = {n for first, last in self.stays for n in range(first, last)}
        return tuple(word for n, word in enumerate(self.line.words) if n not in stays)

    @property
    def for_parts(self) -> bool:
        """Whether all its words stay: the log holds them together with those of a part that was split from it."""
        return bool(self.line.words) and not self.goes


def not_kept(state: State) -> tuple[Cut, ...]:
    """The lines in the log from spans that are not to be kept; none once they were removed."""
    return _translated(state, _cuts(state, state.kept, lambda line: state.kept_through(line.t0, _end(line))))


def names_in(selection: ErasedSelection) -> tuple[SpeakerId, ...]:
    """Speakers whose names a selection removes."""
    match selection:
        case WithCopies():
            return (*names_in(selection.selection), *selection.names)
        case WordsOf() if selection.name:
            return (selection.speaker,)
        case _:
            return ()


def selected(state: State, selection: ErasedSelection) -> tuple[Cut, ...]:
    """The lines in the log that a selection concerns, with their translations."""
    return _translated(state, _selected(state, selection))


def _translated(state: State, cuts: Sequence[Cut]) -> tuple[Cut, ...]:
    """The cuts, the lines from which these were split, and the lines that were translated from all of them."""
    cuts = (*cuts, *_split_from(state, cuts))
    there = {cut.line.id for cut in cuts}
    return (*cuts, *(Cut(line) for line in made_from(state, there) if line.id not in there))


def _split_from(state: State, cuts: Sequence[Cut]) -> Iterator[Cut]:
    """The lines from which the cut lines were split: they were logged with all words, and all that they have stays, be
    it in a session to which they were moved.
    """
    there = {cut.line.id for cut in cuts}
    for cut in cuts:
        line: Segment | None = cut.line
        while line is not None and line.part_of is not msgspec.UNSET and line.part_of not in there:
            there.add(line.part_of)
            line = state.segments.get(line.part_of)
            if line is not None and line.made_from is None:
                yield Cut(line, ((0, len(line.words)),))


def _selected(state: State, selection: ErasedSelection) -> tuple[Cut, ...]:
    match selection:
        case WithCopies():
            cuts = {cut.line.id: cut for cut in selected(state, selection.selection)}
            for copy in selected(state, Lines(selection.segments)):
                cuts.setdefault(copy.line.id, copy)
            for struck in _heard_before(state, tuple(cuts.values())):
                cuts.setdefault(struck.line.id, struck)
            return tuple(cuts.values())
        case SpokenSpan():
            t0, t1 = selection.t0, selection.t1
            return _cuts(
                state,
                lambda t: not t0 <= t < t1,
                lambda line: _end(line) < t0 or line.t0 >= t1,
            )
        case Lines():
            names = dict.fromkeys(original(state, name) for name in selection.segments)
            lines = [
                line for name in names if (line := state.segments.get(name) or state.offered.get(name)) is not None
            ]
            return tuple(Cut(line) for line in _in_order(lines))
        case Interventions() | RollEntries() | Redaction():
            return ()
        case Expired():
            return tuple(map(Cut, _lines(state))) if KeptKind.TEXT in selection.kinds else ()
        case _:
            return tuple(Cut(line) for line in _lines(state) if line.speaker == selection.speaker)


def _heard_before(state: State, cuts: Sequence[Cut]) -> list[Cut]:
    """The lines that were struck because their sound was recognised again, if these words were heard in that sound."""
    spans = times([cut for cut in cuts if cut.line.words])
    struck = [cut for cut in map(Cut, _lines(state)) if cut.line.gone and not cut.line.moved]
    return [
        cut
        for cut, (channel, t0, t1) in zip(struck, times(struck), strict=True)
        if any(channel == of and t0 < to + EARLY_WORDS and since < t1 + EARLY_WORDS for of, since, to in spans)
    ]


def times(cuts: Sequence[Cut]) -> tuple[tuple[ChannelId, int, int], ...]:
    """When the removed words were said: channel, from and to (media ms). Their sound has to be removed as well."""
    found = []
    for cut in cuts:
        line, goes = cut.line, cut.goes
        # Of a line that was moved away the log says no more when it was said, should its words be removed later.
        if cut.for_parts and not line.moved:
            continue
        t0, t1 = (goes[0].t0, max(word.t1 for word in goes)) if goes else (line.t0, _end(line))
        # Respoken words were said before that, in the sound that is kept.
        found.append((line.channel, max(0, t0 - MOST_LAG_MS) if line.respoken else t0, t1))
    return tuple(found)


def again(line: Segment, run: tuple[int, int], name: SegmentId) -> tuple[ev.AnyEvent, ...]:
    """The events that say a run of a line's words again, as the line `name`.

    A correction is said again only if all words that it replaced are in the run. Otherwise it may hold words that are
    removed.
    """
    first, last = run
    words = line.words[first:last]
    opened = le.SegmentOpened(
        channel=line.channel,
        segment=name,
        t0=words[0].t0 if first else min(line.t0, words[0].t0),
        language=line.language,
        origin=line.origin,
        speaker=line.speaker,
        tool=line.tool,
        respoken=line.respoken,
        rough=line.rough,
        cues=line.cues,
    )
    committed = le.WordsCommitted(channel=line.channel, segment=name, first=0, words=words)
    followed = line.reason is le.EndReason.SPEAKER and last == len(line.words)
    ended = le.SegmentEnded(
        channel=line.channel,
        segment=name,
        t1=max(word.t1 for word in words),
        reason=le.EndReason.SPEAKER if followed else le.EndReason.CLOSE,
        text="".join(word.text for word in words),
    )
    if first or not line.revision or line.base > last:
        return opened, committed, ended
    corrected = le.SegmentCorrected(
        channel=line.channel,
        segment=name,
        base_revision=0,
        base_words=line.base,
        text=line.text,
        tail="".join(word.text for word in words[line.base :]),
        machine=not line.mended,
        accepted=line.accepted,
    )
    return opened, committed, ended, corrected


def _cuts(state: State, word_stays: Callable[[int], bool], line_stays: Callable[[Segment], bool]) -> tuple[Cut, ...]:
    """Cuts by the time of each word, and of each line without words as a whole."""
    found = []
    for line in _lines(state):
        flags = [word_stays(word.t0) for word in line.words]
        if all(flags) if flags else line_stays(line):
            continue
        runs: list[tuple[int, int]] = []
        for stays, numbers in groupby(range(len(flags)), flags.__getitem__):
            run = list(numbers)
            if stays and not line.gone:
                runs.append((run[0], run[-1] + 1))
        found.append(Cut(line, tuple(runs)))
    return tuple(found)


def _end(line: Segment) -> int:
    return max(line.t0, line.t1)


def _lines(state: State) -> list[Segment]:
    """All lines, offered ones too, without translated ones: these are removed with the lines from which they
    were made, unless a translation was imported without these.
    """
    lines = [line for name, line in state.segments.items() if line.made_from is None or original(state, name) == name]
    return _in_order([*lines, *(line for _, line in state.offered.items())])


def _in_order(lines: list[Segment]) -> list[Segment]:
    return sorted(lines, key=lambda line: (line.t0, line.channel, line.id))
