"""Finds what stands in quotation marks, by the marks of the six languages of the United Nations and Portuguese.

A quotation within another one belongs to it. One that is opened and not closed goes on to the end of its paragraph, so
that no forgotten mark hides it. The straight apostrophe is no quotation mark; the typographic one ends a quotation only
where a single quotation mark before a word has opened it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CLOSING = {
    "\u201e": "\u201c\u201d",  # „ “ and „ ”
    "\u201c": "\u201d",
    "\u201d": "\u201d",  # as in Swedish
    "\u201f": "\u201d",
    "\u00ab": "\u00bb",
    "\u2039": "\u203a",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\ufe41": "\ufe42",
    "\ufe43": "\ufe44",
    "\u301d": "\u301e\u301f",
    '"': '"',
    "\uff02": "\uff02",
    "\u2018": "\u2019",
}
"""What closes a quotation, by what opens it."""
_SINGLE = "\u2018"
_OPENING = re.compile(f"[{''.join(_CLOSING)}]")
_PARAGRAPH = re.compile(r"[^\r\n\u2028\u2029]+")
_SPACES = " \t\u00a0\u2009\u202f\u200b"
AROUND = "".join(sorted({*_CLOSING, *"".join(_CLOSING.values()), *_SPACES}))
"""What stands around a quotation: marks and spaces."""


class QuotedPassage(NamedTuple):
    """The characters of a text that stand in quotation marks, without the marks and the spaces beside them."""

    start: int
    end: int
    closed: bool
    """Whether the mark that closes it is there."""


def quoted_spans(text: str) -> tuple[QuotedPassage, ...]:
    """What stands in quotation marks, in order."""
    return tuple(found for paragraph in _PARAGRAPH.finditer(text) for found in _in_paragraph(text, *paragraph.span()))


def _in_paragraph(text: str, at: int, end: int) -> Iterator[QuotedPassage]:
    while (mark := _OPENING.search(text, at, end)) is not None:
        at = mark.start()
        if text[at] == _SINGLE and at > 0 and text[at - 1].isalnum():
            at += 1  # within a word
            continue
        closing = _closing(text, at, end)
        if closing is None and text[at] == _SINGLE:
            at += 1  # an apostrophe before a word, which some write with this mark
            continue
        last = end if closing is None else closing
        inside = text[at + 1 : last]
        start = at + 1 + len(inside) - len(inside.lstrip(_SPACES))
        if inside.strip(_SPACES):
            yield QuotedPassage(start, start + len(inside.strip(_SPACES)), closing is not None)
        at = last + 1


def _closing(text: str, at: int, end: int) -> int | None:
    """The index of the mark that closes the quotation opened at `at`; one of the same kind within it is passed over."""
    opening, closing = text[at], _CLOSING[text[at]]
    depth = 1
    for each in range(at + 1, end):
        if text[each] in closing:
            if text[each] == "\u2019" and each + 1 < end and text[each + 1].isalnum():
                continue  # an apostrophe within a word
            depth -= 1
            if not depth:
                return each
        elif text[each] == opening:
            depth += 1
    return None
