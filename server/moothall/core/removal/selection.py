"""What has to leave a log, and what stays of lines that only part of it concerns.

A line whose words are to go leaves whole, with everything that was ever said of it: its text stands in several bodies.
The words of it that stay are then said again, as a new line that is whole from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import msgspec

from moothall.core.captioning.air import MOST_LAG_MS
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId, SpeakerId
from moothall.core.session.parts import Segment
from moothall.core.session.state import EARLY_WORDS, State
from moothall.core.translating.lines import made_from, original


class SpokenSpan(msgspec.Struct, frozen=True, tag="span"):
    """What was said from `t0` to before `t1`, media ms, in every channel."""

    t0: int
    t1: int


class Lines(msgspec.Struct, frozen=True, tag="lines"):
    """These lines, whole."""

    segments: tuple[SegmentId, ...]


class WordsOf(msgspec.Struct, frozen=True, tag="speaker"):
    """Every line that was given to a speaker."""

    speaker: SpeakerId
    name: bool = False
    """Whether the speaker's name goes too."""


class Interventions(msgspec.Struct, frozen=True, tag="interventions"):
    """What these say, whose names they carry, and the answers to them in writing."""

    interventions: tuple[InterventionId, ...]


Selection = SpokenSpan | Lines | WordsOf | Interventions


class WithCopies(msgspec.Struct, frozen=True):
    """A selection, and what goes with it from the same log because lines were moved or recognised once more."""

    selection: Selection
    segments: tuple[SegmentId, ...] = ()
    """Lines with the same words, whole. One of which the selection takes only some words stays as that says."""
    names: tuple[SpeakerId, ...] = ()
    """Speakers whose names go."""


Erased = Selection | WithCopies


class Cut(msgspec.Struct, frozen=True):
    """A line that goes, and which of its words stay."""

    line: Segment
    stays: tuple[tuple[int, int], ...] = ()
    """Runs of words: the first, and one past the last. None of a line that was struck or came without words."""


def not_kept(state: State) -> tuple[Cut, ...]:
    """What the log holds of spans that are not to be kept; nothing, once it was removed."""
    return _translated(state, _cuts(state, state.kept, lambda line: state.kept_through(line.t0, _end(line))))


def names_in(selection: Erased) -> tuple[SpeakerId, ...]:
    """Speakers whose names a selection takes."""
    match selection:
        case WithCopies():
            return (*names_in(selection.selection), *selection.names)
        case WordsOf() if selection.name:
            return (selection.speaker,)
        case _:
            return ()


def selected(state: State, selection: Erased) -> tuple[Cut, ...]:
    """What the log holds of a selection, translations with it."""
    return _translated(state, _selected(state, selection))


def _translated(state: State, cuts: Sequence[Cut]) -> tuple[Cut, ...]:
    """Cuts, and with them the lines that were translated from what goes."""
    there = {cut.line.id for cut in cuts}
    return (*cuts, *(Cut(line) for line in made_from(state, there) if line.id not in there))


def _selected(state: State, selection: Erased) -> tuple[Cut, ...]:
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
        case Interventions():
            return ()
        case _:
            return tuple(Cut(line) for line in _lines(state) if line.speaker == selection.speaker)


def _heard_before(state: State, cuts: Sequence[Cut]) -> list[Cut]:
    """The lines that were struck because their sound was recognised once more, where these words were heard in it."""
    spans = times([cut for cut in cuts if cut.line.words])
    struck = [cut for cut in map(Cut, _lines(state)) if cut.line.gone and not cut.line.moved]
    return [
        cut
        for cut, (channel, t0, t1) in zip(struck, times(struck), strict=True)
        if any(channel == of and t0 < to + EARLY_WORDS and since < t1 + EARLY_WORDS for of, since, to in spans)
    ]


def times(cuts: Sequence[Cut]) -> tuple[tuple[ChannelId, int, int], ...]:
    """When it was said what goes: channel, from and to (media ms). For the sound, which has to go as well."""
    found = []
    for cut in cuts:
        words, line = cut.line.words, cut.line
        stays = {n for first, last in cut.stays for n in range(first, last)}
        goes = [word for n, word in enumerate(words) if n not in stays]
        t0, t1 = (goes[0].t0, max(word.t1 for word in goes)) if goes else (line.t0, _end(line))
        # What was respoken was said before, in the sound that is kept.
        found.append((line.channel, max(0, t0 - MOST_LAG_MS) if line.respoken else t0, t1))
    return tuple(found)


def again(line: Segment, run: tuple[int, int], name: SegmentId) -> tuple[ev.AnyEvent, ...]:
    """The events that say a run of a line's words anew, as the line `name`.

    A correction is said again only where every word that it replaced is in the run: else it may hold some that go.
    """
    first, last = run
    words = line.words[first:last]
    opened = ev.SegmentOpened(
        channel=line.channel,
        segment=name,
        t0=words[0].t0 if first else min(line.t0, words[0].t0),
        language=line.language,
        origin=line.origin,
        speaker=line.speaker,
        tool=line.tool,
        respoken=line.respoken,
    )
    committed = ev.WordsCommitted(channel=line.channel, segment=name, first=0, words=words)
    ended = ev.SegmentEnded(
        channel=line.channel,
        segment=name,
        t1=max(word.t1 for word in words),
        reason=ev.EndReason.CLOSE,
        text="".join(word.text for word in words),
    )
    if first or not line.revision or line.base > last:
        return opened, committed, ended
    corrected = ev.SegmentCorrected(
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
    """Cuts by the time of each word, and of each whole line that came without words."""
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
    """All lines but the translated ones, which go with the lines that they were made from; offered lines too."""
    lines = [line for _, line in state.segments.items() if line.made_from is None]
    return _in_order([*lines, *(line for _, line in state.offered.items())])


def _in_order(lines: list[Segment]) -> list[Segment]:
    return sorted(lines, key=lambda line: (line.t0, line.channel, line.id))
