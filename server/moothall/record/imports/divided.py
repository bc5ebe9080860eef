"""Texts without captions: paragraphs are divided into sentences, and lines without times get estimated ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from moothall.core.captioning.sentences import CLOSERS, LONGEST, MARKS, ends
from moothall.record.imports.past import PastLine
from moothall.record.wrapping import width

MS_PER_UNIT = 4
"""Speaking time in ms for each unit of width (`record.wrapping`): 940 Latin characters, some 150 words, a minute."""
LEAST_MS = 500


class SpokenParagraph(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph of one speaker."""

    row: int
    text: str
    name: str = ""
    t0: int | None = None
    """Media ms; None where the file doesn't say."""
    t1: int | None = None
    id: str = ""
    language: str = ""


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text of one row, each without spaces around it and at most 600 characters long."""
    first = at = 0
    while at < len(text):
        if at > first and (ends(text[max(first, at - LONGEST) : at], text[at]) or at - first >= LONGEST):
            cut = at
            if at - first >= LONGEST and (space := text.rfind(" ", first, at)) > first:
                cut = space
            yield text[first:cut].strip()
            first = cut
        # Only after a mark can a sentence end: most characters are none.
        at = _next(text, at, first)
    if said := text[first:].strip():
        yield said


_MARKS = frozenset((*MARKS, *CLOSERS, " "))


def _next(text: str, at: int, first: int) -> int:
    at += 1
    while at < len(text) and text[at - 1] not in _MARKS and at - first < LONGEST:
        at += 1
    return at


def lines_of_turns(turns: Sequence[SpokenParagraph]) -> tuple[tuple[PastLine, ...], bool]:
    """Lines of some paragraphs, one for each sentence; and whether all of their times are estimated.

    A paragraph with a time gives it to its first sentence; the others follow at the pace of speech, and within the time
    that there is until the next paragraph with a time.
    """
    known = [turn.t0 for turn in turns if turn.t0 is not None]
    found: list[PastLine] = []
    at = 0
    for n, turn in enumerate(turns):
        said = list(sentences(turn.text))
        start = at if turn.t0 is None else turn.t0
        needs = [max(LEAST_MS, width(each) * MS_PER_UNIT) for each in said]
        until = turn.t1
        if until is None:
            until = next((each.t0 for each in turns[n + 1 : n + 2] if each.t0 is not None), None)
        room = sum(needs) if until is None or until <= start else min(sum(needs), until - start)
        spent = 0
        for k, each in enumerate(said):
            t0 = start + spent * room // max(1, sum(needs))
            spent += needs[k]
            t1 = start + spent * room // max(1, sum(needs))
            # A paragraph that says when it ends lasts until then.
            if turn.t1 is not None and k == len(said) - 1:
                t1 = max(t0, turn.t1)
            name = turn.id if len(said) == 1 or not k else ""
            found.append(
                PastLine(
                    row=turn.row, id=name, t0=t0, t1=max(t0, t1), text=each, name=turn.name, language=turn.language
                )
            )
            at = max(t0, t1)
    return tuple(sorted(found, key=lambda line: line.t0)), not known
