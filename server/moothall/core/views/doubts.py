"""Where in a line's text stand the words of which the recogniser was not sure.

A span is a pair of UTF-16 indexes, of which the second is not included: pages count so. `web/js/panels/doubts.js` is
the same for pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events.lines import Word
from moothall.core.sessions.parts import unchanged

SURE = 0.5
"""Least probability of a word that is not marked as doubtful; desks mark words by the same threshold."""

DoubtSpan = tuple[int, int]


def doubted(text: str, words: Sequence[Word]) -> tuple[DoubtSpan, ...]:
    """The spans of the doubtful ones of `words`, which come behind `text`."""
    found: list[DoubtSpan] = []
    for word in words:
        text += word.text
        bare = word.text.strip()
        if bare and word.p < SURE:
            end = len(_units(text.rstrip()))
            found.append((end - len(_units(bare)), end))
    return tuple(found)


def left(spans: Sequence[DoubtSpan], old: str, new: str) -> tuple[DoubtSpan, ...]:
    """Those of `spans` that are left when the text changes: of words in its unchanged beginning or end."""
    if not spans or old == new:
        return tuple(spans)
    before, after = _units(old), _units(new)
    start, back = unchanged(before, after)
    moved = len(after) - len(before)
    stay = [(at, end) for at, end in spans if end < start]
    return (*stay, *((at + moved, end + moved) for at, end in spans if at > len(before) - back))


def apart(text: str, spans: Sequence[DoubtSpan]) -> list[tuple[str, str]]:
    """Cut a text, without the spaces around it, into pairs: what is certain, and the doubtful word behind it; of the
    last pair that word is empty.
    """
    units, begun = _units(text), len(text) - len(text.lstrip())
    pairs: list[tuple[str, str]] = []
    for at, end in spans:
        pairs.append((_text(units[begun:at]), _text(units[at:end])))
        begun = end
    return [*pairs, (_text(units[begun:]).rstrip(), "")]


def _units(text: str) -> memoryview:
    return memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")


def _text(units: memoryview) -> str:
    return units.tobytes().decode("utf-16-le", "surrogatepass")
