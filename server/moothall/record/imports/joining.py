"""Joins captions to lines.

A caption holds what fits on a screen; a line is about a sentence, so that it can be searched, cited and translated. The
captions of a joined line stay known as its words, so that they can be written again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.captioning.sentences import ends
from moothall.core.events.lines import Word
from moothall.record.imports.cue_markup import glue
from moothall.record.imports.past import PastCue, PastLine

MOST_MS = 20_000
"""The longest line that is joined, ms."""
MOST_PAUSE_MS = 2_000
"""The longest pause within a line, ms."""
MOST_CHARACTERS = 600


def sentences_of(cues: Sequence[PastCue]) -> tuple[PastLine, ...]:
    """Lines of the captions of a foreign file: captions of one speaker are joined up to the end of a sentence."""
    found: list[list[PastCue]] = []
    parts: list[PastCue] = []
    for cue in sorted((cue for cue in cues if cue.text), key=lambda cue: cue.t0):
        if parts and not _goes_on(parts, cue):
            found.append(parts)
            parts = []
        parts.append(cue)
    if parts:
        found.append(parts)
    return tuple(line for each in found if (line := line_of_cues(each)) is not None)


def _goes_on(parts: Sequence[PastCue], cue: PastCue) -> bool:
    first, last = parts[0], parts[-1]
    if (cue.name, cue.language) != (last.name, last.language) or ends(last.text, " "):
        return False
    if not last.t0 <= last.t1 <= cue.t0 <= last.t1 + MOST_PAUSE_MS or cue.t1 > first.t0 + MOST_MS:
        return False
    return sum(len(part.text) for part in parts) + len(cue.text) <= MOST_CHARACTERS


def line_of_cues(parts: Sequence[PastCue], name: str = "") -> PastLine | None:
    """The line `name` of some captions, which a file that was edited need not have in order; None where they have no
    text.
    """
    words: list[Word] = []
    for part in sorted(parts, key=lambda part: part.t0):
        if part.text:
            between = glue(words[-1].text, part.text) if words else ""
            words.append(Word(between + part.text, part.t0, max(part.t0, part.t1)))
    if not words:
        return None
    t0 = min(part.t0 for part in parts)
    words[0] = msgspec.structs.replace(words[0], t0=t0)
    return PastLine(
        row=parts[0].row,
        id=name,
        t0=t0,
        t1=max(word.t1 for word in words),
        text="".join(word.text for word in words),
        name=next((part.name for part in parts if part.name), ""),
        language=parts[0].language,
        words=tuple(words) if len(words) > 1 else (),
    )
