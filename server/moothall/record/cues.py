"""The record as captions: its lines divided into parts that fit on a screen, each with the time at which it was said.

WebVTT and SubRip are two ways to write the same cues.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, zip_longest

import msgspec

from moothall.core.kernel.languages import direction
from moothall.core.views.reading_order import EARLY, SpeakerTurn
from moothall.record.model import Record, RecordedLine
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import captions, lines, pieces, plain, sizes_of, width

LONGEST = 7_000
"""The longest time that a cue is shown, in ms, if its line can be divided."""
ROWS = 2
"""The most rows of a caption, if its pieces can be divided so."""
SHORTEST = 700
"""The shortest time that a cue is shown, in ms, even if another line begins in the meantime."""
MS_PER_UNIT = 3
"""Reading time in ms for each unit of width (`record.wrapping`): 21 Latin or 8 Chinese characters a second."""
LABEL_MS, LEAST_MS = 4_000, 1_500
"""How long a translation's label is shown, and the least, ms."""
NOTICE = "notice:"
"""What the ids of cues begin with that are no words of anybody. No segment's id has a colon."""
RIGHT_TO_LEFT_MARK = "\u200f"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def stamp(ms: int, point: str) -> str:
    """A time as `01:02:03.004`, with `point` before the milliseconds; hours take as many digits as they need."""
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """A caption, and the time at which it is shown."""

    id: str
    """The segment's id, with `/2` and so on for later parts of the line; unique in the file."""
    t0: int
    t1: int
    """End, media ms; always after `t0`."""
    language: str
    """BCP-47 tag."""
    voice: str
    """The speaker's name; empty where nobody is named."""
    lines: tuple[str, ...]
    """The rows of the caption, none of them empty. The first begins with the speaker's name when another speaker
    begins.
    """
    source: str = ""
    """In the first cue of a line whose source differs from that of the line before: the source in words. Empty in all
    others, and where sources are not wanted."""


def cues_of(record: Record, wording: Wording, options: Options) -> list[Cue]:
    """All cues by their beginnings, with those that say why there is no text."""
    cues: list[Cue] = []
    turn = SpeakerTurn()
    source = ""
    for line, following in zip_longest(record.lines, record.lines[1:]):
        name = line.name if options.speakers else ""
        heading = turn.then(name, changes=bool(line.voice_changes))
        turn = heading.turn
        prefix = "" if heading.name is None else f"{isolated(heading.name or wording.unnamed, line.language)}: "
        found = cues_of_line(line, prefix, name, None if following is None else following.t0)
        if options.sources and found and source != (source := wording.source(line)):
            found[0] = msgspec.structs.replace(found[0], source=source)
        cues += found
    cues += _notices(record, wording)
    cues.sort(key=lambda cue: cue.t0)
    if options.marks:
        cues = [_marked(cue) for cue in cues]
    return [_long_enough(cue, following) for cue, following in zip_longest(cues, cues[1:])]


def labelled(cues: Sequence[Cue], wording: Wording) -> Iterator[Cue]:
    """The cues, with one more for a machine's translation that says so, for formats whose comments nobody sees: before
    the first words if there is time to read it, else after the last.
    """
    if not wording.label:
        yield from cues
        return
    began = cues[0].t0 if cues else LABEL_MS
    early = began >= LEAST_MS
    text = f"[{wording.label}]"
    address = text.rfind(wording.original)  # It stays whole: one that is broken leads nowhere.
    t0 = 0 if early else max(cue.t1 for cue in cues)
    label = Cue(
        id=f"{NOTICE}label",
        t0=t0,
        t1=min(began, LABEL_MS) if early else t0 + LABEL_MS,
        language=wording.language,
        voice="",
        lines=lines((*pieces(text[:address]), text[address:])),
    )
    yield from (label, *cues) if early else (*cues, label)


def cues_of_line(line: RecordedLine, prefix: str, voice: str, following: int | None) -> list[Cue]:
    """The cues of a line; `prefix`: text before that of the line; `following`: beginning of the next line (media ms),
    or None.
    """
    if line.cues and plain("".join(word.text for word in line.words)) == line.text:
        return _cues_of_file(line, prefix, voice)
    before, said = pieces(prefix), pieces(line.text)
    parts = [*before, *said]
    times = _Times(line, following)
    sizes = sizes_of(parts)
    found: list[Cue] = []

    def position(at: int) -> int:
        return _letters("".join(said[: max(0, at - len(before))]))

    def fits(first: int, last: int) -> bool:
        return times.end(position(last)) - times.start(position(first)) <= LONGEST

    spans = captions(parts, None if times.short else fits, sizes)
    named = sum(
        last <= len(before) for _, last in spans
    )  # Of the name alone: its colon ends a clause, "Ms." a sentence.
    joined = spans[min(named, len(spans) - 1)][1]
    if named and (times.short or fits(0, joined)) and len(lines(parts[:joined], sizes[:joined])) <= ROWS:
        spans[: named + 1] = [(0, joined)]
    for first, last in spans:
        start = times.start(position(first))
        found.append(
            Cue(
                id=f"{line.segment}/{len(found) + 1}" if found else line.segment,
                t0=max(start, found[-1].t0 + 1) if found else start,
                t1=times.end(position(last)),
                language=line.language,
                voice=voice,
                lines=lines(parts[first:last], sizes[first:last]),
            )
        )
    return found


def _cues_of_file(line: RecordedLine, prefix: str, voice: str) -> list[Cue]:
    """The cues of an imported line, as they were in its file; one that doesn't fit on a screen is divided."""
    found: list[Cue] = []
    for word in line.words:
        parts = [*(() if found else pieces(prefix)), *pieces(word.text.strip(" "))]
        bounds, sizes = [0, *accumulate(map(_letters, parts))], sizes_of(parts)
        length = word.t1 - word.t0
        for first, last in captions(parts, sizes=sizes):
            t0, t1 = (word.t0 + length * bounds[at] // bounds[-1] for at in (first, last))
            found.append(
                Cue(
                    id=f"{line.segment}/{len(found) + 1}" if found else line.segment,
                    t0=max(t0, found[-1].t0 + 1) if found else t0,
                    t1=t1,
                    language=line.language,
                    voice=voice,
                    lines=lines(parts[first:last], sizes[first:last]),
                )
            )
    return found


class _Times:
    """When each part of a line was said, by the times of its words.

    A position in the text is the number of letters before it. If a corrected text has as many words as were recognised,
    each word has the time of its counterpart. If it has more or fewer, a position is mapped to the same fraction of the
    recognised words' letters.
    """

    def __init__(self, line: RecordedLine, following: int | None) -> None:
        self._text, self._of = line.text, _letters(line.text)
        self._words = [word for word in line.words if word.text.strip(" ")]
        self._spans = [(word.t0, word.t1) for word in self._words] or [(line.t0, _end(line, following))]
        self.short = max(map(max, self._spans)) - min(map(min, self._spans)) <= LONGEST
        """Whether the whole line, and so each part of it, can be shown as one cue."""

    @cached_property
    def _bounds(self) -> list[int]:
        """The letters before each word, and all letters. Only a line of several cues needs them."""
        now = self._text.split()
        letters = map(len, now) if len(now) == len(self._words) else (_letters(word.text) for word in self._words)
        return [0, *accumulate(letters if self._words else (1,))]

    def start(self, position: int) -> int:
        """When the letter after a position begins, media ms."""
        if not position:
            return self._spans[0][0]
        scaled = position * self._bounds[-1]
        return self._within(scaled, bisect_right(self._bounds, scaled // self._of, hi=len(self._spans)) - 1)

    def end(self, position: int) -> int:
        """When the letter before a position ends, media ms."""
        if position == self._of:
            return self._spans[-1][1]
        scaled = position * self._bounds[-1]
        return self._within(scaled, max(0, bisect_left(self._bounds, -(-scaled // self._of)) - 1))

    def _within(self, scaled: int, word: int) -> int:
        t0, t1 = self._spans[word]
        first, last = self._bounds[word], self._bounds[word + 1]
        return t0 + (t1 - t0) * (scaled - first * self._of) // ((last - first) * self._of)


def _end(line: RecordedLine, following: int | None) -> int:
    """When a line without words ends, media ms. It was typed, so it is shown for its reading time, or until the next
    line.
    """
    if line.t1 is not None and line.t1 > line.t0:
        return line.t1
    end = line.t0 + _reading(line.text)
    return end if following is None or following <= line.t0 else min(end, following)


def _letters(text: str) -> int:
    return len(text) - text.count(" ")


def _reading(text: str) -> int:
    """Reading time of a text, ms; at least 1 s."""
    return max(1_000, width(text) * MS_PER_UNIT)


def _long_enough(cue: Cue, following: Cue | None) -> Cue:
    """The cue with its final end: long enough to be read if no other cue follows, and without a very short overlap with
    the next.
    """
    spoken, read, least = cue.t1, cue.t0 + _reading(" ".join(cue.lines)), cue.t0 + SHORTEST
    if following is not None:
        read = min(read, following.t0)
        if following.t0 < spoken <= following.t0 + EARLY:
            spoken = following.t0
        if _line_of(following) == _line_of(cue):
            least = max(cue.t0 + 1, min(least, following.t0))
    return msgspec.structs.replace(cue, t1=max(spoken, read, least))


def _line_of(cue: Cue) -> str:
    return cue.id.partition("/")[0]


def _notices(record: Record, wording: Wording) -> list[Cue]:
    """Cues that say why there is no text, and at the end of an unfinished record that it continues."""
    said = [
        (f"{NOTICE}{number}", span.t0, span.t1, wording.missing(span)) for number, span in enumerate(record.missing, 1)
    ]
    if not record.finished:
        said.append((f"{NOTICE}0", record.until, None, wording.facts(record)[-1]))
    return [
        Cue(
            id=name,
            t0=t0,
            t1=t0 if t1 is None else min(t1, t0 + LONGEST),
            language=wording.language,
            voice="",
            lines=lines(pieces(f"[{text}]")),
        )
        for name, t0, t1, text in said
    ]


def isolated(name: str, language: str) -> str:
    """A name or a title, isolated (UAX #9) if its direction differs from that of the text around it, which has this
    language. Players take the direction of a row from its first letter, which must not be the name's, and the
    punctuation at the ends of a name would else go to its other side.
    """
    ways = {"R": "rtl", "AL": "rtl", "L": "ltr"}
    strong = [way for character in name if (way := ways.get(unicodedata.bidirectional(character)))]
    return f"{_ISOLATE}{name}{_END_ISOLATE}" if strong and strong[0] != direction(language) else name


def _marked(cue: Cue) -> Cue:
    if direction(cue.language) != "rtl":
        return cue
    marked: Sequence[str] = [f"{RIGHT_TO_LEFT_MARK}{line}{RIGHT_TO_LEFT_MARK}" for line in cue.lines]
    return msgspec.structs.replace(cue, lines=tuple(marked))
